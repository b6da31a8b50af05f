import type { InstallAdapters } from '../../src/activities/install.ts';
import type { JudgeAdapters } from '../../src/activities/judge.ts';
import type { ProvisionAdapters } from '../../src/activities/provision.ts';
import type { SnapshotAdapters } from '../../src/activities/snapshot.ts';
import type { TeardownAdapters } from '../../src/activities/teardown.ts';
import type { FindTool } from '../../src/activities/tools.ts';
import type { OwnEvidence } from '../../src/adapters/evidence/host-evidence.ts';
import { readLedger, writeLedger, type ClusterRecord, type Ledger } from '../../src/adapters/host/ledger.ts';
import type { CampaignSpec } from '../../src/core/plan/spec.ts';
import type { System } from '../../src/core/model/system.ts';

/** Adapters that answer at once and do nothing outside of this process. */

const findTool: FindTool = (name) => Promise.resolve({ name, version: '1', path: `/tools/${name}`, from: 'cache' });

const PROMETHEUS = { url: 'http://prometheus', scrapeIntervalMs: 1_000 };

/** The clusters of a campaign, as its substrate brings them up. */
function clustersOf({ plan, substrate }: CampaignSpec): readonly ClusterRecord[] {
  return Array.from({ length: plan.clusterCount }, (_, index) => ({
    index,
    name: `c${index}`,
    kubeconfigPath: `/clusters/c${index}`,
    context: '',
    owned: substrate.type === 'local',
    uid: `u${index}`,
  }));
}

/** Writes the ledger of a campaign whose clusters are up. */
export function clustersUp(spec: CampaignSpec): Ledger {
  const ledger = {
    campaign: spec.campaign,
    slug: spec.slug,
    workflowId: spec.workflowId,
    runId: spec.runId,
    createdAtMs: Date.now(),
    expiresAtMs: Date.now() + spec.deadlines.janitorMs,
    clusters: clustersOf(spec),
    processes: [],
  };
  writeLedger(ledger);
  return ledger;
}

export function scriptedProvision(): ProvisionAdapters {
  return {
    findTool,
    sweepHost: () => Promise.resolve({ host: 'a', campaigns: [] }),
    requireSpace: () => undefined,
    link: () => '',
    openLedger: () => undefined,
    keepAtFirst: () => undefined,
    sharedFolderProblem: () => undefined,
    groupOf: (slug) => readLedger(slug)?.group,
    clockAheadMs: () => Promise.resolve(0),
    substrate: (spec) => ({
      provision: () => Promise.resolve(clustersOf(spec)),
      scrapeTargets: () => Promise.resolve({ targets: [], absent: [] }),
    }),
    tryExistingPrometheus: () => Promise.resolve(),
    federationTargets: () => [],
    startPrometheus: () => Promise.resolve(PROMETHEUS),
    writeTargets: () => Promise.resolve(),
    scrapeWorker: () => Promise.resolve(),
    identify: {
      tools: () => Promise.resolve([]),
      temporal: () => Promise.resolve({ version: '1', sha256: null }),
      cluster: () => Promise.resolve({ version: 'v1', platform: 'linux/amd64', count: 1, nodes: [] }),
    },
  };
}

export function scriptedInstall(system: System): InstallAdapters {
  return {
    findTool,
    loadSystem: () => ({ system, folder: '/systems' }),
    installChart: () => Promise.resolve(),
    installSystem: () => Promise.resolve(),
    scrapeTargets: () => Promise.resolve([]),
    prometheus: () => PROMETHEUS,
    writeTargets: () => Promise.resolve(),
    identify: {
      programs: () => Promise.resolve([]),
      system: ({ spec }) =>
        Promise.resolve({
          name: spec.system.name,
          fileSha256: spec.system.sha256,
          manifestsSha256: null,
          chart: null,
          files: [],
        }),
    },
  };
}

export function scriptedSnapshot(): SnapshotAdapters {
  return {
    readLedger,
    readCheckpoint: () => undefined,
    prometheus: () => PROMETHEUS,
    clusterLogs: () => [],
    collect: ({ onPart }) => Promise.resolve(onPart({ what: 'curves of the gates', ok: true })),
    keepHostFacts: () => undefined,
    sendEvidence: () => Promise.resolve({ files: 1, bytes: 1 }),
    collectEvidence: ({ groups }) =>
      Promise.resolve(groups.map((group) => ({ what: `evidence of group ${group}`, ok: true }))),
    images: () => Promise.resolve([]),
  };
}

const NOTHING_RECORDED: OwnEvidence = {
  size: { cores: 2, memoryBytes: 2 ** 33 },
  samples: [],
  infrastructure: [],
  findings: [],
  checkpoint: () => undefined,
};

/** @param hasStore a store for evidence is set */
export function scriptedJudge(hasStore = false): JudgeAdapters {
  return {
    giveBackDisk: () => undefined,
    readReadings: () => [],
    ownEvidence: () => NOTHING_RECORDED,
    evidenceOfGroup: () => NOTHING_RECORDED,
    mergeTimelines: () => undefined,
    readLedger,
    sha256: (text) => text,
    earlierRuns: () => Promise.resolve([]),
    writeHistory: () => undefined,
    writeSummary: () => undefined,
    writeJunit: () => undefined,
    writeReport: () => Promise.resolve(),
    writeManifest: () => Promise.resolve(),
    hasStore: () => hasStore,
    store: () => Promise.resolve({ to: 's3://runs/steps/' }),
  };
}

export function scriptedTeardown(system: System): TeardownAdapters {
  return {
    ledger: { read: readLedger, markClosing: () => undefined, removeFolder: () => undefined },
    giveBackDisks: () => undefined,
    evidenceWasSent: () => false,
    endWatches: () => Promise.resolve(),
    forgetMetrics: () => Promise.resolve(),
    loadSystem: () => ({ system, folder: '/systems' }),
    tools: () => Promise.resolve(new Map()),
    removeChart: () => Promise.resolve(),
    removeSystem: () => Promise.resolve(),
    removeProcesses: () => Promise.resolve(),
    sweep: () => Promise.resolve({ removed: 3, left: [], unsearched: [] }),
    removeCluster: () => Promise.resolve(),
    stopPrometheus: () => Promise.resolve(),
    stopProcess: () => Promise.resolve(),
  };
}
