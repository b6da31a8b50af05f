import { NativeConnection, Runtime, Worker } from '@temporalio/worker';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { createActivities, removalAdapters } from './activities/all.ts';
import { removeGroup } from './activities/remove-group.ts';
import { readSpec } from './adapters/evidence/spec-store.ts';
import { thisHost } from './adapters/fleet/this-host.ts';
import { serveEndpoints } from './adapters/fleet/serve-endpoints.ts';
import { createObservers } from './adapters/observe/observers.ts';
import { stateFolder } from './adapters/host/folders.ts';
import { hostCapacity } from './adapters/host/host-capacity.ts';
import { SHARED_QUEUE } from './core/model/host-queues.ts';
import { startHostSampler } from './adapters/host/host-sampler.ts';
import { startKeeper } from './adapters/keeper/keeper.ts';
import { makeFolder } from './adapters/host/make-folder.ts';
import { freePort } from './adapters/host/ports.ts';
import { pause } from './adapters/host/poll-until.ts';
import { tidyEnvironment } from './adapters/host/tidy-environment.ts';
import { startTicksOf } from './adapters/host/processes.ts';
import { showHost } from './adapters/prometheus/host-metrics.ts';
import { registry } from './adapters/prometheus/own-metrics.ts';
import { nativeConnectionOptions } from './adapters/temporal/native-connection.ts';
import { CampaignEyes } from './adapters/temporal/campaign-seen.ts';
import { writeRecord } from './adapters/temporal/stack-record.ts';
import { temporalTarget } from './adapters/temporal/target.ts';
import { workflowBundlePath } from './adapters/temporal/workflow-bundle.ts';
import { activitySlots } from './core/plan/capacity.ts';
import { formatWorkerIdentity } from './core/model/worker-identity.ts';
import { FIRST_CHECK_MS } from './core/plan/limits.ts';
import { watchCampaigns } from './worker/campaign-watch.ts';
import { reportAddress } from './adapters/reports/report-address.ts';
import { webhookSetting } from './adapters/notify/webhook-setting.ts';
import { keepDisks } from './worker/disk-keeper.ts';
import { keepGroups } from './worker/group-keeper.ts';
import { shareHostSettings } from './worker/host-settings.ts';
import { keepLeases } from './worker/lease-keeper.ts';
import { createLog, temporalLogger } from './worker/log.ts';
import { serveMetrics } from './worker/metrics-server.ts';

/**
 * The worker process. It serves the shared queue, the queue of this host and its load queue, supervises the infrastructure of
 * this host's campaigns, serves the endpoints of those that it leads, samples the host, and serves `/metrics`. One Temporal and one host may have several workers. After SIGTERM, running
 * activities have `GRACE_MS` to end; the next worker continues the others from their checkpoints.
 */

/** Time for running activities after SIGTERM. Stages react to cancellation well within it. */
const GRACE_MS = 10_000;
/** After this time the process ends, even if activities still run. */
const FORCE_MS = 20_000;

tidyEnvironment();
// Some libraries throw assertions in development only. They must not cost a campaign its report.
process.env['NODE_ENV'] ??= 'production';

// Checked first: a worker with a setting that is wrong must not take any task.
shareHostSettings();
const capacityClusters = hostCapacity();
webhookSetting();
reportAddress('');
const { host, hostQueue, loadQueue, address } = thisHost();

const log = createLog();
const corePort = await freePort();
Runtime.install({
  logger: temporalLogger(log),
  telemetryOptions: {
    logging: { filter: { core: 'WARN', other: 'ERROR' }, forward: {} },
    metrics: {
      prometheus: {
        bindAddress: `127.0.0.1:${corePort}`,
        countersTotalSuffix: true,
        unitSuffix: true,
        useSecondsForDurations: true,
      },
    },
  },
  shutdownSignals: ['SIGINT', 'SIGTERM'],
});

// The runtime listens for the first one only. Another one, of a command that stops the same worker, must not cut off the end.
process.on('SIGTERM', () => undefined);

const metrics = await serveMetrics(registry, `127.0.0.1:${corePort}`, (err) => {
  log.error({ err }, 'the metrics could not be read');
});
const target = temporalTarget();
const connection = await NativeConnection.connect(nativeConnectionOptions(target));
const observers = createObservers(metrics.port);
const activities = createActivities({ log, metricsPort: metrics.port, observers });
const workflowBundle = { codePath: await workflowBundlePath() };

const common = {
  connection,
  namespace: target.namespace,
  // Every host sees it in the list of pollers of a queue.
  identity: formatWorkerIdentity({ host, pid: process.pid, clusters: capacityClusters, address }),
  shutdownGraceTime: GRACE_MS,
  shutdownForceTime: FORCE_MS,
  activities,
  // A cancel reaches a stage only through its heartbeats. They are sent at most this often.
  maxHeartbeatThrottleInterval: 5_000,
  defaultHeartbeatThrottleInterval: 5_000,
};
/**
 * A task that is given to a worker that was frozen is lost until its heartbeat is missed. So a worker asks for one task at a time: of the
 * attempts of a stage it costs the one that it ran, and at most one more.
 */
const ofHost = {
  maxConcurrentActivityTaskExecutions: activitySlots(capacityClusters),
  // `maxConcurrentActivityTaskPolls` has no effect in this version of the SDK.
  activityTaskPollerBehavior: { type: 'simple-maximum', maximum: 1 },
} as const;
const workers = await Promise.all([
  Worker.create({
    ...common,
    taskQueue: SHARED_QUEUE,
    workflowBundle,
    maxCachedWorkflows: 50,
    // The next task of a workflow waits this long for the worker that has the workflow in memory. The default is 10 s, which is
    // long when that worker has died.
    stickyQueueScheduleToStartTimeout: 3_000,
    maxConcurrentWorkflowTaskExecutions: 20,
    maxConcurrentActivityTaskExecutions: 10,
    maxConcurrentLocalActivityExecutions: 10,
  }),
  Worker.create({ ...common, ...ofHost, taskQueue: hostQueue }),
  Worker.create({ ...common, ...ofHost, taskQueue: loadQueue }),
]);

const ended = new AbortController();
const endpoints = serveEndpoints({ log, signal: ended.signal, spec: readSpec });
const eyes = new CampaignEyes();
const checked = Promise.withResolvers<void>();
const groups = keepGroups({
  log,
  signal: ended.signal,
  see: (ledger) => eyes.see(ledger),
  onFirstCheck: checked.resolve,
  remove: (ledger, signal) =>
    removeGroup(ledger, {
      log: log.child({ campaign: ledger.campaign }),
      adapters: removalAdapters(observers),
      signal,
    }),
});
const leases = keepLeases({ log, signal: ended.signal });
const disks = keepDisks({ log, signal: ended.signal });
const campaigns = watchCampaigns({ log, signal: ended.signal });
// Before it restarts anything, it should know which campaigns have ended. Without Temporal it cannot.
const keeper = Promise.race([checked.promise, pause(FIRST_CHECK_MS, ended.signal).catch(() => undefined)]).then(() =>
  startKeeper({ log, signal: ended.signal }),
);
const hostSampler = startHostSampler({ log, signal: ended.signal, onSample: showHost });
const recordPath = join(stateFolder(), 'workers', `${process.pid}.json`);
makeFolder(join(stateFolder(), 'workers'));
writeRecord(recordPath, {
  pid: process.pid,
  startTicks: startTicksOf(process.pid) ?? '',
  metricsPort: metrics.port,
  queues: [SHARED_QUEUE, hostQueue, loadQueue],
  host,
  address,
  capacityClusters,
  temporal: { external: target.external, address: target.address, namespace: target.namespace },
  startedAtMs: Date.now(),
});
log.info(
  {
    queues: [SHARED_QUEUE, hostQueue, loadQueue],
    capacityClusters,
    metricsPort: metrics.port,
    temporal: target.address,
  },
  'worker is polling',
);

try {
  await Promise.all(workers.map((worker) => worker.run()));
} catch (error) {
  log.error({ err: error }, 'worker ended by an error');
  process.exitCode = 1;
} finally {
  ended.abort();
  await Promise.all([keeper, groups, leases, disks, campaigns, endpoints, hostSampler]);
  await eyes.close();
  await observers.close();
  rmSync(recordPath, { force: true });
  metrics.close();
  await connection.close();
  log.info('worker has ended');
}
