import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { connectCluster } from '../../../src/adapters/kube/client.ts';
import { chartOfRelease, chartReference, removeRelease, upgradeRelease } from '../../../src/adapters/systems/helm.ts';
import type { Release } from '../../../src/adapters/systems/helm.ts';
import { ensureTools } from '../../../src/adapters/toolchain/ensure-tools.ts';
import { chartInputs } from '../../../src/core/plan/chart-values.ts';
import { helmValues } from '../../../src/core/bigfleet/system/helm-values.ts';
import { makePlan } from '../../../src/core/plan/make-plan.ts';
import { startCluster } from '../../cluster.ts';
import type { TestCluster } from '../../cluster.ts';
import { aCatalogue, anArchetype, caseProfile, caseSubstrate } from '../../core/plan/make.ts';

const here = fileURLToPath(new URL('.', import.meta.url));
const chart = join(here, 'chart');

function values(machines: number): unknown {
  const profile = caseProfile({ 'scale.machines': machines });
  const substrate = caseSubstrate({});
  const catalogue = aCatalogue({ archetypes: [anArchetype()] });
  return helmValues(chartInputs({ profile, substrate, plan: makePlan(profile, substrate, catalogue), catalogue }));
}

describe('chartReference', () => {
  it('finds a chart beside the system file, or where the worker says', () => {
    expect(chartReference('bigfleet', 'chart', here)).toBe(chart);
    expect(chartReference('bigfleet', 'oci://127.0.0.1/chart', here)).toBe('oci://127.0.0.1/chart');
    vi.stubEnv('BELAY_CHART_MY_SYSTEM', chart);
    expect(chartReference('my-system', 'nowhere', '/nowhere')).toBe(chart);
    vi.unstubAllEnvs();
  });

  it('says where it looked', () => {
    expect(() => chartReference('my-system', 'nowhere', here)).toThrow(
      `system my-system: no chart at ${join(here, 'nowhere')}; allowed: a chart beside the system file, or its path or OCI reference in BELAY_CHART_MY_SYSTEM`,
    );
  });
});

describe('a release on a real cluster, with the real helm', () => {
  let cluster: TestCluster;
  let folder: string;
  let release: Release;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'belay-helm-'));
    vi.stubEnv('BELAY_HOME', folder);
    const tools = await ensureTools(['helm']);
    cluster = await startCluster();
    release = {
      helm: tools.get('helm')?.path ?? 'helm',
      kubeconfigPath: cluster.kubeconfigPath,
      context: '',
      release: 'scaletest',
      namespace: 'scaletest-ns',
      campaign: 'one',
      signal: AbortSignal.timeout(120_000),
      budgetMs: 60_000,
    };
  });
  afterAll(async () => {
    await cluster.remove();
    vi.unstubAllEnvs();
    rmSync(folder, { recursive: true, force: true });
  });

  /** The values that the chart was rendered with; undefined = it is not there. */
  async function rendered(): Promise<Record<string, string> | undefined> {
    const client = await connectCluster({ kubeconfigPath: cluster.kubeconfigPath, connections: 1 });
    try {
      const within = { signal: AbortSignal.timeout(10_000), budgetMs: 10_000 };
      const found = await client.get('/api/v1/namespaces/scaletest-ns/configmaps/scaletest-values', within);
      return (found as { data: Record<string, string> } | undefined)?.data;
    } finally {
      await client.close();
    }
  }

  it('is installed with the values of profile and plan, changed by running it again, and removed', async () => {
    await upgradeRelease(release, chart, values(50_000));
    expect(await rendered()).toEqual({ clusterCount: '200', target: '25000' });
    expect(await chartOfRelease(release)).toEqual({ name: 'small', version: '0.1.0' });
    await upgradeRelease(release, chart, values(50));
    expect(await rendered()).toEqual({ clusterCount: '1', target: '5000' });
    await removeRelease(release);
    expect(await rendered()).toBeUndefined();
    await removeRelease(release);
    // Values may hold what is nobody's business; nothing of them is left.
    expect(readdirSync(join(folder, 'helm')).filter((name) => name.endsWith('.json'))).toEqual([]);
  });

  it("does not touch another campaign's release", async () => {
    await upgradeRelease(release, chart, { kwok: { clusterCount: 1 } });
    const other = { ...release, campaign: 'two' };
    await expect(upgradeRelease(other, chart, {})).rejects.toThrow(
      'helm release scaletest in namespace scaletest-ns exists already and was not made by this campaign',
    );
    await removeRelease(other);
    expect(await rendered()).toMatchObject({ clusterCount: '1' });
    await removeRelease(release);
  });

  it("fails with helm's own words, and is made anew after that", async () => {
    await expect(upgradeRelease(release, chart, { fail: true })).rejects.toThrow(
      /helm upgrade scaletest .*told to fail/,
    );
    await upgradeRelease(release, chart, { kwok: { clusterCount: 3 } });
    expect(await rendered()).toMatchObject({ clusterCount: '3' });
    await removeRelease(release);
  });

  it('ends at its budget, and when it is told to', async () => {
    await expect(upgradeRelease({ ...release, budgetMs: 1 }, chart, {})).rejects.toThrow(/not done within 1 ms/);
    const stopped = { ...release, signal: AbortSignal.abort(new Error('cancelled')) };
    await expect(upgradeRelease(stopped, chart, {})).rejects.toThrow('cancelled');
    expect(existsSync(join(folder, 'helm'))).toBe(true);
  });
});
