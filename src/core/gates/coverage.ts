import type { PointSeries } from './answers.ts';
import type { ExpectedTargets } from './expected.ts';
import { groupKey } from './quantile.ts';
import { chainTargets, type Target } from './target-chains.ts';
import type { TimeSpan } from './window.ts';

/** A target must have been up in at least this share of the window's steps. */
const COVER_SHARE = 0.8;
/** Steps that one missed scrape can leave without an up sample, where scrapes and steps do not coincide. */
const STEPS_OF_ONE_SCRAPE = 2;
/** How old the last up sample may be at the window's end, in scrape intervals, and at least in ms. */
const END_INTERVALS = 3;
const END_MIN_MS = 5_000;

/** Age up to which a scrape counts as a step's, in scrape intervals: one missed scrape leaves no step without one. */
const STEP_FRESH_INTERVALS = 2.5;

/** What the coverage of a job is judged by. */
export interface CoverageFacts {
  readonly job: string;
  /** The job's `up` series at every `stepMs` of the window, its end included: the newest scrape within {@link freshMs}. */
  readonly up: readonly PointSeries[];
  /** Scrapes of the last {@link endLimitMs} of the window, with their own times. */
  readonly tail: readonly PointSeries[];
  readonly window: TimeSpan;
  readonly stepMs: number;
  readonly scrapeIntervalMs: number;
  /** Absent: the job may have any number of targets. */
  readonly expected?: ExpectedTargets;
}

/** How well the targets of a job were scraped in a window. */
export interface Coverage {
  /** `absent`: targets that are expected were never scraped, or none was. */
  readonly state: 'covered' | 'down' | 'stale' | 'absent';
  /** Scrapes that found the worst target up. */
  readonly samples: number;
  /** Why the state is not `covered`, in one sentence. */
  readonly detail: string;
  /** The longest time in the window in which one target was not seen up, and that target. A gap is rounded up to steps. */
  readonly longestGapMs: number;
  readonly gapTarget?: string;
  /** The longest time from a target's last up sample to the window's end. */
  readonly endGapMs: number;
  /** Expected targets that were never scraped, and the clusters that lack one. */
  readonly missing: { readonly count: number; readonly clusters: readonly string[] };
}

/** Age up to which a scrape counts as a step's, ms. */
export function freshMs(scrapeIntervalMs: number): number {
  return STEP_FRESH_INTERVALS * scrapeIntervalMs;
}

/** How old a target's last up sample may be at the window's end, ms. */
export function endLimitMs(scrapeIntervalMs: number): number {
  return Math.max(END_INTERVALS * scrapeIntervalMs, END_MIN_MS);
}

/**
 * Judges a job by its `up` series. Every expected target must have been scraped. Every target must be up in 80 % of the steps,
 * and its last up sample must not be older than three scrape intervals (at least 5 s) at the window's end. One missed scrape
 * refuses nothing. Targets that differ only in `instance` and follow each other in time count as one: a process that came back
 * on another port is the same target.
 */
export function jobCoverage(facts: CoverageFacts): Coverage {
  const { job, up, window, expected } = facts;
  const lengthMs = window.endMs - window.startMs;
  const targets = chainTargets(up, freshMs(facts.scrapeIntervalMs));
  const missing = missingTargets(targets, expected);
  const judged = targets.map((target) => judge(target, facts));
  const [first] = judged;
  if (first === undefined) {
    return {
      state: 'absent',
      samples: 0,
      detail: `no target of job "${job}" was scraped in the window${shareOfExpected(missing, expected)}`,
      longestGapMs: lengthMs,
      endGapMs: lengthMs,
      missing,
    };
  }
  const gap = judged.reduce((a, b) => (b.gapMs > a.gapMs ? b : a));
  const least = judged.reduce((a, b) => (b.target.upMs.length < a.target.upMs.length ? b : a));
  const found = {
    samples: Math.round((least.target.upMs.length * facts.stepMs) / facts.scrapeIntervalMs),
    longestGapMs: gap.gapMs,
    gapTarget: gap.target.name,
    endGapMs: Math.max(...judged.map(({ endGapMs }) => endGapMs)),
    missing,
  };
  const failed = mostToBlame(judged);
  if (failed?.problem !== undefined) {
    const { target, problem } = failed;
    const what = problem.state === 'down' ? 'was down' : 'was not scraped';
    return {
      ...found,
      state: problem.state,
      detail: `target ${target.name} of job "${job}" ${what}${problem.text}`,
    };
  }
  if (missing.count > 0) {
    const detail = `job "${job}" lacks targets${shareOfExpected(missing, expected)}`;
    return { ...found, state: 'absent', detail };
  }
  return { ...found, state: 'covered', detail: '' };
}

interface Judged {
  readonly target: Target;
  readonly gapMs: number;
  readonly endGapMs: number;
  /** Why the target is not covered: the state, and the end of a sentence. */
  readonly problem?: { readonly state: 'down' | 'stale'; readonly text: string };
}

function judge(target: Target, facts: CoverageFacts): Judged {
  const { window, stepMs, scrapeIntervalMs } = facts;
  const steps = Math.floor((window.endMs - window.startMs) / stepMs) + 1;
  const ups = target.upMs.length;
  const end = endGap(target, facts);
  const found = { target, endGapMs: end.ms, gapMs: longestGap(target, facts, end.ms) };
  const failed = target.scrapedMs.size - ups;
  const state = failed > 0 && failed >= steps - target.scrapedMs.size ? 'down' : 'stale';
  const missed = steps - ups;
  if (ups === 0 || (missed > STEPS_OF_ONE_SCRAPE && ups < steps * COVER_SHARE)) {
    const share = Math.floor((ups / steps) * 100);
    return {
      ...found,
      problem: { state, text: `: up in ${share} % of the window, ${COVER_SHARE * 100} % are needed` },
    };
  }
  if (end.isSeen) return found;
  const limit = seconds(endLimitMs(scrapeIntervalMs));
  const text = ` at the end of the window: last up ${seconds(end.ms)} s before it, less than ${limit} s are needed`;
  return { ...found, problem: { state: target.scrapedMs.has(window.endMs) ? 'down' : 'stale', text } };
}

/** From the last up sample to the window's end. Not seen in the tail: at least as long as the tail. */
function endGap(
  { series, upMs }: Target,
  { tail, window, scrapeIntervalMs }: CoverageFacts,
): { readonly ms: number; readonly isSeen: boolean } {
  const last = tail
    .filter(({ labels }) => series.has(groupKey(labels)))
    .flatMap(({ points }) => points.filter(([atMs, value]) => value === 1 && atMs <= window.endMs))
    .reduce((latest, [atMs]) => Math.max(latest, atMs), -Infinity);
  if (last > -Infinity) return { ms: window.endMs - last, isSeen: true };
  const sinceStepMs = window.endMs - (upMs.at(-1) ?? window.startMs);
  return { ms: Math.max(sinceStepMs, endLimitMs(scrapeIntervalMs)), isSeen: false };
}

/** The longest time between two steps with an up sample that do not follow each other, and at the window's ends. */
function longestGap({ upMs, scrapedMs }: Target, facts: CoverageFacts, endGapMs: number): number {
  const { window, stepMs, scrapeIntervalMs } = facts;
  const [firstMs] = upMs;
  if (firstMs === undefined) return window.endMs - window.startMs;
  const atStart = firstMs - window.startMs;
  const between = upMs.map((atMs, index) => {
    const gapMs = (upMs[index + 1] ?? atMs) - atMs;
    if (gapMs < 2 * stepMs) return 0;
    // Without a failed scrape after it, the step may show a scrape that was as old as a step's scrape can be.
    return gapMs + (scrapedMs.has(atMs + stepMs) ? 0 : freshMs(scrapeIntervalMs));
  });
  const atEnd = upMs.at(-1) === window.endMs ? 0 : endGapMs;
  return Math.max(atStart < stepMs ? 0 : atStart, atEnd, ...between);
}

/** The target that was seen up the least, of equals the one that was gone first; undefined where all are covered. */
function mostToBlame(judged: readonly Judged[]): Judged | undefined {
  return judged
    .filter(({ problem }) => problem !== undefined)
    .toSorted((a, b) => a.target.upMs.length - b.target.upMs.length || b.endGapMs - a.endGapMs)[0];
}

function missingTargets(targets: readonly Target[], expected: ExpectedTargets | undefined): Coverage['missing'] {
  if (expected === undefined) return { count: 0, clusters: [] };
  const { count, clusters } = expected;
  if (clusters === undefined || clusters.length === 0)
    return { count: Math.max(0, count - targets.length), clusters: [] };
  const each = count / clusters.length;
  const lacking = clusters.map((name) => {
    const present = targets.filter(({ cluster }) => cluster === name).length;
    return { name, count: Math.max(0, each - present) };
  });
  return {
    count: lacking.reduce((sum, one) => sum + one.count, 0),
    clusters: lacking.filter((one) => one.count > 0).map(({ name }) => name),
  };
}

/** How many clusters a message names. */
const NAMED = 3;

function shareOfExpected({ count, clusters }: Coverage['missing'], expected: ExpectedTargets | undefined): string {
  if (expected === undefined) return '';
  const named = clusters.slice(0, NAMED).join(', ');
  const more = clusters.length > NAMED ? ` and ${clusters.length - NAMED} more` : '';
  return `: ${count} of ${expected.count} were never scraped${named === '' ? '' : ` (in ${named}${more})`}`;
}

function seconds(ms: number): number {
  return Math.round(ms / 100) / 10;
}
