import { ApplicationFailure } from '@temporalio/activity';
import { isDiskError } from '../adapters/host/disk-room.ts';
import { tightDiskOf, type OnHost } from '../adapters/host/campaign-disks.ts';
import { readLedger } from '../adapters/host/ledger.ts';
import { renewLeases } from '../adapters/substrates/kubeconfig/renew-leases.ts';
import { FAILURE_TYPES } from '../core/campaign/failure-types.ts';
import { isClosing, type Stage } from '../core/model/stages.ts';
import { clockSet, type TwoClocks } from '../core/plan/clock-set.ts';
import { LEASE_RENEW_LIMIT_MS } from '../core/plan/limits.ts';
import { messageOf } from '../core/text/message-of.ts';

/** Stages whose load and readings go by the campaign's clock. */
const BY_THE_CLOCK: readonly Stage[] = ['ramp', 'steady', 'soak'];

/**
 * Looks for reasons why a stage of a campaign has to stop at once on this host: a cluster of it is another campaign's now, a disk is
 * full, or the clock was set since it began.
 */
export function haltsOf(spec: OnHost, stage: Stage): () => ApplicationFailure | undefined {
  const before = clocksNow();
  return () => {
    const failure = whyHalted(spec);
    if (failure !== undefined || !BY_THE_CLOCK.includes(stage)) return failure;
    const set = clockSet(before, clocksNow());
    return set === undefined ? undefined : ApplicationFailure.nonRetryable(set, FAILURE_TYPES.harnessFault);
  };
}

function clocksNow(): TwoClocks {
  return { wallMs: Date.now(), steadyMs: performance.now() };
}

function whyHalted(spec: OnHost): ApplicationFailure | undefined {
  const lost = leaseLost(spec);
  if (lost !== undefined) return lost;
  const tight = tightDiskOf(spec);
  return tight === undefined ? undefined : ApplicationFailure.nonRetryable(tight, FAILURE_TYPES.diskFull);
}

function leaseLost(spec: OnHost): ApplicationFailure | undefined {
  const lost = readLedger(spec.slug)?.clusters.find(({ lostTo }) => lostTo !== undefined);
  if (lost === undefined) return undefined;
  return ApplicationFailure.nonRetryable(
    `context ${lost.context} is used by campaign ${lost.lostTo} now: the lease of this one was not renewed in time`,
    FAILURE_TYPES.targetInUse,
  );
}

/**
 * The reason of a failure that is not in the failure: a cluster of the campaign is another campaign's, which has removed what this one
 * asked for. The leases are asked about once more, because the failure may come before the next renewal.
 * @returns the failure itself where that is not so
 */
export async function orLeaseLost(error: unknown, spec: OnHost, stage: Stage): Promise<unknown> {
  const ledger = readLedger(spec.slug);
  if (isClosing(stage) || isLeaseLost(error) || ledger === undefined) return error;
  // A cluster that does not answer cannot say whose it is.
  await renewLeases(ledger, AbortSignal.timeout(LEASE_RENEW_LIMIT_MS), () => undefined);
  return leaseLost(spec) ?? error;
}

/** Whether a stage stopped because its cluster is another campaign's now: nothing of it is touched any more. */
export function isLeaseLost(error: unknown): boolean {
  return error instanceof ApplicationFailure && error.type === FAILURE_TYPES.targetInUse;
}

/** An error of a disk, naming the folder, what is free and what is needed, where one is full. Any other error as it is. */
export function namingDisk(error: unknown, spec: OnHost): unknown {
  if (!isDiskError(error)) return error;
  const tight = tightDiskOf(spec);
  return tight === undefined ? error : new Error(`${messageOf(error)}; ${tight}`, { cause: error });
}

/** Does something that a stage which closes the campaign can do without, on a full disk. */
export function whereRoomIs(stage: Stage, work: () => void): void {
  try {
    work();
  } catch (error) {
    if (!isClosing(stage) || !isDiskError(error)) throw error;
  }
}
