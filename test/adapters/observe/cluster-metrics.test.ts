import { expect, test } from 'vitest';
import { ClusterMetrics } from '../../../src/adapters/observe/cluster-metrics.ts';
import { registry } from '../../../src/adapters/prometheus/own-metrics.ts';

const SOAK = { stage: 'soak', execution: 1 };
const OLD = [1, 10];
const NEW = [1, 59];

async function boundsOf(campaign: string, { stage, execution }: typeof SOAK): Promise<readonly string[]> {
  const text = await registry.metrics();
  const lines = text.split('\n').filter((line) => line.includes(`campaign="${campaign}"`));
  return lines.flatMap((line) => {
    const isMeant = line.includes(`stage="${stage}"`) && line.includes(`execution="${execution}"`);
    const bound = /le="([^"]+)"/.exec(line)?.[1];
    return isMeant && bound !== undefined ? [bound] : [];
  });
}

test('a retry of a stage before the soak that changes a bar gives the soak the bounds of the new one', async () => {
  const metrics = new ClusterMetrics({ campaign: 'retried', cluster: 'c0' });
  const ramps = [1, 2].map((execution) => ({ stage: 'ramp', execution }));
  const [first, second] = ramps as [typeof SOAK, typeof SOAK];
  for (const stage of metrics.lacking([first, SOAK], OLD)) metrics.open(stage, OLD);
  metrics.waited(first, 500);
  expect(await boundsOf('retried', SOAK)).toEqual(['1', '10', '+Inf']);

  const lacking = metrics.lacking([second], NEW);

  expect(lacking).toEqual([SOAK, second]);
  for (const stage of lacking) metrics.open(stage, NEW);
  expect(await boundsOf('retried', SOAK)).toEqual(['1', '59', '+Inf']);
  expect(await boundsOf('retried', first), 'what has values keeps its bounds').toEqual(['1', '10', '+Inf']);
  metrics.waited(SOAK, 500);
  expect(metrics.lacking([second, SOAK], OLD)).toEqual([second]);
});
