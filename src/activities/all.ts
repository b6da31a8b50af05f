import type { Client } from '@temporalio/client';
import type { Logger } from 'pino';
import { collectSnapshot, keepLog } from '../adapters/evidence/collect-snapshot.ts';
import { uploadRun } from '../adapters/evidence/evidence-store.ts';
import {
  evidenceOfGroup,
  keepHostFacts,
  mergeGroupTimelines,
  ownEvidence,
} from '../adapters/evidence/host-evidence.ts';
import { sharedFolderProblem } from '../adapters/evidence/folder-owner.ts';
import { collectEvidence, sendEvidence, wasSent } from '../adapters/evidence/member-evidence.ts';
import { readReadings } from '../adapters/evidence/evidence-folder.ts';
import { writeHistory } from '../adapters/evidence/write-history.ts';
import { writeJunit } from '../adapters/evidence/junit.ts';
import { earlierRuns } from '../adapters/index/earlier-runs.ts';
import { writeManifest } from '../adapters/evidence/manifest.ts';
import { writeReportInThread } from '../adapters/reports/write-report-in-thread.ts';
import { writeSummary } from '../adapters/evidence/write-summary.ts';
import { effectOf } from '../adapters/faults/registry.ts';
import { loadSystem } from '../adapters/files/load-system.ts';
import { withLead } from '../adapters/fleet/with-lead.ts';
import { evidenceSetting } from '../adapters/host/evidence-setting.ts';
import { readCheckpoint } from '../adapters/host/checkpoints.ts';
import { openReservedLedger } from '../adapters/host/capacity.ts';
import {
  keepAtFirst,
  keepCampaign,
  markClosing,
  readLedger,
  removeCampaignFolder,
  removeFoldersWithoutLedger,
} from '../adapters/host/ledger.ts';
import { stopProcess } from '../adapters/host/processes.ts';
import { clusterIdentity } from '../adapters/identity/cluster-identity.ts';
import { sha256OfText } from '../adapters/identity/content-hash.ts';
import { runningImages } from '../adapters/identity/running-images.ts';
import { programsOf, systemIdentity } from '../adapters/identity/system-identity.ts';
import { temporalIdentity } from '../adapters/identity/temporal-identity.ts';
import { toolIdentities } from '../adapters/identity/tool-identity.ts';
import { workerIdentity } from '../adapters/identity/worker-identity.ts';
import { hostName } from '../adapters/host/host-queues.ts';
import { dropStaleClaims } from '../adapters/host/port-claims.ts';
import { findAbandoned } from '../adapters/temporal/abandoned-campaigns.ts';
import { connectClient } from '../adapters/temporal/client.ts';
import { campaignPage } from '../adapters/temporal/campaign-page.ts';
import { servingHosts } from '../adapters/temporal/hosts.ts';
import { removeGroup, type RemovalAdapters } from './remove-group.ts';
import { withCluster } from '../adapters/kube/with-cluster.ts';
import { runArrivals } from '../adapters/kube/run-arrivals.ts';
import { connectForSeed } from '../adapters/kube/seed-client.ts';
import { sweepCluster } from '../adapters/systems/sweep-cluster.ts';
import type { Observers } from '../adapters/observe/observers.ts';
import { claimWatch, pointAt, thisWorker } from '../adapters/observe/worker-target.ts';
import { federationTargets } from '../adapters/prometheus/existing.ts';
import { openGateReader } from '../adapters/prometheus/gate-reader.ts';
import { forgetCampaign } from '../adapters/prometheus/own-metrics.ts';
import { ownPrometheus, startPrometheus, stopPrometheus, writeTargets } from '../adapters/prometheus/server.ts';
import { tryExistingPrometheus } from '../adapters/prometheus/try-existing.ts';
import { substrateAdapter } from '../adapters/substrates/registry.ts';
import { installSystem, removeSystem } from '../adapters/systems/install-system.ts';
import { systemScrapeTargets } from '../adapters/systems/scrape-targets.ts';
import { installChart, removeChart } from '../adapters/systems/system-chart.ts';
import { removeProcessesOf } from '../adapters/systems/system-processes.ts';
import { giveBackAll, giveBackForVerdict, reserveDisks } from '../adapters/host/campaign-disks.ts';
import { findTool } from '../adapters/toolchain/find-tool.ts';
import { TOOL_NAMES } from '../adapters/toolchain/tools.ts';
import { createClimb } from './climb.ts';
import { createComparison } from './compare.ts';
import type {
  ComparisonActivities,
  JanitorActivities,
  LadderActivities,
  PlacementActivities,
  ResolveActivities,
  ResolveLadderActivities,
  RespecActivities,
  SoakPartActivities,
  StageActivities,
} from './contract.ts';
import { createDrive } from './drive.ts';
import { createJanitor, sweepHost, type SweepAdapters } from './sweep-host.ts';
import { createInstall, type InstallAdapters } from './install.ts';
import { createJudge, type JudgeAdapters } from './judge.ts';
import { createPlace } from './place.ts';
import { PLACE_ADAPTERS, RESOLVE_ADAPTERS } from './placement-adapters.ts';
import { createProvision, type ProvisionAdapters } from './provision.ts';
import { createRamp } from './ramp.ts';
import { createResolve } from './resolve.ts';
import { createSeed } from './seed.ts';
import { createSnapshot, type SnapshotAdapters } from './snapshot.ts';
import { createSoak } from './soak.ts';
import { createSteady } from './steady.ts';
import { createTeardown, type TeardownAdapters } from './teardown.ts';
import { toolsFound } from './tools.ts';
import { createWatch } from './watch.ts';

/** What the activities of a worker are given. */
export interface ActivityDependencies {
  readonly log: Logger;
  /** Port of the worker's /metrics, for the campaigns' Prometheus. */
  readonly metricsPort: number;
  readonly observers: Observers;
}

type AllActivities = ResolveActivities &
  RespecActivities &
  PlacementActivities &
  StageActivities &
  SoakPartActivities &
  ResolveLadderActivities &
  ComparisonActivities &
  LadderActivities &
  JanitorActivities;

/** Every activity that a worker serves, by name. */
export function createActivities({ log, metricsPort, observers }: ActivityDependencies): AllActivities {
  // Before anything can change the files that this worker has loaded.
  workerIdentity();
  return {
    ...createResolve(RESOLVE_ADAPTERS),
    ...createPlace(log, PLACE_ADAPTERS),
    provision: createProvision(log, provisionAdapters(metricsPort, sweepAdapters(log, observers))),
    install: createInstall(log, INSTALL_ADAPTERS),
    seed: createSeed(log, {
      connect: connectForSeed,
      kubelet: ({ substrate }, cluster) => substrateAdapter(substrate, new Map()).kubelet(cluster),
    }),
    ramp: createRamp(log, { observers, runArrivals }),
    steady: createSteady(log, { observers }),
    soak: createSoak(log, { observers, openGateReader, effectOf }),
    drive: createDrive(log, { observers, effectOf }),
    watch: createWatch(log, { openGateReader }),
    snapshot: createSnapshot(log, SNAPSHOT_ADAPTERS),
    judge: createJudge(log, JUDGE_ADAPTERS),
    teardown: createTeardown(log, teardownAdapters(observers)),
    ...createClimb(),
    ...createComparison(),
    ...createJanitor(sweepAdapters(log, observers)),
  };
}

function provisionAdapters(metricsPort: number, sweep: SweepAdapters): ProvisionAdapters {
  return {
    sweepHost: (signal) => sweepHost(sweep, { dryRun: false, waitsForEnds: false, signal }),
    findTool,
    requireSpace: reserveDisks,
    link: ({ workflowId, runId }) => campaignPage(workflowId, runId),
    openLedger: openReservedLedger,
    keepAtFirst,
    sharedFolderProblem,
    groupOf: (slug) => readLedger(slug)?.group,
    clockAheadMs: (slug, lead, within) => withLead(slug, lead, (client) => client.clockAheadMs(within)),
    substrate: ({ substrate }, tools) => substrateAdapter(substrate, tools),
    tryExistingPrometheus,
    federationTargets: (spec, cluster) => federationTargets(spec, cluster),
    startPrometheus,
    writeTargets,
    scrapeWorker: async (slug, within) => {
      const worker = thisWorker(metricsPort);
      claimWatch(slug, worker);
      await pointAt(slug, worker, within);
    },
    identify: {
      tools: toolIdentities,
      temporal: temporalIdentity,
      cluster: (cluster, within) => withCluster(cluster, (client) => clusterIdentity(client, !cluster.owned, within)),
    },
  };
}

/** What `install` works with in a worker. */
export const INSTALL_ADAPTERS: InstallAdapters = {
  findTool,
  loadSystem,
  installChart,
  installSystem,
  scrapeTargets: systemScrapeTargets,
  prometheus: ownPrometheus,
  writeTargets,
  identify: {
    programs: (system, tools) => toolIdentities(programsOf(system, tools)),
    system: systemIdentity,
  },
};

const SNAPSHOT_ADAPTERS: SnapshotAdapters = {
  readLedger,
  readCheckpoint,
  prometheus: ownPrometheus,
  clusterLogs: ({ substrate }, cluster) => substrateAdapter(substrate, new Map()).clusterLogs(cluster),
  collect: collectSnapshot,
  keepHostFacts,
  sendEvidence,
  collectEvidence,
  images: ({ campaign, slug, system }, cluster, within) =>
    withCluster(cluster, (client) =>
      runningImages({ client, campaign, namespace: slug, system: loadSystem(system).system }, within),
    ),
};

/** What `judge` works with in a worker. */
export const JUDGE_ADAPTERS: JudgeAdapters = {
  giveBackDisk: giveBackForVerdict,
  readReadings,
  ownEvidence,
  evidenceOfGroup,
  mergeTimelines: mergeGroupTimelines,
  readLedger,
  sha256: sha256OfText,
  earlierRuns,
  writeHistory,
  writeSummary,
  writeJunit,
  writeReport: writeReportInThread,
  writeManifest,
  hasStore: () => evidenceSetting() !== undefined,
  store: uploadRun,
};

/** What `teardown` works with in a worker. */
export function teardownAdapters(observers: Pick<Observers, 'end'>): TeardownAdapters {
  return {
    ledger: { read: readLedger, markClosing, removeFolder: removeCampaignFolder },
    giveBackDisks: giveBackAll,
    evidenceWasSent: wasSent,
    endWatches: (slug) => observers.end(slug),
    forgetMetrics: forgetCampaign,
    loadSystem,
    tools: () => toolsFound(TOOL_NAMES, findTool),
    removeChart,
    removeSystem,
    removeProcesses: removeProcessesOf,
    sweep: sweepCluster,
    removeCluster: ({ substrate }, cluster, tools, signal) =>
      substrateAdapter(substrate, tools).remove(cluster, signal),
    stopPrometheus,
    stopProcess,
  };
}

/** What removing a group of this host works with in a worker. */
export function removalAdapters(observers: Pick<Observers, 'end'>): RemovalAdapters {
  return { ...SNAPSHOT_ADAPTERS, ...teardownAdapters(observers), keepLog };
}

/** What sweeping this host works with in a worker. */
function sweepAdapters(log: Logger, observers: Pick<Observers, 'end'>): SweepAdapters {
  return {
    host: hostName,
    hosts: () => withTemporal(servingHosts),
    find: () => withTemporal(findAbandoned),
    remove: (ledger, signal) =>
      removeGroup(ledger, {
        log: log.child({ campaign: ledger.campaign }),
        adapters: removalAdapters(observers),
        signal,
      }),
    keep: ({ campaign, untilMs }) => keepCampaign(campaign, untilMs),
    tidy: () => {
      removeFoldersWithoutLedger();
      dropStaleClaims();
    },
  };
}

async function withTemporal<T>(work: (client: Client) => Promise<T>): Promise<T> {
  const client = await connectClient();
  try {
    return await work(client);
  } finally {
    await client.connection.close();
  }
}
