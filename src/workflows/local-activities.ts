import { proxyLocalActivities } from '@temporalio/workflow';
import type {
  ComparisonActivities,
  ResolveActivities,
  ResolveLadderActivities,
  RespecActivities,
} from '../activities/contract.ts';
import { NON_RETRYABLE_FAILURES } from '../core/campaign/failure-types.ts';

/**
 * Local activities that turn input into specifications. They read files, calculate, and write one file. There is no
 * specification with deadlines yet: 30 s is enough for a host that has no CPU left. `respecLocally` is there for campaigns of
 * the first version only; see `changedOutline`.
 */
export const {
  resolve,
  resolveLadder,
  lookAtComparison,
  respec: respecLocally,
} = proxyLocalActivities<ResolveActivities & ResolveLadderActivities & RespecActivities & ComparisonActivities>({
  startToCloseTimeout: 30_000,
  retry: { maximumAttempts: 3, nonRetryableErrorTypes: [...NON_RETRYABLE_FAILURES] },
});
