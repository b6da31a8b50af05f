import type { RecordedFields } from '../files/recorded-fields.ts';

/** What servers made the requests of a load wait for. */
export interface RequestWaits {
  /** Requests that got no answer that counts at their first attempt. */
  readonly waited: number;
  /** The longest time that one of them took, ms. */
  readonly longestMs: number;
  /** Attempts that were refused (401, 403), throttled (429), answered with a server error (5xx), or not answered. */
  readonly refused: number;
  readonly throttled: number;
  readonly failed: number;
  readonly unanswered: number;
}

/** How well the watches of a stage went. */
export interface WatchQuality {
  /** Times a list showed changes that an open watch had not sent. */
  readonly silent: number;
  /** Times a list contradicted the versions seen before, so that all of it was reported again. */
  readonly replaced: number;
  /** Failed attempts to list or to connect, and connections whose content was not a watch's. */
  readonly failures: number;
  /** The longest time without a confirmed state, ms. */
  readonly longestUnconfirmedMs: number;
}

/** How well the Pods of a stage were observed, and what its requests waited for. */
export interface Observation {
  readonly watch: WatchQuality;
  readonly requests: RequestWaits;
}

/** An observation in which nothing was amiss. */
export const UNTROUBLED: Observation = {
  watch: { silent: 0, replaced: 0, failures: 0, longestUnconfirmedMs: 0 },
  requests: { waited: 0, longestMs: 0, refused: 0, throttled: 0, failed: 0, unanswered: 0 },
};

/** The observation of several clusters, or of several attempts: counts are added, and the longest times stay. */
export function mergedObservations(parts: readonly Observation[]): Observation {
  return {
    watch: merged(
      UNTROUBLED.watch,
      parts.map(({ watch }) => watch),
    ),
    requests: merged(
      UNTROUBLED.requests,
      parts.map(({ requests }) => requests),
    ),
  };
}

function merged<Counts extends object>(none: Counts, parts: readonly Counts[]): Counts {
  const names = Object.keys(none) as (keyof Counts & string)[];
  return Object.fromEntries(
    names.map((name) => {
      const values = parts.map((part) => Number(part[name]));
      return [name, name.endsWith('Ms') ? Math.max(0, ...values) : values.reduce((sum, value) => sum + value, 0)];
    }),
  ) as Counts;
}

/** The observation in a record; nothing in a record of an earlier version. @throws UnreadableRecord naming the field */
export function observationIn(record: RecordedFields): { readonly observation?: Observation } {
  if (!record.has('observation')) return {};
  const fields = record.object('observation');
  return {
    observation: {
      watch: countsIn(fields.object('watch', {}), UNTROUBLED.watch),
      requests: countsIn(fields.object('requests', {}), UNTROUBLED.requests),
    },
  };
}

function countsIn<Counts extends object>(fields: RecordedFields, none: Counts): Counts {
  return Object.fromEntries(Object.keys(none).map((name) => [name, fields.count(name, 0)])) as Counts;
}
