import type { CreatedPod } from '../kube/pod-recorder.ts';

/** One execution of a stage that has load. */
export interface LoadStage {
  readonly stage: string;
  readonly execution: number;
}

/** What identifies a Pod of the load: a lost Pod may be created again under the same name, but not at the same moment. */
export interface PodKey {
  readonly slot: number;
  readonly generation: number;
  readonly sentAtMs: number;
}

/** How a Pod's waiting ended: it was bound, it was deleted before that, or it was given up at the end of a soak. */
export type WaitEnd = 'bound' | 'deleted' | 'unbound';

/** What is known about the Pods of a cluster, one fact after another. Moments are ms since 1970. */
export type PodFact =
  /** The series of an execution of a stage exist from now on. `bounds` are those of its latencies, s. */
  | ({ readonly type: 'series'; readonly bounds: readonly number[] } & LoadStage)
  /** The bounds of the lateness of all operations, s. */
  | { readonly type: 'lateness'; readonly bounds: readonly number[] }
  /** An execution of a stage began: Pods that are intended from now on belong to it. */
  | ({ readonly type: 'stage'; readonly atMs: number } & LoadStage)
  /** A Pod was created: the server acknowledged it, or a watch showed it. */
  | ({ readonly type: 'created' } & CreatedPod)
  /** A Pod no longer waits, `waitedMs` after its request was sent. */
  | ({ readonly type: 'ended'; readonly end: WaitEnd; readonly waitedMs: number } & PodKey)
  /** A Pod is gone, and nothing shows whether it had been bound. */
  | ({ readonly type: 'vanished' } & PodKey)
  /** The request of an operation was sent, `ms` after its moment. */
  | { readonly type: 'late'; readonly ms: number };

const END_LETTERS = { bound: 'b', deleted: 'd', unbound: 'u' } as const;
const ENDS: Readonly<Record<string, WaitEnd>> = { b: 'bound', d: 'deleted', u: 'unbound' };

/** A fact as a line of a journal. Lines are short, because there are two for each Pod. */
export function lineOf(fact: PodFact): string {
  return JSON.stringify(partsOf(fact));
}

/** The fact of a line; undefined when the line is none, e.g. because it was cut off. */
export function factOf(line: string): PodFact | undefined {
  let parts: unknown;
  try {
    parts = JSON.parse(line);
  } catch {
    return undefined;
  }
  if (!Array.isArray(parts)) return undefined;
  const [type, ...rest] = parts as readonly unknown[];
  if (type === 'series') return seriesOf(rest);
  if (type === 'stage') return stageOf(rest);
  if (type === 'lateness') return isNumbers(rest[0]) ? { type, bounds: rest[0] } : undefined;
  if (!isNumbers(rest)) return undefined;
  const [slot, generation, sentAtMs, last] = rest;
  if (type === 'l') return slot === undefined ? undefined : { type: 'late', ms: slot };
  if (slot === undefined || generation === undefined || sentAtMs === undefined) return undefined;
  const key = { slot, generation, sentAtMs };
  if (type === 'v') return { type: 'vanished', ...key };
  if (last === undefined || typeof type !== 'string') return undefined;
  if (type === 'c') return { type: 'created', ...key, intendedAtMs: last };
  const end = ENDS[type];
  return end === undefined ? undefined : { type: 'ended', ...key, end, waitedMs: last };
}

function partsOf(fact: PodFact): readonly unknown[] {
  switch (fact.type) {
    case 'series':
      return ['series', fact.stage, fact.execution, fact.bounds];
    case 'lateness':
      return ['lateness', fact.bounds];
    case 'stage':
      return ['stage', fact.stage, fact.execution, fact.atMs];
    case 'late':
      return ['l', fact.ms];
    case 'created':
      return ['c', fact.slot, fact.generation, fact.sentAtMs, fact.intendedAtMs];
    case 'ended':
      return [END_LETTERS[fact.end], fact.slot, fact.generation, fact.sentAtMs, fact.waitedMs];
    case 'vanished':
      return ['v', fact.slot, fact.generation, fact.sentAtMs];
  }
}

function seriesOf([stage, execution, bounds]: readonly unknown[]): PodFact | undefined {
  if (typeof stage !== 'string' || typeof execution !== 'number' || !isNumbers(bounds)) return undefined;
  return { type: 'series', stage, execution, bounds };
}

function stageOf([stage, execution, atMs]: readonly unknown[]): PodFact | undefined {
  if (typeof stage !== 'string' || typeof execution !== 'number' || typeof atMs !== 'number') return undefined;
  return { type: 'stage', stage, execution, atMs };
}

function isNumbers(value: unknown): value is readonly number[] {
  return Array.isArray(value) && value.every((each) => typeof each === 'number');
}
