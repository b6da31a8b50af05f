import { Registry } from 'prom-client';
import { expect, test } from 'vitest';
import { BucketHistogram } from '../../../src/adapters/prometheus/bucket-histogram.ts';

function histogram(): { readonly waits: BucketHistogram; page: () => Promise<readonly string[]> } {
  const register = new Registry();
  const waits = new BucketHistogram({ name: 'waits', help: 'Waits.', labelNames: ['campaign', 'stage'], register });
  const page = async (): Promise<readonly string[]> =>
    (await register.metrics()).split('\n').filter((line) => line !== '' && !line.startsWith('# HELP'));
  return { waits, page };
}

test('each series has its own bounds, exists before its first value, and counts a value at a bound below it', async () => {
  const { waits, page } = histogram();
  const first = waits.open({ campaign: 'a', stage: 'soak' }, [1, 10]);
  waits.open({ campaign: 'b', stage: 'soak' }, [2.5]);
  for (const value of [0.5, 1, 1.5, 10, 11]) first.observe(value);
  expect(await page()).toEqual([
    '# TYPE waits histogram',
    'waits_bucket{le="1",campaign="a",stage="soak"} 2',
    'waits_bucket{le="10",campaign="a",stage="soak"} 4',
    'waits_bucket{le="+Inf",campaign="a",stage="soak"} 5',
    'waits_sum{campaign="a",stage="soak"} 24',
    'waits_count{campaign="a",stage="soak"} 5',
    'waits_bucket{le="2.5",campaign="b",stage="soak"} 0',
    'waits_bucket{le="+Inf",campaign="b",stage="soak"} 0',
    'waits_sum{campaign="b",stage="soak"} 0',
    'waits_count{campaign="b",stage="soak"} 0',
  ]);
});

test('a series that is opened again begins anew; the old one can no longer remove it', async () => {
  const { waits, page } = histogram();
  const labels = { campaign: 'a', stage: 'soak' };
  const old = waits.open(labels, [1]);
  const current = waits.open({ stage: 'soak', campaign: 'a' }, [2]);
  old.observe(1);
  current.observe(1.5);
  waits.drop(old);
  expect(await page()).toContain('waits_bucket{le="2",stage="soak",campaign="a"} 1');
  waits.drop(current);
  expect(await page()).toEqual(['# TYPE waits histogram']);
});
