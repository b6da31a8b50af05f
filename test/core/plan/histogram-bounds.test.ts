import { expect, test } from 'vitest';
import { histogramBounds, OWN_HISTOGRAMS } from '../../../src/core/plan/histogram-bounds.ts';
import { aGate } from '../../workflows/make-spec.ts';

const query =
  'histogram_quantile(0.99, sum by (le) (rate(belay_pod_bind_seconds_bucket{campaign="$campaign"}[$window])))';
const onBinding = (bar: { readonly min?: number; readonly max?: number }): ReturnType<typeof aGate> =>
  aGate({ source: { kind: 'query', query }, bar });

test('every bar of a gate on the histogram is a bound, once and in order', () => {
  const bounds = histogramBounds('belay_pod_bind_seconds', [
    onBinding({ max: 10 }),
    onBinding({ max: 10, min: 0.3 }),
    onBinding({ max: 8 }),
    onBinding({ max: 700 }),
  ]);
  expect(bounds).toEqual([...OWN_HISTOGRAMS.belay_pod_bind_seconds, 0.3, 10, 700].toSorted((a, b) => a - b));
});

test('bars of other gates, and those that cannot be a bound, are none', () => {
  const others = [
    aGate({ source: { kind: 'query', query: 'other' }, bar: { max: 7 } }),
    onBinding({ max: 0, min: -1 }),
    onBinding({ max: Number.POSITIVE_INFINITY }),
  ];
  expect(histogramBounds('belay_pod_bind_seconds', others)).toEqual([...OWN_HISTOGRAMS.belay_pod_bind_seconds]);
  expect(histogramBounds('belay_load_lateness_seconds', [onBinding({ max: 7 })])).toEqual([
    ...OWN_HISTOGRAMS.belay_load_lateness_seconds,
  ]);
});
