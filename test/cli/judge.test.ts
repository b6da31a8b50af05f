import { mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { judgeCommand } from '../../src/cli/judge.ts';
import { UsageError } from '../../src/cli/usage-error.ts';
import { storeRun } from '../adapters/index/stored-runs.ts';
import { anIdentity, hashOf } from '../core/identity/make-identity.ts';
import { runCommand } from './run-command.ts';

const files = fileURLToPath(new URL('plan-files', import.meta.url));
const published = (folder: string): string =>
  fileURLToPath(new URL(`../cases/published/${folder}.summary.json`, import.meta.url));
const saturated = published('20260507-120335-scaleway-50k');
const green = published('2026-06-17-uber-5k-cee793e');
const judge = (...args: string[]): ReturnType<typeof runCommand> => runCommand(judgeCommand(), args);
const nameless = fileURLToPath(new URL('nameless.summary.json', import.meta.url));
let folder = '';

beforeEach(() => {
  vi.stubEnv('BELAY_PATH', files);
  vi.stubEnv('NO_COLOR', '1');
  folder = mkdtempSync(join(tmpdir(), 'belay-judge-'));
});
afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(folder, { recursive: true });
});

/** A gate of a stored summary that was measured within its bar. */
function measured(gate: string, more: object = {}): object {
  return {
    gate,
    verdict: 'pass',
    reading: { gate, value: 1, quality: 'measured', samples: 9, windowStartMs: 1, windowEndMs: 2, atMs: 2 },
    bar: { max: 2 },
    barKind: 'held',
    unit: 's',
    ...more,
  };
}

/** The same gate without a value. */
function unmeasured(gate: string, more: object = {}): object {
  const reading = { gate, value: null, quality: 'unmeasured', samples: 0, windowStartMs: 1, windowEndMs: 2, atMs: 2 };
  return measured(gate, { verdict: 'unmeasured', reading, ...more });
}

describe('belay judge', () => {
  it('shows both verdicts, and leaves with the code of its own', async () => {
    const { stdout, exitCode } = await judge(saturated, '--profile', 'small');
    expect(exitCode).toBe(1);
    expect(stdout).toMatch(/bigfleet: fail: shardShortfalls 18, bar = 0/);
    expect(stdout).toMatch(/belay: fail: shardShortfalls = 18/);
    expect(stdout).toMatch(/shardCycleDurationP99Seconds .* unmeasured .*8\.192/);
  });

  it('leaves with the code of the rules that are asked for', async () => {
    expect((await judge(green, '-p', 'small', '--rules', 'bigfleet')).exitCode).toBe(0);
    const ours = await judge(green, '-p', 'small', '--rules', 'belay');
    expect(ours.exitCode).toBe(2);
    expect(ours.stdout).toMatch(/belay: unmeasured/);
    expect(ours.stdout).not.toContain('bigfleet:');
    expect((await judge(saturated, '-p', 'small', '--rules', 'bigfleet')).exitCode).toBe(1);
  });

  it('shows what upstream passed unmeasured', async () => {
    const { stdout } = await judge(green, '-p', 'small', '-o', 'json');
    const shown = JSON.parse(stdout) as {
      gates: { gate: string; passedUnmeasured: boolean }[];
      bigfleet: { pass: boolean };
    };
    expect(shown.bigfleet.pass).toBe(true);
    expect(shown.gates.filter((row) => row.passedUnmeasured).map((row) => row.gate)).toContain(
      'operatorOutboxDropsPerSec',
    );
    expect((await judge(green, '-p', 'small')).stdout).toContain('passed unmeasured');
  });

  it('shows what the readings were taken with, in one line; a summary of an earlier version has no such line', async () => {
    const file = join(folder, 'summary.json');
    const summary = { profile: 'small', metrics: {}, gates: [measured('x')] };
    writeFileSync(file, JSON.stringify(summary));
    expect((await judge(file, '-p', 'small')).stdout).not.toContain('fingerprint');
    const recorded = { identity: anIdentity(), fingerprint: hashOf('z') };
    writeFileSync(file, JSON.stringify({ ...summary, ...recorded }));
    const { stdout } = await judge(file, '-p', 'small');
    expect(stdout).toMatch(/^fingerprint 7a7a7a7a7a7a: code 0\.1\.0 .*, 2 tools, 2 images$/m);
    expect(JSON.parse((await judge(file, '-p', 'small', '-o', 'json')).stdout)).toMatchObject(recorded);
    // Keys of the same names that another tool wrote.
    writeFileSync(file, JSON.stringify({ ...summary, identity: 'x', fingerprint: 7 }));
    expect((await judge(file, '-p', 'small')).stdout).not.toContain('fingerprint');
  });

  it('shows which soak the readings are of and the checks without a value, and keeps the verdict of missed checks', async () => {
    const checks = { due: 10, measured: 8, unmeasured: 0, missed: 2, cause: 'not made' };
    const path = join(folder, 'summary.json');
    const write = (change: object): void => {
      const gates = [measured('podBindP99', { stage: 'soak', execution: 2, checks: { ...checks, ...change } })];
      writeFileSync(path, JSON.stringify({ profile: 'small', metrics: {}, gates }));
    };
    write({});
    for (const rules of ['both', 'belay']) {
      const { stdout, exitCode } = await judge(path, '--rules', rules);
      expect(exitCode).toBe(0);
      expect(stdout).toMatch(/^readings of soak, execution 2: 1970-01-01 00:00:00 to 00:00:00 UTC$/m);
      expect(stdout).toContain('8 of 10 due checks in the soak measured (2 not made)');
    }
    write({ measured: 4, missed: 6 });
    const { stdout, exitCode } = await judge(path, '--rules', 'belay', '--output', 'json');
    expect(exitCode).toBe(2);
    expect(JSON.parse(stdout)).toMatchObject({
      belay: {
        verdict: 'unmeasured',
        results: [{ stage: 'soak', execution: 2, checks: { missed: 6 }, reading: { reason: 'checks-missed' } }],
      },
    });
    // Another bar does not bring the checks back.
    expect((await judge(path, '--set', 'gates.podBindP99.max=5')).exitCode).toBe(2);
  });

  it('makes a stored soak with a late load unmeasured, and says so first', async () => {
    const path = join(folder, 'summary.json');
    const lateness = { operations: 10, late: 5, worstMs: 9_000 };
    writeFileSync(path, JSON.stringify({ profile: 'small', metrics: {}, gates: [measured('podBindP99')], lateness }));
    const { stdout, exitCode } = await judge(path);
    expect(exitCode).toBe(2);
    expect(stdout).toMatch(/^belay: unmeasured: the harness was late: 5 of 10 operations/m);
  });

  it('takes the changed bars of a profile, and the folder of a run', async () => {
    const reading = {
      gate: 'podBindP99',
      value: 2,
      quality: 'measured',
      samples: 9,
      windowStartMs: 1,
      windowEndMs: 2,
      atMs: 2,
    };
    const gates = [{ gate: 'podBindP99', verdict: 'fail', reading, bar: { max: 1 }, barKind: 'held', unit: 's' }];
    writeFileSync(join(folder, 'summary.json'), JSON.stringify({ runId: 'r', profile: 'small', metrics: {}, gates }));
    expect((await judge(folder, '--set', 'system=none-such')).exitCode).toBe(1);
    expect((await judge(folder, '--set', 'system=none-such', '--set', 'gates.podBindP99.max=3')).exitCode).toBe(0);
  });

  it.each<[string, readonly object[], number]>([
    ['no gate', [], 2],
    ['only informational gates', [measured('shown', { barKind: 'informational', bar: {}, counts: false })], 2],
    [
      'only unmeasured gates that allow it',
      [unmeasured('a', { counts: false }), unmeasured('b', { counts: false })],
      2,
    ],
    ['one unmeasured gate that counts', [unmeasured('a')], 2],
    ['one measured gate beside unmeasured ones that allow it', [measured('a'), unmeasured('b', { counts: false })], 0],
  ])('judges a summary with %s', async (_, gates, exitCode) => {
    writeFileSync(join(folder, 'summary.json'), JSON.stringify({ runId: 'r', profile: 'small', metrics: {}, gates }));
    expect((await judge(folder)).exitCode).toBe(exitCode);
    expect((await judge(folder, '--rules', 'belay', '--set', 'system=none-such')).exitCode).toBe(exitCode);
  });

  it('judges a summary of Belay by the bars it carries unless a profile or a setting is given', async () => {
    // The profile's system has many gates that this campaign did not read.
    const gates = [measured('podBindP99', { bar: { max: 40 } })];
    writeFileSync(join(folder, 'summary.json'), JSON.stringify({ runId: 'r', profile: 'small', metrics: {}, gates }));
    const { stdout, exitCode } = await judge(folder, '--rules', 'belay');
    expect(exitCode).toBe(0);
    expect(stdout).toContain('its bar of at most 40 s');
    expect((await judge(folder, '--profile', 'small')).exitCode).toBe(2);
    expect((await judge(folder, '--set', 'gates.podBindP99.max=0.5')).exitCode).toBe(1);
  });

  it.each(['SECRET', 'SE\rCRET', `${'['.repeat(50)}SECRET`])(
    'quotes nothing of %j, and follows no link',
    async (text) => {
      const file = join(folder, 'summary.json');
      writeFileSync(file, text);
      for (const path of [folder, file])
        await expect(judge(path)).rejects.toThrow(`${file}: not JSON: Unexpected token 'S'; allowed: the JSON of a`);
      renameSync(file, join(folder, 'other'));
      symlinkSync(join(folder, 'other'), file);
      for (const path of [folder, file])
        await expect(judge(path)).rejects.toThrow(`${file}: a link, not a file; allowed: a plain file`);
      // What is typed is followed, as everywhere.
      symlinkSync(join(folder, 'other'), join(folder, 'typed'));
      await expect(judge(join(folder, 'typed'))).rejects.toThrow(`not JSON: Unexpected token 'S'`);
    },
  );

  it.each([
    ['', 'it is empty'],
    ['{', 'not JSON'],
    ['{"metrics": 3}', 'metrics: '],
  ])('refuses a summary of %j', async (text, message) => {
    writeFileSync(join(folder, 'summary.json'), text);
    const refused: unknown = await judge(folder, '-p', 'small').catch((error: unknown) => error);
    expect(refused).toBeInstanceOf(UsageError);
    expect((refused as UsageError).message).toContain(message);
  });

  it.each([
    [[saturated, '-p', 'small', '--rules', 'mine'], '--rules: found "mine"; allowed: bigfleet, belay'],
    [[nameless], 'the summary names no profile'],
    [[saturated, '-p', 'smal'], 'did you mean small?'],
    [['/nowhere/summary.json', '-p', 'small'], 'no such file'],
    [[saturated, '-p', 'small', '--set', 'gates.noSuch.max=1'], 'noSuch'],
    [[saturated, '-p', 'small', '--set', 'system=none-such'], 'none-such'],
  ])('refuses %j', async (args, message) => {
    const refused: unknown = await judge(...args).catch((error: unknown) => error);
    expect(refused).toBeInstanceOf(UsageError);
    expect((refused as UsageError).message).toContain(message);
  });
});

describe('belay judge --all', () => {
  beforeEach(() => {
    vi.stubEnv('BELAY_HOME', join(folder, 'state'));
    vi.stubEnv('BELAY_RUNS', join(folder, 'runs'));
    const profile = readFileSync(join(files, 'profiles', 'small.yaml'), 'utf8');
    mkdirSync(join(folder, 'profiles'));
    writeFileSync(join(folder, 'profiles', 'mine.yaml'), profile.replace('name: small', 'name: mine'));
    vi.stubEnv('BELAY_PATH', `${folder}:${files}`);
    for (const [id, value] of [
      ['quick', 0.1],
      ['slow', 1.5],
      ['broken', 9],
    ] as const)
      storeRun(join(folder, 'runs'), id, { value, profile: 'mine' });
    storeRun(join(folder, 'runs'), 'of-no-file', { profile: 'none-such' });
  });

  const all = ['--all', '--set', 'system=none-such'];

  it('shows the runs whose verdict would be another one', async () => {
    const bar = ['--set', 'gates.podBindP99.max=1'];
    const { stdout, exitCode } = await judge(...all, ...bar);
    expect(exitCode).toBe(1);
    expect(stdout).toMatch(/slow .* mine .* pass .* fail .*podBindP99 = 1\.5 s/);
    expect(stdout).not.toMatch(/│ (quick|broken) /);
    expect(stdout).toContain('4 stored runs: 2 as recorded, 1 changed, 1 cannot be judged');
    expect(stdout).toMatch(/of-no-file: .*none-such/);
    const ofOne = await judge(...all, ...bar, '--profile', 'mine', '-o', 'json');
    expect((JSON.parse(ofOne.stdout) as { runs: object[] }).runs).toHaveLength(3);
  });

  it('passes when no verdict would be worse', async () => {
    const { stdout, exitCode } = await judge(...all, '--set', 'gates.podBindP99.max=20');
    expect(exitCode).toBe(0);
    expect(stdout).toMatch(/broken .* fail .* pass/);
  });

  it('refuses a summary beside it, and no summary without it', async () => {
    await expect(judge('--all', folder)).rejects.toThrow('allowed: one of the two');
    await expect(judge('--all', '--rules', 'bigfleet')).rejects.toThrow("allowed: Belay's rules");
    await expect(judge()).rejects.toThrow('allowed: a path, or --all');
  });
});
