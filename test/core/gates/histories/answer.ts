import type { PointSeries, Sample } from '../../../../src/core/gates/answers.ts';
import type { AnyAnswer, Asking, Question } from '../../../../src/core/gates/asking.ts';
import { selectorOf } from './promql-selector.ts';
import { keyOf, PromqlError } from './promql-labels.ts';
import { evaluate, evaluateRange } from './promql.ts';
import type { Store } from './store.ts';
import { treeOf } from '../../../../src/core/promql/tree.ts';
import { childrenOf } from '../../../../src/core/promql/syntax.ts';

/** Runs a calculation on a store: every question is answered as Prometheus would. */
export function runOn<T>(store: Store, calculation: Asking<T>): T {
  let step = calculation.next();
  while (step.done !== true) step = calculation.next(step.value.map((question) => answerOf(store, question)));
  return step.value;
}

/** The answer of a store to one question. */
export function answerOf(store: Store, question: Question): AnyAnswer {
  try {
    return { ok: true, series: seriesOf(store, question) } as AnyAnswer;
  } catch (cause) {
    if (cause instanceof PromqlError) return { ok: false, error: cause.message };
    throw cause;
  }
}

function seriesOf(store: Store, question: Question): readonly Sample[] | readonly PointSeries[] {
  switch (question.kind) {
    case 'instant':
      return instantOf(store, question.promql, question.atMs);
    case 'raw':
      return evaluateRange(question.promql, store, question.atMs);
    case 'range': {
      const found = new Map<string, { labels: Sample['labels']; points: [number, number][] }>();
      for (let atMs = question.startMs; atMs <= question.endMs; atMs += question.stepMs) {
        for (const { labels, value } of instantOf(store, question.promql, atMs)) {
          const series = found.get(keyOf(labels)) ?? { labels, points: [] };
          series.points.push([atMs, value]);
          found.set(keyOf(labels), series);
        }
      }
      return [...found.values()];
    }
    case 'type':
      return [];
    case 'seen': {
      const [node] = childrenOf(treeOf(question.selector));
      if (node === undefined) return [];
      const { name, matches } = selectorOf(node, question.selector);
      const { startMs, endMs } = question;
      return store
        .select(name, matches)
        .filter(({ times }) => times.some((atMs) => atMs >= startMs && atMs <= endMs))
        .slice(0, 1)
        .map(({ labels }) => ({ labels, value: 1 }));
    }
  }
}

function instantOf(store: Store, promql: string, atMs: number): readonly Sample[] {
  const value = evaluate(promql, store, atMs);
  return typeof value === 'number' ? [{ labels: {}, value }] : value;
}
