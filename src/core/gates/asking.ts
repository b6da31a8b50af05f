import type { Answer, PointSeries, Sample } from './answers.ts';

/** One question to Prometheus. Moments are ms since 1970. */
export type Question =
  /** The value of an expression at a moment. */
  | { readonly kind: 'instant'; readonly promql: string; readonly atMs: number }
  /** The raw points of a range selector (`x[1m]`) at a moment. */
  | { readonly kind: 'raw'; readonly promql: string; readonly atMs: number }
  /** The values of an expression at every step of a time. */
  | {
      readonly kind: 'range';
      readonly promql: string;
      readonly startMs: number;
      readonly endMs: number;
      readonly stepMs: number;
    }
  /** Whether a selector has had a series at any time from `startMs` to `endMs`. The answer is at most one series. */
  | { readonly kind: 'seen'; readonly selector: string; readonly startMs: number; readonly endMs: number }
  /** What the targets say that a metric is: the label `type` of each series. No series = none says it. */
  | { readonly kind: 'type'; readonly metric: string };

/** The answer to a question of any kind. */
export type AnyAnswer = Answer<Sample> | Answer<PointSeries>;

/**
 * A calculation that asks Prometheus as it goes: it yields questions that may be asked at once, and gets their answers in the
 * same order. It is pure. Who runs it asks the questions: `evaluateGates` a real Prometheus, a test its own table.
 */
export type Asking<T> = Generator<readonly Question[], T, readonly AnyAnswer[]>;

/** A question was not answered. It ends the calculation that asked. */
export class Unanswered extends Error {
  override readonly name = 'Unanswered';
}

/** The value of an expression at a moment. @throws Unanswered */
export function* instant(promql: string, atMs: number): Asking<readonly Sample[]> {
  return seriesOf((yield [{ kind: 'instant', promql, atMs }])[0] as Answer<Sample> | undefined);
}

/** The raw points of a range selector. @throws Unanswered */
export function* raw(promql: string, atMs: number): Asking<readonly PointSeries[]> {
  return seriesOf((yield [{ kind: 'raw', promql, atMs }])[0] as Answer<PointSeries> | undefined);
}

/** The values of an expression at every step. @throws Unanswered */
export function* range(
  promql: string,
  span: { readonly startMs: number; readonly endMs: number; readonly stepMs: number },
): Asking<readonly PointSeries[]> {
  return seriesOf((yield [{ kind: 'range', promql, ...span }])[0] as Answer<PointSeries> | undefined);
}

/** Whether a selector has had a series within a time. @throws Unanswered */
export function* seen(
  selector: string,
  { startMs, endMs }: { readonly startMs: number; readonly endMs: number },
): Asking<boolean> {
  const answer = (yield [{ kind: 'seen', selector, startMs, endMs }])[0] as Answer<Sample> | undefined;
  return seriesOf(answer).length > 0;
}

/** What the targets that serve a metric say it is, e.g. `gauge`. Empty where none says it. @throws Unanswered */
export function* typesOf(metric: string): Asking<readonly string[]> {
  const answer = (yield [{ kind: 'type', metric }])[0] as Answer<Sample> | undefined;
  return seriesOf(answer).flatMap(({ labels }) => labels['type'] ?? []);
}

/**
 * Runs calculations side by side: the questions of all that wait are asked at once.
 * @throws what one of them throws
 */
export function* all<T>(parts: readonly Asking<T>[]): Asking<readonly T[]> {
  const steps = parts.map((part) => part.next());
  for (;;) {
    const batch = steps.map((step) => (step.done === true ? [] : step.value));
    const questions = batch.flat();
    if (questions.length === 0) break;
    const answers = yield questions;
    let from = 0;
    for (const [index, asked] of batch.entries()) {
      if (asked.length === 0) continue;
      steps[index] = (parts[index] as Asking<T>).next(answers.slice(from, from + asked.length));
      from += asked.length;
    }
  }
  return steps.map((step) => step.value as T);
}

function seriesOf<T>(answer: Answer<T> | undefined): readonly T[] {
  if (answer === undefined) throw new Unanswered('the question was not answered');
  if (!answer.ok) throw new Unanswered(answer.error);
  return answer.series;
}
