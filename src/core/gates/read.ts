import type { Answer, InfrastructureGap, Sample } from './answers.ts';
import type { CounterAnswer } from './counter.ts';
import type { Coverage } from './coverage.ts';
import { touchingGap } from './gaps.ts';
import { gateKind } from './kinds/registry.ts';
import type { Reading, UnmeasuredReason } from './model.ts';
import type { Refusal } from './refusal.ts';
import type { Selector } from '../promql/needs.ts';
import { unmetSelectors } from '../promql/needs.ts';
import { bucketQuantile, groupBuckets, groupKey } from './quantile.ts';
import type { GateQuestions } from './questions.ts';

/** Raw answers to a gate's questions; lists are in the questions' order. */
export interface GateAnswers {
  readonly values: readonly Answer<Sample>[];
  readonly selectors: readonly SelectorAnswers[];
  readonly quantiles: readonly QuantileAnswers[];
  readonly counters: readonly CounterAnswer[];
  /** Jobs behind the gate's series: named by it, or found with them. */
  readonly jobs: readonly string[];
  readonly coverage: readonly CoverageAnswer[];
}

export interface SelectorAnswers {
  readonly samples: Answer<Sample>;
  readonly fresh: Answer<Sample>;
  /** Absent where it was not needed or cannot be asked. */
  readonly freshByName?: Answer<Sample>;
}

export interface QuantileAnswers {
  readonly buckets: Answer<Sample>;
  readonly sum?: Answer<Sample>;
  readonly count?: Answer<Sample>;
}

export type CoverageAnswer =
  { readonly ok: true; readonly coverage: Coverage } | { readonly ok: false; readonly error: string };

/**
 * Turns raw answers into a reading: the only function that decides whether a value can be believed. Checks run from
 * cause to symptom, so that the reason names what to fix: infrastructure, answers, targets, series, events, number.
 */
export function readGate(questions: GateQuestions, answers: GateAnswers, gaps: readonly InfrastructureGap[]): Reading {
  const samples = sampleCount(questions, answers);
  const refusal =
    windowRefusal(questions) ??
    gapRefusal(questions, answers, gaps) ??
    errorRefusal(answers) ??
    coverageRefusal(answers) ??
    seriesRefusal(questions, answers) ??
    quantileRefusal(questions, answers) ??
    sampleRefusal(questions, samples);
  const outcome = refusal ?? valueOf(questions, answers);
  if (typeof outcome === 'number') return { ...base(questions, samples), value: outcome, quality: 'measured' };
  return unmeasuredReading(questions, outcome.reason, outcome.detail, samples);
}

/** A reading without a value, for the reason given. */
export function unmeasuredReading(
  questions: Pick<GateQuestions, 'gate' | 'window'>,
  reason: UnmeasuredReason,
  detail: string,
  samples = 0,
): Reading {
  return { ...base(questions, samples), value: null, quality: 'unmeasured', reason, detail };
}

function base(
  { gate, window }: Pick<GateQuestions, 'gate' | 'window'>,
  samples: number,
): Pick<Reading, 'gate' | 'samples' | 'windowStartMs' | 'windowEndMs' | 'atMs'> {
  return { gate: gate.name, samples, windowStartMs: window.startMs, windowEndMs: window.endMs, atMs: window.endMs };
}

function windowRefusal({ window }: GateQuestions): Refusal | undefined {
  if (window.endMs > window.startMs) return undefined;
  return { reason: 'too-few-samples', detail: 'the window has not begun: the soak is still settling' };
}

function gapRefusal(
  questions: GateQuestions,
  answers: GateAnswers,
  gaps: readonly InfrastructureGap[],
): Refusal | undefined {
  const gap = touchingGap(gaps, questions.window, answers.jobs);
  if (gap === undefined) return undefined;
  const where = gap.cluster === undefined ? '' : ` of ${gap.cluster}`;
  const howLong = gap.endMs === null ? 'is still gone' : `was gone for ${seconds(gap.endMs - gap.startMs)} s`;
  return { reason: 'ground-gap', detail: `${gap.component}${where} ${howLong} within the window` };
}

function errorRefusal(answers: GateAnswers): Refusal | undefined {
  const all: readonly ({ readonly ok: true } | { readonly ok: false; readonly error: string } | undefined)[] = [
    ...answers.values,
    ...answers.counters,
    ...answers.selectors.flatMap((one) => [one.samples, one.fresh, one.freshByName]),
    ...answers.quantiles.flatMap((one) => [one.buckets, one.sum, one.count]),
    ...answers.coverage,
  ];
  for (const answer of all) {
    if (answer !== undefined && !answer.ok) return { reason: 'query-error', detail: answer.error };
  }
  return undefined;
}

function coverageRefusal(answers: GateAnswers): Refusal | undefined {
  for (const answer of answers.coverage) {
    if (!answer.ok || answer.coverage.state === 'covered') continue;
    const { state, detail } = answer.coverage;
    const reasons = { down: 'target-down', stale: 'target-stale', absent: 'no-series' } as const;
    return { reason: reasons[state], detail };
  }
  return undefined;
}

function seriesRefusal(questions: GateQuestions, answers: GateAnswers): Refusal | undefined {
  const state = new Map(
    questions.selectors.map(({ selector }, index) => {
      const answer = answers.selectors[index];
      const known = hasSeries(answer?.fresh) || hasSeries(answer?.freshByName);
      return [selector.text, known ? 'known' : hasSeries(answer?.samples) ? 'vanished' : 'absent'] as const;
    }),
  );
  const exists = (selector: Selector): boolean => state.get(selector.text) === 'known';
  const missing = questions.needs.flatMap((need) => unmetSelectors(need, exists))[0];
  if (missing === undefined) return undefined;
  const detail =
    state.get(missing.text) === 'vanished'
      ? `${missing.text} was served in the window but no longer at its end`
      : `no series ${missing.text}${missing.name === undefined ? '' : `, nor any other of that name`}`;
  return { reason: 'no-series', detail };
}

function quantileRefusal(questions: GateQuestions, answers: GateAnswers): Refusal | undefined {
  for (const [index, use] of questions.quantiles.entries()) {
    const answer = answers.quantiles[index];
    if (answer === undefined) continue;
    if (use.phi === undefined) {
      return { reason: 'query-error', detail: 'the quantile is not a number, so saturation cannot be checked' };
    }
    const means = meansByGroup(answer);
    const results = groupBuckets(seriesOf(answer.buckets)).map((group) => ({
      group,
      result: bucketQuantile(use.phi ?? 0, group.buckets, means.get(groupKey(group.labels))),
    }));
    for (const { group, result } of results) {
      if (result.kind !== 'saturated') continue;
      return { reason: 'saturated', detail: `${result.detail}${labelText(group.labels)}` };
    }
    // No bucket at all is no event either, whatever number the expression around it puts in its place.
    if (results.every(({ result }) => result.kind === 'no-events')) {
      return { reason: 'no-events', detail: `${use.buckets} counted nothing in the window` };
    }
  }
  return undefined;
}

function meansByGroup(answer: QuantileAnswers): ReadonlyMap<string, number> {
  const counts = new Map(seriesOf(answer.count).map((sample) => [groupKey(sample.labels), sample.value]));
  const means = new Map<string, number>();
  for (const sum of seriesOf(answer.sum)) {
    const key = groupKey(sum.labels);
    const count = counts.get(key) ?? 0;
    if (count > 0) means.set(key, sum.value / count);
  }
  return means;
}

/** Samples behind the value: of the worst covered series it needs; of the targets where the series has none yet. */
function sampleCount(questions: GateQuestions, answers: GateAnswers): number {
  const counts = questions.selectors.flatMap((_, index) => {
    const found = seriesOf(answers.selectors[index]?.samples).map((sample) => sample.value);
    return found.length === 0 ? [] : [Math.max(...found)];
  });
  const scraped = answers.coverage.map((answer) => (answer.ok ? answer.coverage.samples : 0));
  const all = counts.length > 0 ? counts : scraped;
  return all.length === 0 ? 0 : Math.min(...all);
}

function sampleRefusal({ gate, selectors }: GateQuestions, samples: number): Refusal | undefined {
  if (samples >= gate.minSamples || selectors.length === 0) return undefined;
  return { reason: 'too-few-samples', detail: `${samples} samples in the window, ${gate.minSamples} are asked for` };
}

function valueOf({ gate, values, window }: GateQuestions, answers: GateAnswers): number | Refusal {
  const { topFiniteBucket } = gate;
  return gateKind(gate.source).value({
    values: answers.values.map((answer, index) => ({ query: values[index] ?? '', answer })),
    counters: answers.counters,
    window,
    ...(topFiniteBucket === undefined ? {} : { topFiniteBucket }),
  });
}

function seriesOf(answer: Answer<Sample> | undefined): readonly Sample[] {
  return answer?.ok === true ? answer.series : [];
}

function hasSeries(answer: Answer<Sample> | undefined): boolean {
  return seriesOf(answer).length > 0;
}

function labelText(labels: Readonly<Record<string, string>>): string {
  const pairs = Object.entries(labels).map(([name, value]) => `${name}="${value}"`);
  return pairs.length === 0 ? '' : ` (${pairs.join(', ')})`;
}

function seconds(ms: number): number {
  return Math.round(ms / 100) / 10;
}
