import { TRIGGERS, type Trigger } from '../model/trigger.ts';

/**
 * Key of the memo in which a client that starts a campaign names itself and the default hold. It is not part of the input: the
 * UI's form fills in the input of the newest run, and a campaign started there must not count as one of the command line.
 */
export const STARTED_BY = 'belay';

/** Contents of the memo. */
export interface StartedBy {
  readonly trigger: Trigger;
  /** The hold if neither the input nor the profile sets one. */
  readonly defaultHoldMs: number;
}

/** Reads the memo; undefined if the client wrote none, e.g. the UI. */
export function readStartedBy(memo: unknown): StartedBy | undefined {
  if (typeof memo !== 'object' || memo === null) return undefined;
  const { trigger, defaultHoldMs } = memo as Partial<Record<keyof StartedBy, unknown>>;
  const known = TRIGGERS.find((one) => one === trigger);
  if (known === undefined || !Number.isSafeInteger(defaultHoldMs) || (defaultHoldMs as number) < 0) return undefined;
  return { trigger: known, defaultHoldMs: defaultHoldMs as number };
}
