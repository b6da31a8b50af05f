import { z } from 'zod';
import { flag } from '../../files/fields.ts';
import { isPromql } from '../../promql/check.ts';
import { counterProblem } from '../../promql/counter-expression.ts';
import { NOT_NEGATIVE } from '../../promql/interval.ts';
import { expressionGrowth } from '../expression-growth.ts';
import { bounded, highOf, lowOf } from '../measure.ts';
import type { GateKind } from './kind.ts';
import { promql } from './promql-field.ts';

/** How much a counter grew over the window; a restart makes it a lower bound. */
interface DeltaSource {
  readonly kind: 'delta';
  readonly counter: string;
  /** The growth is divided by the seconds of the window. Absent = it is not. */
  readonly perSecond?: true;
}

declare module '../../model/gate-patch.ts' {
  interface GateSourceFields {
    readonly delta?: { readonly counter: string; readonly perSecond?: boolean | undefined };
  }
}

declare module '../model.ts' {
  interface GateSources {
    readonly delta: DeltaSource;
  }
}

/** The growth of a counter. */
export const delta = {
  schema: z
    .strictObject({
      counter: promql('PromQL expression of a counter'),
      perSecond: flag('Divide the growth by the length of the window. Absent = false').optional(),
    })
    .meta({ description: 'How much a counter grew over the window' })
    .optional(),
  sourceOf: ({ delta: fields }) =>
    fields === undefined
      ? undefined
      : { kind: 'delta', counter: fields.counter, ...(fields.perSecond === true ? { perSecond: true } : {}) },
  checkRaw: (raw, path) => {
    const counter = raw.text(...path, 'delta', 'counter');
    const problem = counter !== undefined && isPromql(counter) ? counterProblem(counter) : undefined;
    if (problem !== undefined) raw.refuse([...path, 'delta', 'counter'], 'not a counter', problem);
  },
  problems: ({ counter }) => {
    const message = counterProblem(counter);
    return message === undefined ? [] : [{ field: 'delta.counter', message }];
  },
  possible: () => NOT_NEGATIVE,
  expressions: ({ counter }) => [{ promql: counter, mayBeAbsent: true }],
  *value({ perSecond }, subject, jobs) {
    const growth = yield* expressionGrowth(subject, jobs, subject.expressions[0]?.promql ?? '');
    if ('reason' in growth || perSecond !== true) return growth;
    const seconds = (subject.atMs - subject.window.startMs) / 1_000;
    return bounded(growth.value / seconds, lowOf(growth) / seconds, highOf(growth) / seconds, growth.because);
  },
  curve: ({ counter }) => ({ promql: counter, growth: true }),
} satisfies GateKind<DeltaSource>;
