import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { parse } from 'yaml';
import { dashboardPath, dashboards } from '../../../docs/make-dashboards.ts';
import { registry } from '../../../src/adapters/prometheus/own-metrics.ts';
import { repositoryFolder } from '../../../src/adapters/host/folders.ts';
import { lonePrometheus, type LonePrometheus } from './lone-prometheus.ts';

interface Panel {
  readonly targets: readonly { readonly expr: string }[];
}

interface Rules {
  readonly groups: readonly { readonly rules: readonly { readonly alert: string; readonly expr: string }[] }[];
}

const RULES = join(repositoryFolder, 'deploy/prometheus/belay-rules.yaml');
const rules = (parse(readFileSync(RULES, 'utf8')) as Rules).groups.flatMap((group) => group.rules);
const panels = [...dashboards().values()].flatMap((json) => (JSON.parse(json) as { panels: readonly Panel[] }).panels);
const queries = [...rules.map(({ expr }) => expr), ...panels.flatMap(({ targets }) => targets.map(({ expr }) => expr))];

let prometheus: LonePrometheus;
beforeAll(async () => {
  prometheus = await lonePrometheus();
  // Each registers its metrics when it is loaded.
  await import('../../../src/adapters/prometheus/campaign-metrics.ts');
  await import('../../../src/adapters/prometheus/host-metrics.ts');
});
afterAll(() => prometheus.close());

test.each([...dashboards()])('%s is current; `node docs/make-dashboards.ts` writes it', (file, json) => {
  expect(readFileSync(dashboardPath(file), 'utf8')).toBe(json);
  expect(readdirSync(dirname(dashboardPath(file))).toSorted()).toEqual([...dashboards().keys()].toSorted());
});

test.each(queries)('a real Prometheus answers %s, and a worker has its metrics', async (promql) => {
  const query = promql.replaceAll('$campaign', 'c');
  const answer = await fetch(`${prometheus.url}/api/v1/query?query=${encodeURIComponent(query)}`);
  expect(await answer.json()).toMatchObject({ status: 'success' });
  const served = new Set(registry.getMetricsAsArray().map(({ name }) => name));
  const named = [...promql.matchAll(/\bbelay_\w+/g)].map(([name]) => name.replace(/_(bucket|count|sum)$/, ''));
  expect(named.filter((name) => !served.has(name))).toEqual([]);
  expect(named.length > 0 || promql.startsWith('up{')).toBe(true);
});
