import {
  CancellationScope,
  isCancellation,
  proxyActivities,
  setCurrentDetails,
  workflowInfo,
} from '@temporalio/workflow';
import type { JanitorActivities } from '../activities/contract.ts';
import { FAILURE_TYPES } from '../core/campaign/failure-types.ts';
import { limitsOf } from '../core/campaign/outline.ts';
import {
  parseJanitorInput,
  parseHostSweep,
  sweepInWords,
  type HostSweep,
  type JanitorResult,
  type KeepRequest,
} from '../core/campaign/sweep.ts';
import { HOST_SWEEP_DEADLINE, HOSTS_FOUND_DEADLINE } from '../core/plan/janitor-deadlines.ts';
import { SWEPT_HOSTS_LISTED } from '../core/plan/limits.ts';
import { queuesOfHost } from '../core/model/host-queues.ts';
import { activityOptions } from './activity-options.ts';
import { failureWithoutStack } from './failure-without-stack.ts';
import { readFailure } from './stage-failure.ts';

/**
 * One sweep: removes what abandoned campaigns left, on one host or on all hosts whose workers serve this Temporal. A host that does
 * not answer is named, and does not keep the others.
 *
 * With `keep` it removes nothing: it keeps what a campaign has on these hosts.
 *
 * @param input nothing, or an object of dryRun, host and keep
 * @throws ApplicationFailure `InvalidSpec` for an input that is not valid
 */
export async function janitor(input?: unknown): Promise<JanitorResult> {
  const parsed = parseJanitorInput(input);
  if (typeof parsed === 'string') throw failureWithoutStack(parsed, FAILURE_TYPES.invalidSpec);
  const { dryRun, host, keep } = parsed;
  const names = host === undefined ? await findHosts() : [host];
  const swept = names.slice(0, SWEPT_HOSTS_LISTED);
  const hosts = await Promise.all(
    swept.map((name) => (keep === undefined ? sweepHost(name, dryRun) : keepOnHost(name, keep))),
  );
  const unswept = names
    .slice(SWEPT_HOSTS_LISTED)
    .map((name) => ({ host: name, campaigns: [], failure: 'too many hosts' }));
  const result: JanitorResult = { dryRun, hosts: [...hosts, ...unswept] };
  setCurrentDetails(sweepInWords(result));
  return result;
}

async function findHosts(): Promise<readonly string[]> {
  const { taskQueue } = workflowInfo();
  const activities = proxyActivities<JanitorActivities>(
    activityOptions(limitsOf(HOSTS_FOUND_DEADLINE), taskQueue, 'hosts to sweep'),
  );
  return await activities.findHosts();
}

function sweepHost(host: string, dryRun: boolean): Promise<HostSweep> {
  const summary = `${dryRun ? 'dry sweep' : 'sweep'} of host ${host}`;
  return onHost(host, 'the sweep', summary, (activities) => activities.sweepHost({ dryRun }));
}

function keepOnHost(host: string, keep: KeepRequest): Promise<HostSweep> {
  return onHost(host, 'the keep', `keep on host ${host}`, (activities) => activities.keepOnHost(keep));
}

async function onHost(
  host: string,
  what: string,
  summary: string,
  call: (activities: JanitorActivities) => Promise<HostSweep>,
): Promise<HostSweep> {
  const { hostQueue } = queuesOfHost(host);
  const limits = limitsOf(HOST_SWEEP_DEADLINE);
  try {
    return parseHostSweep(
      host,
      await call(proxyActivities<JanitorActivities>(activityOptions(limits, hostQueue, summary))),
    );
  } catch (error) {
    if (isCancellation(error) && CancellationScope.current().consideredCancelled) throw error;
    const { failure } = readFailure(what, error, { taskQueue: hostQueue, queueWaitMs: limits.queueWaitMs });
    return { host, campaigns: [], failure: failure.message };
  }
}
