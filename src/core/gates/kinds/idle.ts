import { z } from 'zod';
import { matching } from '../../files/fields.ts';
import { isPromql } from '../../promql/check.ts';
import { renamed, selectorProblem } from '../../promql/histogram-selector.ts';
import { NOT_NEGATIVE } from '../../promql/interval.ts';
import { all, instant, raw, type Asking } from '../asking.ts';
import { EARLIER_MS } from '../earlier.ts';
import { idleness } from '../idleness.ts';
import { labelsText } from '../labels-text.ts';
import { bounded } from '../measure.ts';
import { promDuration } from '../../promql/placeholders.ts';
import { andTarget, hasTarget, targetKey } from '../same-target.ts';
import { jobMatcher } from '../steady-targets.ts';
import type { Subject } from '../subject.ts';
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

/** How far back growth is looked for on a host with CPU: this many times the bar, at least so many ms. Longer idleness is "at least that long". */
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
  possible: () => NOT_NEGATIVE,
  expressions: ({ counter }) => [{ promql: counter, mayBeAbsent: false }],
  *value({ by }, subject, jobs) {
    const { gate, window, atMs, fresh, scrapeIntervalMs, cpuTimeMs } = subject;
    const lookBackMs = Math.min(atMs - window.startMs, lookBack(1_000 * (gate.bar.max ?? 0), subject));
    const span = promDuration(lookBackMs);
    const selector = subject.expressions[0]?.promql ?? '';
    const ofJobs = jobMatcher(jobs);
    const [counters = [], ups = [], starts = []] = yield* all([
      raw(`${selector}[${span}]`, atMs),
      raw(`up{${ofJobs}}[${span}]`, atMs),
      raw(`process_start_time_seconds{${ofJobs}}[${span}]`, atMs),
    ]);
    if (counters.length === 0) return { reason: 'empty', detail: `empty result of ${selector}` };
    // A loop that never completed a cycle may have no series at all, though its target is up.
    const up = yield* instant(`max_over_time(${renamed(selector, 'up')}[${fresh}]) == 1`, atMs);
    const silent = up.find((target) => {
      const known = new Set([targetKey(target.labels)]);
      return !counters.some(({ labels }) => hasTarget(known, labels));
    });
    const vanished = yield* vanishedLoop(subject, selector, by);
    const loops = idleness({ counters, ups, starts, by, atMs, scrapeTimeoutMs: scrapeIntervalMs });
    const lowS = Math.max(...loops.map(({ idle: { startMs, endMs } }) => endMs - startMs)) / 1_000;
    const host =
      cpuTimeMs === undefined ? {} : { withCpu: Math.max(...loops.map((loop) => cpuTimeMs(loop.idle))) / 1_000 };
    const highMs = Math.max(...loops.map((loop) => loop.highMs));
    const highS = highMs > lookBackMs ? Infinity : highMs / 1_000;
    const [highest, because] =
      silent !== undefined
        ? [Infinity, `a target${labelsText(silent.labels)} is up, but has no series ${selector}`]
        : vanished !== undefined
          ? [Infinity, `a loop${labelsText(vanished)} of ${selector} has no series any more, though its target is up`]
          : [highS, 'growth is seen only at scrapes'];
    return { ...bounded(lowS, lowS, highest, because), ...host };
  },
  curve: ({ counter }) => ({ promql: counter, growth: true }),
} satisfies GateKind<IdleSource>;

/** The labels of a loop that was seen lately and has no series now, though its target answers. */
function* vanishedLoop(
  { window, atMs, fresh, freshMs }: Subject,
  selector: string,
  by: readonly string[],
): Asking<Readonly<Record<string, string>> | undefined> {
  const longer = promDuration(atMs - window.startMs + EARLIER_MS - freshMs);
  const before = `last_over_time(${selector}[${longer}] offset ${fresh})`;
  const now = `last_over_time(${selector}[${fresh}])`;
  const answers = (matchers: string): string => `(min_over_time(up{${matchers}}[${fresh}]) == 1)`;
  const on = by.length === 0 ? 'ignoring (instance)' : `on (${by.join(', ')})`;
  const [lost] = yield* instant(andTarget(`(${before} unless ${on} ${now})`, answers), atMs);
  if (lost === undefined) return undefined;
  const { __name__: _, ...labels } = lost.labels;
  return labels;
}

/** How far back growth is looked for, ms: so far that a loop that hangs is beyond its bar, also by the time that its host had CPU for. */
function lookBack(barMs: number, { window, atMs, cpuTimeMs }: Subject): number {
  let lengthMs = Math.max(LOOK_BACK_MIN_MS, LOOK_BACK_BARS * barMs);
  if (cpuTimeMs === undefined) return lengthMs;
  // Twice the bar, because the time between two scrapes does not count at either end.
  while (atMs - lengthMs > window.startMs && cpuTimeMs({ startMs: atMs - lengthMs, endMs: atMs }) < 2 * barMs)
    lengthMs *= 2;
  return lengthMs;
}
