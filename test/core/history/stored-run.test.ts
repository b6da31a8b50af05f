import { expect, test } from 'vitest';
import { buildSummary } from '../../../src/core/verdict/build-summary.ts';
import type { Summary } from '../../../src/core/verdict/summary-model.ts';
import { differingParts } from '../../../src/core/history/fingerprint-parts.ts';
import { storedRunOf, type StoredRun } from '../../../src/core/history/stored-run.ts';
import { gateOf, inputOf, resultOf } from '../../adapters/evidence/fixture.ts';
import { anIdentity } from '../identity/make-identity.ts';

const bind = gateOf('podBindP99');
const share = gateOf('boundShare', { unit: 'ratio', bar: { min: 0.99 } });

function aSummary(more: Partial<Summary> = {}): Summary {
  const results = [resultOf(bind, 1.5), resultOf(share, null)];
  const load = { asked: 400, created: 400, achievedPodsPerSec: 19.5 };
  return { ...buildSummary(inputOf({ results, load })), identity: anIdentity(), ...more };
}

function runOf(more: Partial<Summary> = {}): StoredRun {
  return storedRunOf(aSummary(more), '/runs/a');
}

test('a stored run has every reading, the durations of stages and the rate of the load', () => {
  const { metrics } = runOf();
  expect(metrics.map(({ name, value, unit, better }) => [name, value, unit, better])).toEqual([
    ['podBindP99', 1.5, 's', 'lower'],
    ['boundShare', undefined, 'ratio', 'higher'],
    ['stage.provision', 6, 's', 'lower'],
    ['stage.install', 0.5, 's', 'lower'],
    ['stage.seed', 3, 's', 'lower'],
    ['stage.ramp', 20, 's', 'lower'],
    ['stage.steady', 4, 's', 'lower'],
    ['load.podsPerSecond', 19.5, '1/s', 'higher'],
  ]);
  expect(metrics[1]).toMatchObject({ quality: 'unmeasured', reason: 'no-series: no series max(x)' });
});

test('the version of the system is not part of the fingerprint', () => {
  const one = runOf();
  const chart = { name: 'sut', version: '2.0.0', contentSha256: 'a'.repeat(64), valuesSha256: 'b'.repeat(64) };
  const { system } = anIdentity();
  const other = runOf({ identity: anIdentity({ system: system && { ...system, chart } }) });
  expect(one.systemVersion).toBe('sut 1.2.3, sut:1');
  expect(other.systemVersion).toBe('sut 2.0.0, sut:1');
  expect(differingParts(one.fingerprint, other.fingerprint)).toEqual([]);
});

test('runs of another size or host differ, and a host that is not known differs from all', () => {
  const one = runOf();
  const scale = { ...aSummary().scale, totalCrs: 800 };
  expect(differingParts(one.fingerprint, runOf({ scale }).fingerprint)).toEqual([
    {
      part: 'profile',
      one: 'dev-50: 400 Pods, 2 clusters, soak 30 s',
      other: 'dev-50: 800 Pods, 2 clusters, soak 30 s',
    },
  ]);
  const { identity: _, ...unknown } = aSummary();
  const nameless = storedRunOf(unknown, '/runs/a').fingerprint;
  expect(differingParts(nameless, nameless)).toMatchObject([{ part: 'hostClass', one: 'unknown' }]);
});

test('a campaign of a ladder names its climb', () => {
  const temporal = { workflowId: 'nightly-20261124.2-dev-50', runId: 'r' };
  expect(runOf({ trigger: 'ladder', temporal }).climb).toEqual({
    workflowId: 'nightly-20261124',
    rung: '2-dev-50',
  });
  expect(runOf({ trigger: 'cli', temporal }).climb).toBeUndefined();
});
