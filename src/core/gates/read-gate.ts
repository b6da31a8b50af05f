import { all, Unanswered, type Asking } from './asking.ts';
import { aggregates } from './checks/aggregates.ts';
import { births } from './checks/births.ts';
import { changed } from './checks/changed.ts';
import { clocks } from './checks/clocks.ts';
import { estimated } from './checks/estimated.ts';
import { hidden } from './checks/hidden.ts';
import { lastTwo } from './checks/last-two.ts';
import { lifelong } from './checks/lifelong.ts';
import { sampleCounts } from './checks/sample-counts.ts';
import { seriesChanges } from './checks/series-changes.ts';
import { comparisons } from './checks/comparisons.ts';
import type { Check } from './checks/check.ts';
import { counterType } from './checks/counter-type.ts';
import { coverage, coverageOf } from './checks/coverage.ts';
import { defaults } from './checks/defaults.ts';
import { doubles } from './checks/doubles.ts';
import { divisors } from './checks/divisors.ts';
import { labels } from './checks/labels.ts';
import { madeLabelsExist } from './checks/made-labels.ts';
import { moments } from './checks/moments.ts';
import { names } from './checks/names.ts';
import { oneProcess } from './checks/one-process.ts';
import { overlaps } from './checks/overlaps.ts';
import { overTime } from './checks/over-time.ts';
import { pages } from './checks/pages.ts';
import { partners } from './checks/partners.ts';
import { plainCounters } from './checks/plain-counters.ts';
import { recorded } from './checks/recorded.ts';
import { resets } from './checks/resets.ts';
import { precomputedRefusal, sampleRefusal, seriesFacts, type SeriesFacts } from './checks/samples.ts';
import { served } from './checks/served.ts';
import { sets } from './checks/sets.ts';
import { thresholds } from './checks/thresholds.ts';
import { throughout } from './checks/throughout.ts';
import { twoSamples } from './checks/two-samples.ts';
import { watch } from './checks/watch.ts';
import { touchingGap } from './gaps.ts';
import { gateKind } from './kinds/registry.ts';
import type { Measure } from './measure.ts';
import type { GateDefinition, Reading } from './model.ts';
import type { Refusal } from './refusal.ts';
import type { ReadingContext, Subject } from './subject.ts';
import { subjectOf } from './subject-of.ts';
import type { TimeSpan } from './window.ts';

/** Checks in the order of their reasons: from cause to symptom, so that the reason names what to fix. */
const CHECKS: readonly Check[] = [
  watch,
  coverage,
  pages,
  names,
  oneProcess,
  labels,
  madeLabelsExist,
  recorded,
  counterType,
  births,
  lastTwo,
  estimated,
  plainCounters,
  resets,
  served,
  changed,
  overTime,
  throughout,
  twoSamples,
  seriesChanges,
  sampleCounts,
  moments,
  doubles,
  overlaps,
  partners,
  sets,
  divisors,
  comparisons,
  defaults,
  clocks,
  lifelong,
  hidden,
  thresholds,
];

/**
 * Reads a gate over a window: the only function that decides whether a value can be believed. Checks run from cause to symptom:
 * infrastructure, answers, targets, series, events, number.
 *
 * @param atMs the moment that queries are asked for; not before the window's end
 */
export function* readGate(
  gate: GateDefinition,
  window: TimeSpan,
  atMs: number,
  context: ReadingContext,
): Asking<Reading> {
  const subject = subjectOf(gate, window, atMs, context);
  if (window.endMs <= window.startMs) {
    return unmeasuredReading(subject, {
      reason: 'too-few-samples',
      detail: 'the window has not begun: the soak is still settling',
    });
  }
  const kind = gateKind(gate.source);
  if (kind.fromEarlierRuns === true) {
    const found = yield* kind.value(gate.source, subject, []);
    if ('reason' in found) return unmeasuredReading(subject, found);
  }
  let facts: SeriesFacts | undefined;
  try {
    facts = yield* seriesFacts(subject);
    const jobs = jobsOf(subject, facts);
    const gap = gapRefusal(subject, jobs);
    if (gap !== undefined) return unmeasuredReading(subject, gap, samplesOf(facts));
    return yield* believed(subject, facts, jobs);
  } catch (cause) {
    if (!(cause instanceof Unanswered)) throw cause;
    return unansweredReading(subject, facts, cause.message);
  }
}

/** The reading of a gate whose questions were not answered: an infrastructure gap if one explains it, else the error. */
function unansweredReading(subject: Subject, facts: SeriesFacts | undefined, error: string): Reading {
  const gap = gapRefusal(subject, jobsOf(subject, facts));
  return unmeasuredReading(subject, gap ?? { reason: 'query-error', detail: error });
}

/** The readings of gates when Prometheus does not answer at all. */
export function silentReading(
  gate: GateDefinition,
  window: TimeSpan,
  atMs: number,
  context: ReadingContext,
  error: string,
): Reading {
  return unansweredReading(subjectOf(gate, window, atMs, context), undefined, error);
}

function* believed(subject: Subject, facts: SeriesFacts, jobs: readonly string[]): Asking<Reading> {
  const [value, aggregated, ...found] = yield* all<Measure | Refusal | undefined>([
    gateKind(subject.gate.source).value(subject.gate.source, subject, jobs),
    aggregates(subject),
    ...CHECKS.map((check) => check(subject, jobs)),
  ]);
  const samples = facts.samples.length > 0 ? samplesOf(facts) : yield* scrapesOf(subject, jobs);
  const refusals = [
    ...found,
    precomputedRefusal(subject, facts),
    value !== undefined && 'reason' in value && value.reason === 'no-events' ? value : undefined,
    sampleRefusal(subject, samples),
    value !== undefined && 'reason' in value && value.reason !== 'nan' ? value : undefined,
    aggregated,
    value,
  ];
  const refusal = refusals.find((one): one is Refusal => one !== undefined && 'reason' in one);
  if (refusal !== undefined) return unmeasuredReading(subject, refusal, samples);
  if (value === undefined || 'reason' in value) {
    return unmeasuredReading(subject, { reason: 'not-evaluated', detail: 'no query was evaluated' }, samples);
  }
  if (!Number.isFinite(value.value)) {
    return unmeasuredReading(subject, { reason: 'infinite', detail: `the quotient is ${value.value}` }, samples);
  }
  const { because, ...measure } = value;
  return {
    ...base(subject, samples),
    ...measure,
    quality: 'measured',
    ...(because === undefined ? {} : { detail: because }),
  };
}

/** Scrapes of the worst covered job, where the series themselves have no samples yet. */
function* scrapesOf(subject: Subject, jobs: readonly string[]): Asking<number> {
  const covered = yield* all(jobs.map((job) => coverageOf(subject, job)));
  return covered.length === 0 ? 0 : Math.min(...covered.map(({ samples }) => samples));
}

function jobsOf({ gate, selectors }: Subject, facts: SeriesFacts | undefined): readonly string[] {
  const named = gate.job === undefined ? [] : [gate.job];
  return [...new Set([...named, ...selectors.flatMap(({ job }) => job ?? []), ...(facts?.jobs ?? [])])];
}

function gapRefusal({ gaps, window }: Subject, jobs: readonly string[]): Refusal | undefined {
  const gap = touchingGap(gaps, window, jobs);
  if (gap === undefined) return undefined;
  const where = gap.cluster === undefined ? '' : ` of ${gap.cluster}`;
  const howLong =
    gap.endMs === null ? 'is still gone' : `was gone for ${Math.round((gap.endMs - gap.startMs) / 100) / 10} s`;
  return { reason: 'infrastructure-gap', detail: `${gap.component}${where} ${howLong} within the window` };
}

function unmeasuredReading(subject: Subject, refusal: Refusal, samples = 0): Reading {
  const { reason, detail, estimate } = refusal;
  const known = {
    ...(estimate === undefined ? {} : { estimate }),
    ...(isUnborn(subject, refusal) ? { unborn: true as const } : {}),
  };
  return { ...base(subject, samples), value: null, quality: 'unmeasured', reason, detail, ...known };
}

/** Of targets that are known, `coverage` has said before `names` that they were up through the window. */
function isUnborn({ gate, selectors }: Subject, { unborn }: Refusal): boolean {
  const areKnown = gate.job !== undefined || selectors.every(({ job }) => job !== undefined);
  return unborn === true && areKnown && gateKind(gate.source).countsEvents === true;
}

function base(
  { gate, window, atMs }: Subject,
  samples: number,
): Pick<Reading, 'gate' | 'samples' | 'windowStartMs' | 'windowEndMs' | 'atMs'> {
  return { gate: gate.name, samples, windowStartMs: window.startMs, windowEndMs: window.endMs, atMs };
}

/** Samples behind the value: of the worst covered series it needs. */
function samplesOf({ samples }: SeriesFacts): number {
  return samples.length === 0 ? 0 : Math.min(...samples);
}
