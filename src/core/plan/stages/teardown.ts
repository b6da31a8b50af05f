import { traitsOf } from '../../model/substrate-types.ts';
import type { Wait } from '../deadline-model.ts';
import { CLUSTERS_AT_ONCE, DELETES_PER_SECOND_FLOOR, LAST_SWEEP_MS, REMOVAL_CALLS, STOP_SIGNALS } from '../limits.ts';
import { callWait, clustersOnHost, itemWait, largestCluster, nodesOfCluster, secondsOf } from './shape.ts';
import type { CampaignShape } from './shape.ts';
import { clustersInWords, noCheckpoint, type StageDescriptor } from './stage-descriptor.ts';

/** Removes everything that the campaign made. */
export const teardown = {
  steps: {
    watchesEnded: (shape) => callWait(shape, 'watches ended', 'apiCallMs'),
    chartsFound: (shape) =>
      hasCharts(shape) ? itemWait(shape, 'its chart looked for', 'apiCallMs', atOnce(shape)) : undefined,
    chartsUninstalled: (shape) =>
      hasCharts(shape)
        ? itemWait(shape, 'its chart uninstalled, until its objects are gone', 'systemReadyMs', atOnce(shape))
        : undefined,
    systemRemoved: (shape) =>
      isBorrowed(shape)
        ? itemWait(shape, 'the system removed, until its controllers have let go', 'systemReadyMs', atOnce(shape))
        : itemWait(shape, 'the system removed', 'apiCallMs', { ...atOnce(shape), perItem: REMOVAL_CALLS }),
    systemProcessesStopped: (shape) =>
      itemWait(shape, 'its processes stopped', 'processStopMs', {
        ...atOnce(shape),
        perItem: STOP_SIGNALS * Math.max(1, shape.system.processesPerCluster),
      }),
    objectsDeleted: (shape) => (isBorrowed(shape) ? objectsDeleted(shape) : undefined),
    objectsLeftListed: (shape) =>
      isBorrowed(shape)
        ? itemWait(shape, 'objects that are left listed', 'apiCallMs', { ...atOnce(shape), perItem: 2 })
        : undefined,
    clustersDeleted: (shape) =>
      isBorrowed(shape)
        ? clustersGivenBack(shape)
        : itemWait(shape, `clusters deleted, ${CLUSTERS_AT_ONCE} at a time on a host`, 'clusterReadyMs', atOnce(shape)),
    clusterProcessesStopped: (shape) => itemWait(shape, 'their processes stopped', 'processStopMs', atOnce(shape)),
    prometheusStopped: (shape) => callWait(shape, 'Prometheus stopped', 'processStopMs', STOP_SIGNALS),
    strayProcessesStopped: (shape) =>
      itemWait(shape, 'processes stopped that only the ledger knows, in turn', 'processStopMs', {
        total: clustersOnHost(shape) * Math.max(1, shape.system.processesPerCluster),
        atOnce: 1,
        perItem: STOP_SIGNALS,
      }),
  },
  describe: (spec) => {
    const clusters = clustersInWords(spec);
    return traitsOf(spec.substrate).clusters === 'borrowed'
      ? `what was made in ${clusters}`
      : `${clusters} and what was made`;
  },
  facts: { clustersRemoved: 'sum', leftovers: 'sum' },
  parseCheckpoint: noCheckpoint,
} as const satisfies StageDescriptor;

function objectsDeleted(shape: CampaignShape): Wait {
  const { total, atOnce: together } = atOnce(shape);
  const seconds = secondsOf(largestCluster(shape) + nodesOfCluster(shape), DELETES_PER_SECOND_FLOOR);
  return {
    what: `objects deleted, at least ${DELETES_PER_SECOND_FLOOR} a second in a cluster`,
    count: Math.ceil(total / together),
    // A few objects take as long as one slow call.
    eachMs: seconds * 1_000 + shape.budgets.apiCallMs,
    perItem: 1,
    atOnce: together,
  };
}

/** Of a borrowed cluster: a last sweep, and its lease. */
function clustersGivenBack(shape: CampaignShape): Wait {
  const { total, atOnce: together } = atOnce(shape);
  return {
    what: `clusters swept once more and given back, ${CLUSTERS_AT_ONCE} at a time on a host`,
    count: Math.ceil(total / together),
    eachMs: LAST_SWEEP_MS + 2 * shape.budgets.apiCallMs,
    perItem: 1,
    atOnce: together,
  };
}

/** A cluster of our own is removed whole, with everything in it. */
function isBorrowed({ substrate }: CampaignShape): boolean {
  return !traitsOf(substrate).removedWhole;
}

function hasCharts(shape: CampaignShape): boolean {
  return isBorrowed(shape) && shape.system.chartsPerCluster > 0;
}

function atOnce(shape: CampaignShape): { readonly total: number; readonly atOnce: number } {
  return { total: clustersOnHost(shape), atOnce: CLUSTERS_AT_ONCE };
}
