import { z } from 'zod';
import { count, text } from '../../files/fields.ts';
import type { GateKind } from './kind.ts';

/** How much a metric of this campaign has changed over the last comparable runs, as a share of its level before. */
interface TrendSource {
  readonly kind: 'trend';
  /** Name of a gate of this campaign, `stage.<stage>` or `load.<what>`. */
  readonly of: string;
  /** Changes of so many last runs count, this campaign among them. */
  readonly over: number;
}

declare module '../../model/gate-patch.ts' {
  interface GateSourceFields {
    readonly trend?: { readonly of: string; readonly over?: number | undefined };
  }
}

declare module '../model.ts' {
  interface GateSources {
    readonly trend: TrendSource;
  }
}

/** A change counts for so many runs unless the file says otherwise: a nightly campaign is red for three weeks after a step. */
const DEFAULT_RUNS = 20;

/** Metrics that are no gates: durations of stages, and how the load was created. */
const NO_GATE = /^(stage|load)\./;

/** The change of another value over the last runs. Its value comes from earlier runs, when the campaign is judged. */
export const trend = {
  schema: z
    .strictObject({
      of: text('What is followed: a gate, stage.<stage> or load.<what>', 1),
      over: count('Changes of so many last runs count, this one among them; 20 by default', 1).optional(),
    })
    .meta({
      description:
        'Change of a value over the last comparable runs, as a share of the level before: 0.1 is 10 % more. Unmeasured with fewer than five earlier runs',
    })
    .optional(),
  sourceOf: ({ trend: fields }) =>
    fields === undefined ? undefined : { kind: 'trend', of: fields.of, over: fields.over ?? DEFAULT_RUNS },
  problems: ({ of }, gates) =>
    gates.includes(of) || NO_GATE.test(of)
      ? []
      : [{ field: 'trend.of', message: `found "${of}"; another gate of this campaign, stage.<stage> or load.<what>` }],
  fromEarlierRuns: true,
  expressions: () => [],
  // oxlint-disable-next-line require-yield -- it asks Prometheus nothing
  *value() {
    return { reason: 'not-evaluated', detail: 'a trend is read from earlier runs, when the campaign is judged' };
  },
  curve: () => undefined,
} satisfies GateKind<TrendSource>;
