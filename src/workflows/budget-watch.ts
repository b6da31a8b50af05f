import { CancellationScope, isCancellation, sleep } from '@temporalio/workflow';
import { budgetLimit, type BudgetOutline } from '../core/campaign/budget.ts';
import { formatDuration } from '../core/text/duration.ts';

/** What a campaign does about its budget. */
interface BudgetEvents {
  readonly onWarning: (line: string) => void;
  /** @param reason why the campaign ends, as a clause */
  readonly onSpent: (reason: string) => void;
}

/**
 * Watches the budget of a campaign in time that passes, holds included.
 * @returns ends the watch
 */
export function watchBudget(budget: BudgetOutline, startedAtMs: number, events: BudgetEvents): () => void {
  const limit = budgetLimit(budget);
  const scope = new CancellationScope({ cancellable: true });
  if (limit === undefined) return () => undefined;
  const { warnAfterMs, endAfterMs, used } = limit;
  const until = (afterMs: number, summary: string): Promise<void> =>
    sleep(Math.max(1, startedAtMs + afterMs - Date.now()), { summary });
  scope
    .run(async () => {
      await until(warnAfterMs, 'at 80 % of the budget: a warning');
      const leftMs = Math.max(0, startedAtMs + endAfterMs - Date.now());
      events.onWarning(`**80 % of the budget is used**: the campaign ends in ${formatDuration(leftMs)}, when ${used}`);
      await until(endAfterMs, 'at the end of the budget: evidence, verdict, teardown');
      events.onSpent(used);
    })
    .catch((error: unknown) => {
      if (!isCancellation(error)) throw error;
    });
  return () => scope.cancel();
}
