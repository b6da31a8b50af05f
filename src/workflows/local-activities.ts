import { proxyLocalActivities } from '@temporalio/workflow';
import type { ResolveActivities, ResolveLadderActivities } from '../activities/contract.ts';
import { NON_RETRYABLE_FAILURES } from '../core/campaign/failure-types.ts';

/**
 * What turns input into specifications. Everything it does is reading files and arithmetic, before there is a specification
 * with deadlines: 30 s is for a host that is starved of CPU.
 */
export const { resolve, respec, resolveLadder } = proxyLocalActivities<ResolveActivities & ResolveLadderActivities>({
  startToCloseTimeout: 30_000,
  retry: { maximumAttempts: 3, nonRetryableErrorTypes: [...NON_RETRYABLE_FAILURES] },
});
