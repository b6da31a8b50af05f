import { z } from 'zod';
import { choice, field, matching } from '../../files/fields.ts';
import { filledForParsing, isPromql } from '../../promql/check.ts';
import { histogramProblem, sibling } from '../../promql/histogram-selector.ts';
import { NOT_NEGATIVE } from '../../promql/interval.ts';
import { selectorsOf } from '../../promql/needs.ts';
import { all } from '../asking.ts';
import { isOver } from '../beyond-bar.ts';
import { tooFewEvents } from '../enough-events.ts';
import { counterGrowth } from '../growth.ts';
import { labelsText } from '../labels-text.ts';
import { bounded, type Measure } from '../measure.ts';
import { mixedBounds } from '../mixed-bounds.ts';
import type { GateDefinition } from '../model.ts';
import { bucketQuantile, groupBuckets, groupKey, type Bucket, type QuantileResult } from '../quantile.ts';
import type { Subject } from '../subject.ts';
import type { GateKind } from './kind.ts';
import { promql } from './promql-field.ts';
import { highestQuantile } from '../quantile-bounds.ts';

/** A quantile of what a histogram counted in the window; of several groups the highest. */
interface QuantileSource {
  readonly kind: 'quantile';
  readonly of: number;
  readonly histogram: string;
  readonly by: readonly string[];
  /** Groups that counted nothing are left out, as long as another did. Absent = they make the gate unmeasured. */
  readonly emptyGroups?: 'skip';
}

declare module '../../model/gate-patch.ts' {
  interface GateSourceFields {
    readonly quantile?: {
      readonly of: number;
      readonly histogram: string;
      readonly by?: readonly string[] | undefined;
      readonly emptyGroups?: 'skip' | undefined;
    };
  }
}

declare module '../model.ts' {
  interface GateSources {
    readonly quantile: QuantileSource;
  }
}

const LABEL = matching(/^[A-Za-z_]\w*$/, 'the name of a label', 'Name of a label', 'not the name of a label');

/** Names of histograms of times and sizes. */
const OF_SIZES = /_(?:(?:milli|micro|nano)?seconds|bytes)_bucket$/;

/** The highest quantile of a histogram's groups. */
export const quantile = {
  schema: z
    .strictObject({
      of: field(z.number().gt(0).lt(1), 'The quantile, e.g. 0.99', { allowed: 'a number between 0 and 1' }),
      histogram: promql('Selector of the buckets of a histogram, e.g. request_seconds_bucket{job="api"}'),
      by: z
        .array(LABEL)
        .min(1)
        .meta({ description: 'Labels whose groups have a quantile each; the highest counts. Absent = one group' })
        .optional(),
      emptyGroups: choice(
        ['skip'],
        'skip: a group that counted nothing is left out. Absent = it makes the gate unmeasured',
      ).optional(),
    })
    .meta({ description: 'A quantile of what a histogram counted in the window' })
    .optional(),
  sourceOf: ({ quantile: fields }) =>
    fields === undefined
      ? undefined
      : {
          kind: 'quantile',
          of: fields.of,
          histogram: fields.histogram,
          by: fields.by ?? [],
          ...(fields.emptyGroups === undefined ? {} : { emptyGroups: fields.emptyGroups }),
        },
  checkRaw: (raw, path) => {
    const selector = raw.text(...path, 'quantile', 'histogram');
    const problem = selector !== undefined && isPromql(selector) ? histogramProblem(selector) : undefined;
    if (problem !== undefined)
      raw.refuse([...path, 'quantile', 'histogram'], 'not the buckets of a histogram', problem);
  },
  problems: ({ of, histogram }) => {
    const message = histogramProblem(histogram);
    return [
      ...(of > 0 && of < 1 ? [] : [{ field: 'quantile.of', message: `found ${of}; a number between 0 and 1` }]),
      ...(message === undefined ? [] : [{ field: 'quantile.histogram', message }]),
    ];
  },
  // Times and sizes are not below 0. Other histograms may have negative events.
  possible: ({ histogram }) =>
    OF_SIZES.test(selectorsOf(filledForParsing(histogram))[0]?.name ?? '') ? NOT_NEGATIVE : undefined,
  expressions: ({ histogram }) => [{ promql: histogram, mayBeAbsent: false }],
  *value({ of, by, emptyGroups }, subject, jobs) {
    const selector = subject.expressions[0]?.promql ?? '';
    const layouts = yield* mixedBounds(selector, by, subject);
    if (layouts !== undefined) return layouts;
    const [buckets, sums, counts] = yield* all([
      counterGrowth(subject, jobs, selector, ['le', ...by]),
      counterGrowth(subject, jobs, sibling(selector, '_sum'), by, { mayFall: true }),
      counterGrowth(subject, jobs, sibling(selector, '_count'), by),
    ]);
    if (buckets === undefined || sums === undefined || counts === undefined)
      return { reason: 'not-evaluated', detail: 'nothing was asked' };
    if ('reason' in buckets) return buckets;
    const lost = buckets.find(({ high }) => high === Infinity);
    if (lost !== undefined) {
      return {
        reason: 'counter-reset',
        detail: `${selector} may have counted more than its samples show${labelsText(lost.labels)}: ${lost.because ?? 'it was reset'}`,
      };
    }
    const count = new Map('reason' in counts ? [] : counts.map(({ labels, low }) => [groupKey(labels), low]));
    const means = new Map(
      'reason' in sums
        ? []
        : sums.flatMap(({ labels, low }) => {
            const events = count.get(groupKey(labels)) ?? 0;
            return events > 0 ? [[groupKey(labels), low / events] as const] : [];
          }),
    );
    const groups = groupBuckets(buckets.map(({ labels, low }) => ({ labels, value: low })));
    const results = groups.map(({ labels, buckets: own }) => ({
      labels,
      result: withEnoughEvents(subject, own, bucketQuantile(of, own, means.get(groupKey(labels)))),
    }));
    const counted = results.filter(({ result }) => result.kind !== 'no-events' && result.kind !== 'too-few-events');
    const highest = highestQuantile(emptyGroups === 'skip' && counted.length > 0 ? counted : results, selector);
    if ('reason' in highest) return beyondBar(subject.gate, results, selector) ?? highest;
    return bounded(highest.value, highest.low, highest.high, highest.because);
  },
  hasEvents: true,
  countsEvents: true,
  curve: ({ of, histogram, by }) => ({
    promql: `max(histogram_quantile(${of}, sum by (${['le', ...by].join(', ')}) (rate(${histogram}[$window]))))`,
    growth: false,
    buckets: `sum by (le) (increase(${histogram}[$window]))`,
  }),
} satisfies GateKind<QuantileSource>;

/**
 * The quantile of the groups that have one, if it is beyond the bar already: whatever the others are, the highest is not below it. One
 * shard in which nothing happened hides no breach of another.
 */
function beyondBar(
  { bar, barKind }: GateDefinition,
  groups: Parameters<typeof highestQuantile>[0],
  selector: string,
): Measure | undefined {
  const highest = highestQuantile(
    groups.filter(({ result }) => result.kind === 'value'),
    selector,
  );
  if (barKind === 'informational' || 'reason' in highest || !isOver(highest.low, bar.max)) return undefined;
  return bounded(highest.value, highest.low, Infinity, `${highest.because}; another group has no quantile`);
}

/** The quantile of a group; too few events, where the gate asks for more of them than the group counted. */
function withEnoughEvents({ gate }: Subject, buckets: readonly Bucket[], result: QuantileResult): QuantileResult {
  if (result.kind === 'no-events' || result.kind === 'malformed') return result;
  const events = Math.max(...buckets.map(({ count }) => count));
  const tooFew = tooFewEvents(gate, events, 'what the histogram counted');
  return tooFew === undefined ? result : { kind: 'too-few-events', detail: tooFew.detail };
}
