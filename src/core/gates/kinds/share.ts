import { z } from 'zod';
import { canonicalSelectors } from '../../promql/canonical.ts';
import { isPromql } from '../../promql/check.ts';
import { counterProblem } from '../../promql/counter-expression.ts';
import { NOT_NEGATIVE, TRUTH } from '../../promql/interval.ts';
import { isPart } from '../../promql/part-of.ts';
import { all } from '../asking.ts';
import { tooFewEvents } from '../enough-events.ts';
import { expressionGrowth } from '../expression-growth.ts';
import { bounded, highOf, lowOf } from '../measure.ts';
import type { GateKind } from './kind.ts';
import { promql } from './promql-field.ts';

/** Growth of a counter over the growth of another, both over the window: the share of errors, of successes. */
interface ShareSource {
  readonly kind: 'share';
  readonly counter: string;
  readonly of: string;
}

declare module '../../model/gate-patch.ts' {
  interface GateSourceFields {
    readonly share?: { readonly counter: string; readonly of: string };
  }
}

declare module '../model.ts' {
  interface GateSources {
    readonly share: ShareSource;
  }
}

const SIDES = ['counter', 'of'] as const;

const SAME = 'the same counters as the share is asked of: the quotient is always 1';

function sameCounters(a: string, b: string): boolean {
  return canonicalSelectors(a).join(' ') === canonicalSelectors(b).join(' ');
}

/** The quotient of two growths. */
export const share = {
  schema: z
    .strictObject({
      counter: promql('PromQL expression of the counter whose share is asked for'),
      of: promql('PromQL expression of the counter of everything; no growth is "no events", never 100 %'),
    })
    .meta({ description: 'How much one counter grew over the window, divided by how much another did' })
    .optional(),
  sourceOf: (patch) => (patch.share === undefined ? undefined : { kind: 'share', ...patch.share }),
  checkRaw: (raw, path) => {
    for (const side of SIDES) {
      const counter = raw.text(...path, 'share', side);
      const problem = counter !== undefined && isPromql(counter) ? counterProblem(counter) : undefined;
      if (problem !== undefined) raw.refuse([...path, 'share', side], 'not a counter', problem);
    }
    const [counter, of] = SIDES.map((side) => raw.text(...path, 'share', side));
    if (counter !== undefined && of !== undefined && sameCounters(counter, of))
      raw.refuse([...path, 'share', 'of'], SAME, 'other counters');
  },
  problems: (source) => [
    ...SIDES.flatMap((side) => {
      const message = counterProblem(source[side]);
      return message === undefined ? [] : [{ field: `share.${side}`, message }];
    }),
    ...(sameCounters(source.counter, source.of) ? [{ field: 'share.of', message: SAME }] : []),
  ],
  possible: ({ counter, of }) => (isPart(counter, of) ? TRUTH : NOT_NEGATIVE),
  expressions: ({ counter, of }) => [
    { promql: counter, mayBeAbsent: true },
    { promql: of, mayBeAbsent: false },
  ],
  *value(_source, subject, jobs) {
    const sides = subject.expressions.map(({ promql: counters }) => expressionGrowth(subject, jobs, counters));
    const [part, whole] = yield* all(sides);
    if (part === undefined || whole === undefined) return { reason: 'not-evaluated', detail: 'nothing was asked' };
    if ('reason' in part) return part;
    if ('reason' in whole) return whole;
    if (lowOf(whole) <= 0) {
      return {
        reason: 'no-events',
        detail: `nothing happened in the window: ${subject.expressions[1]?.promql} did not grow`,
      };
    }
    const tooFew = tooFewEvents(subject.gate, lowOf(whole), subject.expressions[1]?.promql ?? '');
    if (tooFew !== undefined) return tooFew;
    const because = part.because ?? whole.because;
    return bounded(part.value / whole.value, lowOf(part) / highOf(whole), highOf(part) / lowOf(whole), because);
  },
  hasEvents: true,
  countsEvents: true,
  curve: ({ counter, of }) => ({ promql: `sum(${counter}) / sum(${of})`, growth: false }),
} satisfies GateKind<ShareSource>;
