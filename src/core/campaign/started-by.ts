import type { Trigger } from '../model/trigger.ts';

/**
 * Key of the memo in which whoever starts a campaign says who it is and how long to hold. It is no part of the input: the UI's
 * form fills in the input of the newest run, and a campaign started there must not take itself for one of the command line.
 */
export const STARTED_BY = 'belay';

/** What stands in the memo. */
export interface StartedBy {
  readonly trigger: Trigger;
  /** How long to hold where neither input nor profile says. */
  readonly defaultHoldMs: number;
}

/** Reads the memo; undefined where nobody said anything (the UI, or any other client). */
export function readStartedBy(memo: unknown): StartedBy | undefined {
  if (typeof memo !== 'object' || memo === null) return undefined;
  const { trigger, defaultHoldMs } = memo as Partial<Record<keyof StartedBy, unknown>>;
  const known = trigger === 'cli' || trigger === 'ui' || trigger === 'schedule' || trigger === 'ladder';
  if (!known || !Number.isSafeInteger(defaultHoldMs) || (defaultHoldMs as number) < 0) return undefined;
  return { trigger, defaultHoldMs: defaultHoldMs as number };
}
