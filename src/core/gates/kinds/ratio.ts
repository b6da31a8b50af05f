import { z } from 'zod';
import { canonical } from '../../promql/canonical.ts';
import { possibleValues } from '../../promql/constant.ts';
import { quantilesOf } from '../../promql/quantiles.ts';
import { all } from '../asking.ts';
import { tooFewEvents } from '../enough-events.ts';
import { singleValue } from '../single-value.ts';
import type { GateKind } from './kind.ts';
import { expressionProblem, promql } from './promql-field.ts';

/** Numerator over denominator, each measured on its own. A denominator of 0 means "no events", never 100 %. */
interface RatioSource {
  readonly kind: 'ratio';
  readonly numerator: string;
  readonly denominator: string;
}

declare module '../../model/gate-patch.ts' {
  interface GateSourceFields {
    readonly ratio?: { readonly numerator: string; readonly denominator: string };
  }
}

declare module '../model.ts' {
  interface GateSources {
    readonly ratio: RatioSource;
  }
}

const SAME = 'the same as the numerator: the quotient is always 1';

function sameValue(a: string, b: string | undefined): boolean {
  return b !== undefined && canonical(a) === canonical(b);
}

/** The quotient of two expressions. For counters `share` counts what `rate()` leaves out. */
export const ratio = {
  schema: z
    .strictObject({
      numerator: promql('PromQL expression of the numerator'),
      denominator: promql('PromQL expression of the denominator; 0 is "no events", never 100 %'),
    })
    .meta({ description: 'Two expressions, each measured on its own; the value is their quotient' })
    .optional(),
  sourceOf: (patch) => (patch.ratio === undefined ? undefined : { kind: 'ratio', ...patch.ratio }),
  checkRaw: (raw, path) => {
    const denominator = raw.text(...path, 'ratio', 'denominator');
    if (denominator !== undefined && sameValue(denominator, raw.text(...path, 'ratio', 'numerator')))
      raw.refuse([...path, 'ratio', 'denominator'], SAME, 'another expression than the numerator');
  },
  problems: ({ numerator, denominator }) => [
    ...Object.entries({ numerator, denominator }).flatMap(([side, text]) => {
      const message = expressionProblem(text);
      return message === undefined ? [] : [{ field: `ratio.${side}`, message }];
    }),
    ...(sameValue(numerator, denominator) ? [{ field: 'ratio.denominator', message: SAME }] : []),
  ],
  possible: ({ numerator, denominator }) => possibleValues(`(${numerator}) / (${denominator})`),
  expressions: ({ numerator, denominator }) => [
    { promql: numerator, mayBeAbsent: true },
    { promql: denominator, mayBeAbsent: false },
  ],
  *value(_source, { expressions, fresh, atMs, gate }) {
    const uncertain = expressions.find(({ promql: text }) => quantilesOf(text).length > 0);
    if (uncertain !== undefined && gate.barKind !== 'informational') {
      return {
        reason: 'query-error',
        detail: `how exact a ratio of quantiles is cannot be known: ${uncertain.promql}`,
      };
    }
    const [numerator, denominator] = yield* all(
      expressions.map(({ promql: text, mayBeAbsent }) =>
        singleValue(text, { fresh, atMs }, mayBeAbsent ? gate.absentIs : undefined),
      ),
    );
    if (numerator === undefined || denominator === undefined)
      return { reason: 'not-evaluated', detail: 'no query was evaluated' };
    if (typeof numerator !== 'number') return numerator;
    if (typeof denominator !== 'number') return denominator;
    if (denominator === 0)
      return { reason: 'no-events', detail: `nothing happened in the window: ${expressions[1]?.promql} is 0` };
    return tooFewEvents(gate, denominator, expressions[1]?.promql ?? '') ?? { value: numerator / denominator };
  },
  hasEvents: true,
  curve: ({ numerator, denominator }) => ({ promql: `(${numerator}) / (${denominator})`, growth: false }),
} satisfies GateKind<RatioSource>;
