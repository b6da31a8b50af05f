import { WATCH_FIRST_PAUSE_MS, WATCH_LONGEST_PAUSE_MS } from '../../core/plan/limits.ts';
import { comparePauseMs, leastPauseMs } from '../../core/plan/watch-trust.ts';

/** What the pause between two lists of a watch depends on. */
export interface ListPause {
  /** The shortest usual pause, ms. */
  readonly compareMs: number;
  /** Number of Pods. */
  readonly pods: number;
  /** Lists that failed since the last one that did not. */
  readonly failed: number;
  /** Lists since there is no watch that delivers; undefined while there is one. */
  readonly listsSinceLost: number | undefined;
}

/**
 * The pause after a list, ms. It is short at first and doubles when the list failed, and when there is no watch that delivers:
 * then lists are the only news. It is never shorter than what the number of Pods demands.
 */
export function listPauseMs({ compareMs, pods, failed, listsSinceLost }: ListPause): number {
  const usualMs = comparePauseMs(pods, compareMs);
  const short = (pauseMs: number): number => Math.min(usualMs, Math.max(pauseMs, leastPauseMs(pods)));
  if (failed > 0) return short(Math.min(WATCH_FIRST_PAUSE_MS * 2 ** (failed - 1), WATCH_LONGEST_PAUSE_MS));
  if (listsSinceLost === undefined) return usualMs;
  return short(WATCH_LONGEST_PAUSE_MS * 2 ** Math.max(0, listsSinceLost - 1));
}
