import { mkdtempSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { checkCampaign } from '../../src/cli/campaign-input.ts';
import { wordsOfAgain } from '../../src/cli/run-again.ts';
import { trendCommand } from '../../src/cli/trend.ts';
import { profilePart, substratePart } from '../../src/core/history/fingerprint-parts.ts';
import { storedRunOf } from '../../src/core/history/stored-run.ts';
import { anIdentity } from '../core/identity/make-identity.ts';
import { aSummary, dayMs, storeRun } from '../adapters/index/stored-runs.ts';
import { runCommand } from './run-command.ts';

let home = '';
let runs = '';
const trend = (...args: string[]): ReturnType<typeof runCommand> => runCommand(trendCommand(), args);

beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'belay-trend-'));
  runs = join(home, 'runs');
  vi.stubEnv('BELAY_HOME', join(home, 'state'));
  vi.stubEnv('BELAY_RUNS', runs);
  vi.stubEnv('NO_COLOR', '1');
});
afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(home, { recursive: true });
});

/** A night per value, from the first day on. */
function storeNights(values: readonly (number | null)[]): void {
  for (const [day, value] of values.entries()) {
    const startedAtMs = dayMs(day);
    storeRun(runs, `night-${String(day).padStart(2, '0')}`, { startedAtMs, endedAtMs: startedAtMs + 60_000, value });
  }
}

/** The same of a profile that has no file any more. */
function storeGone(values: readonly number[]): void {
  for (const [day, value] of values.entries())
    storeRun(runs, `night-${day}`, { profile: 'gone', startedAtMs: dayMs(day), value });
}

const QUIET = [1.5, 1.52, 1.48, 1.5, 1.53, 1.49, 1.51, 1.5, 1.47, 1.5];

describe('belay trend', () => {
  it('shows what changed over the runs of a profile, and since when', async () => {
    storeNights([...QUIET, 1.9, 1.91]);
    const { stdout } = await trend('dev-50');
    expect(stdout).toMatch(/dev-50: 12 comparable runs, 2026-08-21 to 2026-09-01/);
    expect(stdout).toMatch(/podBindP99 .* 1\.91 s .* worse by 27 % \(.*\) since 2026-08-31 .* step /);
    expect(stdout).toMatch(/stage\.ramp .* 20 s .* – .* same/);
    expect((await trend('dev-50', '-m', 'podBindP99')).stdout).toMatch(
      /2026-08-31 {2}step: worse by 27 % .* since 2026-08-31, confirmed 2026-09-01; run night-10/,
    );
  });

  it('leaves the campaigns of comparisons out', async () => {
    storeNights(QUIET);
    const temporal = { ...aSummary().temporal, workflowId: 'cmp.1-branch' };
    storeRun(runs, 'cmp.1-branch', { trigger: 'comparison', temporal, startedAtMs: dayMs(40), value: 1.9 });
    const { stdout } = await trend('dev-50');
    expect(stdout).toMatch(/dev-50: 10 comparable runs/);
    expect(stdout).toMatch(/podBindP99 .* 1\.5 s .* same/);
    expect(stdout).toContain('left out, campaigns of comparisons: 1');
    expect((await trend('dev-50', '--export', '-')).stdout.match(/\n/g)).toHaveLength(10);
  });

  it('asks for another run at a single outlier', async () => {
    storeNights([...QUIET.slice(0, 6), 1.66]);
    expect((await trend('dev-50', '-m', 'podBindP99')).stdout).toMatch(/outlier, run again: worse by 1\d % /);
  });

  it('runs the profile again, if asked to, only where the latest run is flagged', async () => {
    storeGone(QUIET);
    const { stdout, exitCode } = await trend('gone', '--run-again');
    expect(exitCode).toBe(0);
    expect(stdout).toMatch(/\n--run-again: night-9 is not flagged, so nothing is run again\n$/);
    storeGone([...QUIET, 1.9]);
    // `run` finds no such profile any more.
    await expect(trend('gone', '--run-again')).rejects.toThrow(
      /--run-again: night-10 cannot be run as it was: .*gone/s,
    );
    await expect(trend('gone', '--run-again', '-o', 'json')).rejects.toThrow('--run-again: found --output json');
  });

  it('runs nothing again that could not be compared with the run that is flagged', async () => {
    for (const [day, value] of [...QUIET, 1.9].entries())
      storeRun(runs, `night-${day}`, { profile: 'quickstart', startedAtMs: dayMs(day), value });
    await expect(trend('quickstart', '--run-again')).rejects.toThrow(
      /--run-again: the profile of night-10 was "quickstart: 400 Pods, 2 clusters, soak \d+ s", and is "quickstart: [^"]*" now; such a run/,
    );
  });

  it.each([
    [{}, undefined],
    [{ system: 'kube-scheduler' }, undefined],
    [{ system: 'none-such' }, /--run-again: run-1 cannot be run as it was: .*none-such/s],
    [{ substrate: 'none-such' }, /--run-again: run-1 cannot be run as it was: .*none-such/s],
    [{ pods: 1 }, /the profile of run-1 was "quickstart: .*", and is/],
    [{ soakSeconds: 1 }, /the profile of run-1 was "quickstart: .* soak 1 s", and is/],
    [{ type: 'kubeconfig' }, /the substrate of run-1 was "local \(kubeconfig\)", and is "local \(local\)" now/],
    // Another host finds out by its own run.
    [{ hostClass: 'another' }, undefined],
  ] as const)('runs a run with %j again with its profile, substrate and system', (change, refused) => {
    const { spec } = checkCampaign({ profile: 'quickstart', overrides: {} }).built;
    const is = {
      system: spec.system.name,
      substrate: 'local',
      type: 'local',
      pods: spec.plan.totalPods,
      soakSeconds: spec.profile.loadProfile.soakSeconds,
      hostClass: 'this',
      ...change,
    };
    const run = {
      ...storedRunOf(aSummary({ runId: 'run-1', profile: 'quickstart' }), '/runs/run-1'),
      substrate: is.substrate,
      system: is.system,
      fingerprint: {
        profile: profilePart({ ...is, profile: 'quickstart', clusters: spec.plan.clusterCount }),
        substrate: substratePart({ name: is.substrate, type: is.type }),
        system: is.system,
        hostClass: is.hostClass,
      },
    };
    if (refused === undefined)
      expect(wordsOfAgain(run)).toEqual(['quickstart', '--substrate', 'local', '--set', `system=${is.system}`]);
    else expect(() => wordsOfAgain(run)).toThrow(refused);
  });

  it('says how much history is missing, and leaves out runs that cannot be compared', async () => {
    storeNights([1.5, 1.6]);
    storeRun(runs, 'elsewhere', { startedAtMs: dayMs(-1), substrate: { name: 'fat-host', type: 'local' } });
    const { stdout } = await trend('dev-50');
    expect(stdout).toContain('too little history: 1 earlier run of 5');
    expect(stdout).toContain('left out, taken with another substrate: fat-host (local): 1');
  });

  it('does not take a version of the system for another history', async () => {
    storeNights(QUIET);
    const { system } = anIdentity();
    const chart = { name: 'sut', version: '2.0.0', contentSha256: 'a'.repeat(64), valuesSha256: 'b'.repeat(64) };
    const identity = anIdentity({ system: system && { ...system, chart } });
    storeRun(runs, 'new', { startedAtMs: dayMs(20), value: 2.5, identity });
    expect((await trend('dev-50', '-m', 'podBindP99')).stdout).toMatch(
      /step: .* flagged on its first run.* sut 1\.2\.3.* to sut 2\.0\.0/,
    );
  });

  it('has every answer for programs', async () => {
    storeNights([...QUIET, null, 1.9]);
    const [{ metrics = [] } = {}] = JSON.parse((await trend('dev-50', '-o', 'json')).stdout) as {
      metrics?: { metric: string; answer: string; changes: object[]; runs: { answer: string }[] }[];
    }[];
    const [bind] = metrics;
    expect(bind).toMatchObject({
      metric: 'podBindP99',
      answer: 'step',
      changes: [{ kind: 'step', sinceRun: 'night-11' }],
    });
    expect(bind?.runs.slice(4, 6).map(({ answer }) => answer)).toEqual(['too-little-history', 'same']);
    expect(bind?.runs[10]?.answer).toBe('unmeasured');
  });

  it('writes the runs as lines that it can read again', async () => {
    storeNights([...QUIET, 1.9, 1.91]);
    const file = join(home, 'runs.ndjson');
    await trend('dev-50', '--export', file);
    expect(readFileSync(file, 'utf8').split('\n')).toHaveLength(13);
    const { stdout } = await trend('--import', file, '-m', 'podBindP99');
    expect(stdout).toMatch(/step: worse by 27 % .* since 2026-08-31/);
    expect((await trend('dev-50', '--export', '-')).stdout).toBe(readFileSync(file, 'utf8'));
  });

  it.each([
    { args: [], error: /found no profile; allowed: the name of a profile/ },
    { args: ['dev-51'], error: /found no run of profile "dev-51"; did you mean dev-50\?; allowed: dev-50/ },
    { args: ['dev-50', '-m', 'podBind99'], error: /no metric "podBind99"; did you mean podBindP99\?/ },
    { args: ['dev-50', '--min-change', '0'], error: /--min-change: found "0"; allowed: a percentage/ },
    { args: ['dev-50', '--last', 'ten'], error: /--last: found "ten"; allowed: a whole number/ },
    { args: ['--import', 'x', '--run-again'], error: /--run-again runs the profile of stored runs/ },
    { args: ['--export', 'x'], error: /--export writes the stored runs of one profile/ },
    {
      args: ['dev-50', '--export', '/dev/null/x'],
      error:
        /^--export: found "\/dev\/null\/x"; ENOTDIR: .*; allowed: a file that can be written, or - for standard output$/,
    },
    { args: ['--import', '/tmp'], error: /\/tmp: a folder, not a file; allowed: a text file/ },
  ])('refuses $args', async ({ args, error }) => {
    storeNights([1.5]);
    await expect(trend(...args)).rejects.toThrow(error);
  });

  it('reads a history that is larger than other files may be', async () => {
    storeNights([...QUIET, 1.9, 1.91]);
    const file = join(home, 'runs.ndjson');
    await trend('dev-50', '--export', file);
    const lines = readFileSync(file, 'utf8').trim().split('\n');
    const wide = 'x'.repeat(200_000);
    writeFileSync(file, lines.map((line) => `${line.slice(0, -1)},"more":"${wide}"}\n`).join(''));
    expect(statSync(file).size).toBeGreaterThan(2 * 2 ** 20);
    const { stdout } = await trend('--import', file, '-m', 'podBindP99');
    expect(stdout).toMatch(/step: worse by 27 % .* since 2026-08-31/);
    truncateSync(file, 2 ** 24 + 1);
    await expect(trend('--import', file)).rejects.toThrow(
      /runs\.ndjson: too large; found 16777217 bytes; allowed: at most 16777216 bytes/,
    );
  });

  it('names the line and the field of a file that it cannot read', async () => {
    const file = join(home, 'bad.ndjson');
    writeFileSync(file, '{"testName":"a","runID":"1","runTimestamp":"2026-01-01T00:00:00Z","phases":{}}\n');
    await expect(trend('--import', file)).rejects.toThrow(/bad\.ndjson:1: phases: .*expected array.*; found \{\}/);
    await expect(trend('--import', join(home, 'none'))).rejects.toThrow(/none/);
  });
});
