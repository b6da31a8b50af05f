import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { fileURLToPath } from 'node:url';
import { STAGES } from '../../src/core/model/stages.ts';
import { planCommand } from '../../src/cli/plan.ts';
import { UsageError } from '../../src/cli/usage-error.ts';
import { runCommand } from './run-command.ts';

const files = fileURLToPath(new URL('plan-files', import.meta.url));

beforeEach(() => vi.stubEnv('BELAY_PATH', files));
afterEach(() => vi.unstubAllEnvs());

const plan = (...args: string[]): ReturnType<typeof runCommand> => runCommand(planCommand(), args);

describe('belay plan', () => {
  it('shows numbers, seed, gates and every deadline with its derivation', async () => {
    const { stdout } = await plan('5m', '--substrate', 'fat');
    expect(stdout).toMatch(/clusters .*20,000, 25,000 Pods each/);
    expect(stdout).toMatch(/hosts .*2,501, one of them for the system/);
    expect(stdout).toMatch(/ramp budget .*4h \(rampBudget of the profile\)/);
    expect(stdout).toMatch(/shards .*10/);
    expect(stdout).toMatch(/gpu .*24/);
    expect(stdout).toMatch(/shardCycleDurationP99Seconds .*≤ 100 s/);
    for (const stage of STAGES) expect(stdout).toContain(stage);
    expect(stdout).toMatch(/1m {2}the last Pod ready \(deadlines\.podReady\)/);
    expect(stdout).toContain('leftovers count as abandoned after');
  });

  it('counts a host for the system only where it has one', async () => {
    expect((await plan('quickstart')).stdout).toMatch(/hosts .*1 *│?$/m);
    expect((await plan('dev-50', '-s', 'laptop')).stdout).toMatch(/hosts .*2, one of them for the system/);
  });

  it('writes the same as JSON', async () => {
    const { stdout } = await plan('5m', '-s', 'fat', '-o', 'json');
    const shown = JSON.parse(stdout) as {
      plan: { totalPods: number; podsOfCluster: number[]; estimatedUsd: number };
      deadlines: { stages: Record<string, { attemptMs: number; derivation: { count: number; eachMs: number }[] }> };
      gates: { name: string; bar: unknown }[];
    };
    expect(shown).toMatchObject({ profile: '5m', substrate: 'fat', system: 'bigfleet' });
    expect(shown.plan.totalPods).toBe(500_000_000);
    expect(shown.plan.podsOfCluster.reduce((sum, pods) => sum + pods, 0)).toBe(500_000_000);
    expect(shown.plan.estimatedUsd).toBeCloseTo(2_501 * 0.85 * (18_600 / 3_600), 6);
    for (const stage of Object.values(shown.deadlines.stages)) {
      expect(stage.derivation.reduce((sum, step) => sum + step.count * step.eachMs, 0)).toBe(stage.attemptMs);
    }
    expect(shown.gates.find((gate) => gate.name === 'loadgenCRsActive')?.bar).toEqual({ min: 499_500_000 });
  });

  it('reads a profile by its path, and changes it', async () => {
    const { stdout } = await plan(
      `${files}/profiles/small.yaml`,
      '-s',
      'fat',
      '--set',
      'scale.machines=100',
      '-o',
      'json',
    );
    expect(JSON.parse(stdout)).toMatchObject({ plan: { totalPods: 10_000 } });
  });

  it.each([
    [
      ['small', '-s', 'fat', '--set', 'seed.configuredFraction=0.1'],
      /^override "seed\.configuredFraction" seed\.configuredFraction: the seed cannot reach the steady gate/,
    ],
    [
      ['small', '-s', 'fat', '--set', 'deadlines.seed=1s'],
      /^override "deadlines\.seed" deadlines\.seed: deadlines\.seed 1s is shorter than its inner wait deadlines\.apiCall 10s/,
    ],
    [['small', '-s', 'fat', '--set', 'budget.usd=0.01'], /over budget\.usd 0\.01/],
    [['small', '-s', 'fat', '--set', 'scale.machines=500000000'], /at most 1000000/],
    [['small', '-s', 'fat', '--set', 'gates.shardShortfalls.max=x'], /gates\.shardShortfalls\.max/],
    [['small', '-s', 'fat', '--set', 'nothing'], /--set "nothing"/],
    [['small', '-s', 'fat', '--set', 'foo='], /^override "foo" foo: unknown key; found nothing \(null\); known here: /],
    [
      ['small', '-s', 'fat', '--set', 'scale.machines=1', '--set', 'scale.machines=2'],
      /^--set scale\.machines: given twice; found 1 \(number\) and 2 \(number\); allowed: once$/,
    ],
    [['small', '-s', 'fat', '-o', 'xml'], /--output: found "xml"; allowed: table, json/],
    [['smal', '-s', 'fat'], /did you mean small\?/],
    [['small', '-s', 'fatt'], /did you mean fat\?/],
    [['./no-such.yaml'], /no such file/],
  ])('refuses %j', async (args, message) => {
    const refused: unknown = await plan(...args).catch((error: unknown) => error);
    expect(refused).toBeInstanceOf(UsageError);
    expect((refused as UsageError).message).toMatch(message);
  });

  it('reports the errors of both files', async () => {
    const bad = fileURLToPath(new URL('../core/profile/bad', import.meta.url));
    const args = [`${bad}/profile-negative.yaml`, '-s', `${bad}/substrate-numbers.yaml`];
    const refused: unknown = await plan(...args).catch((error: unknown) => error);
    expect((refused as UsageError).message).toMatch(/profile-negative\.yaml:4:20 [^]*substrate-numbers\.yaml:5:15 /);
  });

  it('reports all errors at once', async () => {
    const args = ['--set', 'deadlines.seed=1s', '--set', 'seed.configuredFraction=0.1', '--set', 'budget.usd=0.01'];
    const refused: unknown = await plan('small', '-s', 'fat', ...args).catch((error: unknown) => error);
    expect((refused as UsageError).message.split('\n')).toHaveLength(3);
  });
});
