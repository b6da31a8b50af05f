import type { RecordedFields } from '../files/recorded-fields.ts';
import { formatDuration } from '../text/duration.ts';

/** What a campaign may take, from its profile and its substrate. 0 = no limit. */
export interface BudgetOutline {
  readonly wallClockMs: number;
  readonly usd: number;
  /** What all its hosts cost together. */
  readonly usdPerHour: number;
}

/** When a campaign is warned, and when it has to end, ms since it began. */
export interface BudgetLimit {
  readonly warnAfterMs: number;
  readonly endAfterMs: number;
  /** What is used up then, as a clause. */
  readonly used: string;
}

/** The share of a budget at which a campaign is warned. */
const WARN_SHARE = 0.8;
const HOUR_MS = 3_600_000;

/** The budget of a campaign; undefined when its profile sets none. */
export function budgetOf(
  { usd, wallClockMs }: { readonly usd: number; readonly wallClockMs: number },
  usdPerHour: number,
): BudgetOutline | undefined {
  return usd === 0 && wallClockMs === 0 ? undefined : { wallClockMs, usd, usdPerHour };
}

/** The limit that a campaign reaches first; undefined when it never reaches one. Whole ms: they become timers. */
export function budgetLimit({ wallClockMs, usd, usdPerHour }: BudgetOutline): BudgetLimit | undefined {
  const affordedMs = usd > 0 && usdPerHour > 0 ? Math.floor((usd / usdPerHour) * HOUR_MS) : Infinity;
  const allowedMs = wallClockMs > 0 ? wallClockMs : Infinity;
  const endAfterMs = Math.max(1, Math.min(affordedMs, allowedMs));
  // Longer than a timer, and than any campaign.
  if (endAfterMs > 366 * 24 * HOUR_MS) return undefined;
  const used =
    affordedMs < allowedMs
      ? `budget.usd of ${usd} is used up, at ${usdPerHour.toFixed(2)} an hour`
      : `budget.wallClock of ${formatDuration(wallClockMs)} is used up`;
  return { warnAfterMs: Math.floor(endAfterMs * WARN_SHARE), endAfterMs, used };
}

/** @throws UnreadableRecord naming the field */
export function parseBudget(fields: RecordedFields): BudgetOutline {
  return {
    wallClockMs: fields.count('wallClockMs'),
    usd: fields.number('usd'),
    usdPerHour: fields.number('usdPerHour'),
  };
}

/** A budget that was used up, and when. */
export interface SpentBudget {
  readonly reason: string;
  readonly atMs: number;
}

/** @throws UnreadableRecord naming the field */
export function parseSpent(fields: RecordedFields): SpentBudget {
  return { reason: fields.text('reason'), atMs: fields.moment('atMs') };
}
