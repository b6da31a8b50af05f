import { z } from 'zod';
import { matching } from '../../files/fields.ts';
import { isPromql } from '../../promql/check.ts';
import { selectorProblem } from '../../promql/histogram-selector.ts';
import { raw } from '../asking.ts';
import { groupKey } from '../quantile.ts';
import { bounded } from '../measure.ts';
import { promDuration } from '../../promql/placeholders.ts';
import type { GateKind } from './kind.ts';
import { promql } from './promql-field.ts';

/** The longest time, up to the window's end, in which a series of a counter did not grow, in seconds. */
interface IdleSource {
  readonly kind: 'idle';
  readonly counter: string;
  readonly by: readonly string[];
}

declare module '../../model/gate-patch.ts' {
  interface GateSourceFields {
    readonly idle?: { readonly counter: string; readonly by?: readonly string[] | undefined };
  }
}

declare module '../model.ts' {
  interface GateSources {
    readonly idle: IdleSource;
  }
}

const LABEL = matching(/^[A-Za-z_]\w*$/, 'the name of a label', 'Name of a label', 'not the name of a label');

/** How far back growth is looked for: this many times the bar, at least so many ms. Longer idleness is "at least that long". */
const LOOK_BACK_BARS = 4;
const LOOK_BACK_MIN_MS = 60_000;

/** The age of the last completed cycle of a loop: a loop that hangs does not count, and no histogram shows it. */
export const idle = {
  schema: z
    .strictObject({
      counter: promql('Selector of a counter that grows with every cycle, e.g. cycle_seconds_count'),
      by: z
        .array(LABEL)
        .min(1)
        .meta({ description: 'Labels of one loop, whose series count together. Absent = each series is a loop' })
        .optional(),
    })
    .meta({ description: 'Seconds since the last growth of the counter, of the loop that has been idle longest' })
    .optional(),
  sourceOf: ({ idle: fields }) =>
    fields === undefined ? undefined : { kind: 'idle', counter: fields.counter, by: fields.by ?? [] },
  checkRaw: (raw_, path) => {
    const selector = raw_.text(...path, 'idle', 'counter');
    const problem = selector !== undefined && isPromql(selector) ? selectorProblem(selector) : undefined;
    if (problem !== undefined) raw_.refuse([...path, 'idle', 'counter'], 'not the selector of a counter', problem);
  },
  problems: ({ counter }) => {
    const message = selectorProblem(counter);
    return message === undefined ? [] : [{ field: 'idle.counter', message }];
  },
  expressions: ({ counter }) => [{ promql: counter, mayBeAbsent: false }],
  *value({ by }, subject) {
    const { gate, window, atMs } = subject;
    const windowMs = atMs - window.startMs;
    const lookBackMs = Math.min(windowMs, Math.max(LOOK_BACK_MIN_MS, LOOK_BACK_BARS * 1_000 * (gate.bar.max ?? 0)));
    const selector = subject.expressions[0]?.promql ?? '';
    const series = yield* raw(`${selector}[${promDuration(lookBackMs)}]`, atMs);
    if (series.length === 0) return { reason: 'empty', detail: `empty result of ${selector}` };
    const loops = Map.groupBy(series, ({ labels }) =>
      by.length === 0 ? groupKey(labels, []) : JSON.stringify(by.map((name) => labels[name] ?? '')),
    );
    let [low, high] = [0, 0];
    for (const loop of loops.values()) {
      const grown = loop.map(({ points }) => lastGrowth(points)).filter((one) => one !== undefined);
      const byMs = Math.max(...grown.map((one) => one.byMs));
      const afterMs = Math.max(...grown.map((one) => one.afterMs));
      low = Math.max(low, (grown.length === 0 ? lookBackMs : atMs - byMs) / 1_000);
      high = Math.max(high, grown.length === 0 ? Infinity : (atMs - afterMs) / 1_000);
    }
    return bounded(low, low, high, 'growth is seen only at scrapes');
  },
  curve: ({ counter }) => ({ promql: counter, growth: true }),
} satisfies GateKind<IdleSource>;

/** Between which two samples a series grew last; a fall is the growth of a new process. */
function lastGrowth(
  points: readonly (readonly [number, number])[],
): { readonly afterMs: number; readonly byMs: number } | undefined {
  for (let index = points.length - 1; index > 0; index--) {
    const [byMs, value] = points[index] ?? [0, 0];
    const [afterMs, before] = points[index - 1] ?? [0, 0];
    if (value !== before) return { afterMs, byMs };
  }
  return undefined;
}
