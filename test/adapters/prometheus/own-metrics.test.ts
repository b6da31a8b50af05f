import { expect, test } from 'vitest';
import {
  clusterGauges,
  forgetCampaign,
  podBindSeconds,
  registry,
} from '../../../src/adapters/prometheus/own-metrics.ts';

test('a campaign that is over leaves no series behind, and takes none of another along', async () => {
  for (const campaign of ['over', 'running']) {
    clusterGauges.bound.set({ campaign, cluster: 'c0' }, 5);
    for (const stage of ['ramp', 'soak'])
      podBindSeconds.open({ campaign, cluster: 'c0', stage, execution: '1' }, [1]).observe(0.2);
  }
  await forgetCampaign('over');
  const page = await registry.metrics();
  expect(page).not.toContain('campaign="over"');
  expect(page).toContain('belay_pods_bound{campaign="running",cluster="c0"} 5');
  expect(page).toMatch(/belay_pod_bind_seconds_count\{campaign="running",cluster="c0",stage="soak",execution="1"\} 1/);
});

test('the metrics are brought up to date before each scrape, until that is ended', async () => {
  let scrapes = 0;
  const end = registry.beforeScrape(() => clusterGauges.bound.set({ campaign: 'fresh', cluster: 'c0' }, ++scrapes));
  for (const expected of [1, 2])
    expect(await registry.metrics()).toContain(`belay_pods_bound{campaign="fresh",cluster="c0"} ${expected}`);
  end();
  await registry.metrics();
  expect(scrapes).toBe(2);
});
