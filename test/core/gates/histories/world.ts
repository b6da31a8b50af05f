/** What really happened at the targets of a campaign, and how Prometheus scraped them. Moments are ms since 1970. */
export interface World {
  /** Begins the names of its metrics, so that many worlds fit into one Prometheus. */
  readonly prefix: string;
  readonly job: string;
  readonly scrapeIntervalMs: number;
  readonly windowStartMs: number;
  readonly windowEndMs: number;
  readonly positions: readonly Position[];
  /** Times in which Prometheus scraped nothing: frozen or dead. It leaves no marks. */
  readonly frozen: readonly Span[];
}

/** From `fromMs` (included) to `toMs`. */
export interface Span {
  readonly fromMs: number;
  readonly toMs: number;
}

/** One position of the fleet, e.g. a shard: its processes follow one another. */
export interface Position {
  readonly cluster: string;
  readonly shard: string;
  /** In order, without overlap. What happens while no process lives does not happen. */
  readonly processes: readonly Process[];
  readonly scrapes: readonly Scrape[];
  /** How the process shows when it started: exact, cut to seconds as Go does, rounded to seconds as Node does, or not at all. */
  readonly start: 'exact' | 'cut' | 'rounded' | 'hidden';
  /** Counters continue where the process before ended, as those of Belay's own worker do. */
  readonly restores: boolean;
  /** Kinds of work, and the histogram, whose series are born with their first event in a process. */
  readonly bornKinds: readonly string[];
  readonly bornWaits: boolean;
  readonly work: readonly Work[];
  readonly waits: readonly Wait[];
  readonly levels: readonly Level[];
}

export interface Process extends Span {
  /** Label `instance`. A process under another instance replaces the target of the one before. */
  readonly instance: string;
  /** When Prometheus knows of the target. Before, it is not scraped. */
  readonly knownMs: number;
  /** For how long its target is scraped, and does not answer, when its successor's is known. */
  readonly lingersMs: number;
  /** Times in which it does not answer. Its work goes on. */
  readonly silent: readonly Span[];
}

/** One attempt to scrape. Its samples have the time `atMs` and show the state `lagMs` later. */
export interface Scrape {
  readonly atMs: number;
  readonly lagMs: number;
  /** The answer did not arrive in time: `up` is 0. */
  readonly fails: boolean;
}

/** Increments of `work_total{kind}` and of `work_all_total`. */
export interface Work {
  readonly atMs: number;
  readonly by: number;
  readonly kind: string;
}

/** An observation of `wait_seconds`. */
export interface Wait {
  readonly atMs: number;
  readonly seconds: number;
}

/** The gauge `depth{queue}` has this value from now on; undefined = its series is gone. */
export interface Level {
  readonly atMs: number;
  readonly queue: string;
  readonly value: number | undefined;
}

/** Kinds of work whose series exist from the start of a process unless they are born with their first event. */
export const KINDS = ['ok', 'error'] as const;

/** Bounds of the histogram's buckets, before +Inf. */
export const BOUNDS = [0.5, 1, 2, 4, 8] as const;

/** Age up to which a sample counts as present, as the reading of gates defines it. */
export function freshMsOf({ scrapeIntervalMs }: World): number {
  return Math.max(5_000, 3 * scrapeIntervalMs);
}

/** The process that lives at a moment. */
export function processAt(position: Position, atMs: number): Process | undefined {
  return position.processes.find(({ fromMs, toMs }) => fromMs <= atMs && atMs < toMs);
}

export function isWithin(spans: readonly Span[], atMs: number): boolean {
  return spans.some(({ fromMs, toMs }) => fromMs <= atMs && atMs < toMs);
}
