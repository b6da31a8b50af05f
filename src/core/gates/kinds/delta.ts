import { z } from 'zod';
import { isPromql } from '../../promql/check.ts';
import { counterProblem } from '../../promql/counter-expression.ts';
import { expressionGrowth } from '../expression-growth.ts';
import type { GateKind } from './kind.ts';
import { promql } from './promql-field.ts';

/** How much a counter grew over the window; a restart makes it a lower bound. */
interface DeltaSource {
  readonly kind: 'delta';
  readonly counter: string;
}

declare module '../../model/gate-patch.ts' {
  interface GateSourceFields {
    readonly delta?: { readonly counter: string };
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
    .strictObject({ counter: promql('PromQL expression of a counter') })
    .meta({ description: 'How much a counter grew over the window' })
    .optional(),
  sourceOf: (patch) => (patch.delta === undefined ? undefined : { kind: 'delta', counter: patch.delta.counter }),
  checkRaw: (raw, path) => {
    const counter = raw.text(...path, 'delta', 'counter');
    const problem = counter !== undefined && isPromql(counter) ? counterProblem(counter) : undefined;
    if (problem !== undefined) raw.refuse([...path, 'delta', 'counter'], 'not a counter', problem);
  },
  problems: ({ counter }) => {
    const message = counterProblem(counter);
    return message === undefined ? [] : [{ field: 'delta.counter', message }];
  },
  expressions: ({ counter }) => [{ promql: counter, mayBeAbsent: true }],
  value: (_source, subject) => expressionGrowth(subject, subject.expressions[0]?.promql ?? ''),
  curve: ({ counter }) => ({ promql: counter, growth: true }),
} satisfies GateKind<DeltaSource>;
