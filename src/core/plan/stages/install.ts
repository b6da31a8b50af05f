import { PROGRAM_IDENTITY_CALLS } from '../limits.ts';
import { callWait, clustersOnHost, itemWait } from './shape.ts';
import { noCheckpoint, type StageDescriptor } from './stage-descriptor.ts';

/** Installs the system under test. */
export const install = {
  steps: {
    toolsFound: (shape) => callWait(shape, 'tools found', 'apiCallMs'),
    chartsFound: (shape) =>
      itemWait(shape, 'charts and their releases looked up, in turn', 'apiCallMs', {
        total: clustersOnHost(shape) * shape.system.chartsPerCluster,
        atOnce: 1,
      }),
    chartsInstalled: (shape) =>
      itemWait(shape, 'charts installed, in turn', 'systemReadyMs', {
        total: clustersOnHost(shape) * shape.system.chartsPerCluster,
        atOnce: 1,
      }),
    manifestsApplied: (shape) =>
      itemWait(shape, 'manifests applied, in turn', 'apiCallMs', {
        total: clustersOnHost(shape),
        atOnce: 1,
        perItem: shape.system.manifestCalls,
      }),
    strayProcessesStopped: (shape) =>
      itemWait(shape, 'the processes of a failed attempt stopped, in turn', 'processStopMs', {
        total: clustersOnHost(shape),
        atOnce: 1,
        perItem: shape.system.processesPerCluster,
      }),
    systemReady: (shape) =>
      itemWait(shape, 'processes, then what they serve, ready, in turn', 'systemReadyMs', {
        total: clustersOnHost(shape),
        atOnce: 1,
        perItem: 2,
      }),
    targetsFound: (shape) =>
      itemWait(shape, 'what is to be scraped found, and its Pods ready, in turn', 'systemReadyMs', {
        total: clustersOnHost(shape) * Math.min(1, shape.system.scrapeEntries),
        atOnce: 1,
      }),
    targetsWritten: (shape) =>
      itemWait(shape, 'targets written, in turn', 'apiCallMs', { total: clustersOnHost(shape), atOnce: 1 }),
    programsIdentified: (shape) =>
      callWait(shape, 'programs of the system identified', 'apiCallMs', PROGRAM_IDENTITY_CALLS),
    systemIdentified: (shape) => callWait(shape, 'files, manifests and chart identified', 'apiCallMs'),
  },
  describe: ({ system }) => `system ${system.name}`,
  facts: { system: 'join', systemSha256: 'join' },
  parseCheckpoint: noCheckpoint,
} as const satisfies StageDescriptor;
