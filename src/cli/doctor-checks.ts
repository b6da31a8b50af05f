/** One line of what `belay doctor` found. */
export interface Check {
  readonly what: string;
  /** A version, an amount, an address; empty when there is none. */
  readonly found: string;
  readonly from: string;
  /** `problem`: the quickstart cannot run until the fix is done. `optional`: only some profiles need it. */
  readonly state: 'ok' | 'problem' | 'optional';
  readonly missing: string;
  readonly fix: string;
}

/** A check that found what it looked for. */
export function fine(what: string, found: string, from: string): Check {
  return { what, found, from, state: 'ok', missing: '', fix: '' };
}
