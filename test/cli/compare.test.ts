import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { compareCommand } from '../../src/cli/compare.ts';
import { aSummary, dayMs, storeRun } from '../adapters/index/stored-runs.ts';
import { anIdentity } from '../core/identity/make-identity.ts';
import { runCommand } from './run-command.ts';

let home = '';
let runs = '';
const compare = (...args: string[]): ReturnType<typeof runCommand> => runCommand(compareCommand(), args);

beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'belay-compare-'));
  runs = join(home, 'runs');
  vi.stubEnv('BELAY_HOME', join(home, 'state'));
  vi.stubEnv('BELAY_RUNS', runs);
  vi.stubEnv('NO_COLOR', '1');
  for (const [index, value] of [0.5, 0.52, 0.49, 0.51, 0.5].entries())
    storeRun(runs, `old-${index}`, { value, startedAtMs: dayMs(index) });
  const { system } = anIdentity();
  const chart = { name: 'sut', version: '2.0.0', contentSha256: 'a'.repeat(64), valuesSha256: 'b'.repeat(64) };
  const identity = anIdentity({ system: system && { ...system, chart } });
  for (const [index, value] of [0.8, 0.83, 0.79, 0.85, 0.81].entries())
    storeRun(runs, `new-${index}`, { value, startedAtMs: dayMs(10 + index), identity });
});
afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(home, { recursive: true });
});

it('shows what got worse, by how much, and how sure that is', async () => {
  const { stdout, exitCode } = await compare('version=1.2.3', 'version=2.0.0', '--metric', 'podBindP99');
  expect(exitCode).toBe(1);
  expect(stdout).toMatch(/^baseline {2}5 runs \(5 pass\): old-4, old-3, old-2, old-1 and 1 more; .*sut 1\.2\.3/);
  expect(stdout).toMatch(
    /podBindP99 .* 0\.5 s .* 0\.81 s .* \+6\d % .* \+\d\d % to \+\d\d % .* worse .* 5 .* 2\.\d %, 3 % .* 4 │/,
  );
  expect(stdout).not.toContain('warning');
});

it('shows all metrics, and why some cannot be decided', async () => {
  const { stdout } = await compare('--baseline', 'old-0', 'old-1', 'old-2', 'old-3', '--branch', 'id=new-*,last=4');
  expect(stdout).toMatch(/podBindP99 .* worse/);
  expect(stdout).toMatch(
    /cannot tell: no difference was shown; without --same-within .*stage\.provision, stage\.install/,
  );
  const same = await compare('old-0,old-1,old-2,old-3', 'id=new-*', '--same-within', '5%');
  expect(same.stdout).toMatch(/stage\.ramp .* same/);
});

it('has a table for pull requests and one for programs', async () => {
  const markdown = await compare('id=old-*', 'id=new-*', '-o', 'markdown');
  expect(markdown.stdout).toContain(
    '| metric | baseline | branch | change | 95 % interval | result | n | spread | runs for 10 % |',
  );
  expect(markdown.stdout).toMatch(/\| podBindP99 \| 0\.5 s \| 0\.81 s \| \+6\d % \| .* \| \*\*worse\*\* \| 5 \|/);
  const json = JSON.parse((await compare('id=old-*', 'id=new-*', '-o', 'json')).stdout) as object;
  expect(json).toMatchObject({
    alpha: 0.05,
    warnings: [],
    metrics: [{ name: 'podBindP99', result: 'worse' }, {}, {}, {}, {}, {}],
  });
});

it('names each metric of which a value is too large to be compared, and says of how many runs', async () => {
  for (const id of ['beyond-1', 'beyond-2']) storeRun(runs, id, { value: 1e60 });
  const sides = ['id=old-*', '--branch', 'id=new-*', 'beyond-1', 'beyond-2'];
  const line = 'left out, as values of 1.00e+50 and more are not compared: podBindP99 (2 runs of the branch)';
  const { stdout } = await compare('--baseline', ...sides);
  expect(stdout).toContain(`\n${line}\n`);
  expect(stdout).toMatch(/podBindP99 .* worse .* 5 /);
  expect((await compare('--baseline', ...sides, '-o', 'markdown')).stdout).toContain(`\n- ${line}\n`);
  const json = JSON.parse((await compare('--baseline', ...sides, '-o', 'json')).stdout) as object;
  expect(json).toMatchObject({
    metrics: [
      { name: 'podBindP99', baseline: { tooLarge: 0 }, branch: { n: 5, unmeasured: 2, tooLarge: 2 } },
      {},
      {},
      {},
      {},
      {},
    ],
  });
  expect((await compare('id=old-*', 'id=new-*')).stdout).not.toContain('left out');
});

it('cannot tell from single runs, and warns when runs were not taken alike', async () => {
  storeRun(runs, 'larger', { substrate: { name: 'mid-host', type: 'local' }, startedAtMs: dayMs(0) });
  const { stdout, exitCode } = await compare('old-0', 'larger');
  expect(exitCode).toBe(2);
  expect(stdout).toContain('cannot tell: one run does not show how much runs differ');
  expect(stdout).toContain('warning   the substrate differs: old-0 has "local (local)", larger has "mid-host (local)"');
  const mixed = await compare('old-0', 'old-0,new-0');
  expect(mixed.stdout).toMatch(
    /warning {3}the branch has 2 versions of the system: sut 1\.2\.3, sut:1; sut 2\.0\.0, sut:1/,
  );
  expect(mixed.stdout).toContain('on both sides: old-0; the two sides are not independent');
});

it.each([
  [[], 'found no runs; allowed: compare A B'],
  [['old-0'], 'found not two sides: only the baseline "old-0"; allowed: compare A B'],
  [['--branch', 'old-0'], 'found not two sides: only the branch "old-0"; allowed: compare A B'],
  [
    ['new-0', '--baseline', 'old-0', '--branch', 'old-1'],
    'found not two sides: "new-0" beside a baseline and a branch',
  ],
  [['old-0', 'profile=dev-5'], 'no stored run is like that; did you mean profile=dev-50? allowed as profile: dev-50; '],
  [['old-0', 'verdict=green'], 'branch "verdict=green": verdict: found "green"; allowed: pass, fail, unmeasured'],
  [['side=left', 'old-0'], 'baseline "side=left": side: found "left"; allowed: baseline, branch'],
  [['old-0', 'old-9'], 'found no stored run "old-9"; did you mean old-'],
  [['old-0', 'profile=none'], 'branch "profile=none": no stored run is like that'],
  [['old-0', 'profil=none'], 'branch "profil=none": found key "profil"; did you mean profile?'],
  [
    ['old-0', 'new-0', '--metric', 'podBindP9'],
    '--metric: found "podBindP9"; did you mean podBindP99? allowed: podBindP99, stage',
  ],
  [['--run', 'quickstart', '-n', '0'], '--pairs: found "0"; allowed: a whole number from 1 to 1000'],
  [
    ['--run', 'quickstart', 'kube-scheduler', 'loadProfile.churnPerMinute=0.2', '--metric', 'podBindP9'],
    '--metric: found "podBindP9"; did you mean podBindP99? allowed: the gates of both sides: ',
  ],
  [
    ['--run', 'quickstart', 'kube-scheduler', 'loadProfile.churnPerMinute=0.2', '--metric', 'stage.ramp'],
    '--metric: found "stage.ramp"; allowed: the gates of both sides: ',
  ],
  [
    ['--run', 'quickstart', 'kube-scheduler', 'loadProfile.churnPerMinute=0.2,randomSeed=5'],
    '--branch: found "randomSeed=5"; allowed: no randomSeed, because both sides of a pair get the same one',
  ],
  [['-n', 'many'], '--pairs: found "many"; allowed: a whole number from 1 to 1000'],
  [['old-0', 'new-0', '--same-within', '5'], '--same-within: found "5"; allowed: a share above 0 and below 1'],
])('refuses %j', async (args, message) => {
  await expect(compare(...args)).rejects.toThrow(message);
});

it('takes the sides of a comparison by new campaigns for what they are', async () => {
  for (const [side, value] of [['baseline', 0.5] as const, ['branch', 0.9] as const])
    for (const pair of [1, 2, 3, 4]) {
      const id = `cmp.${pair}-${side}`;
      const { temporal, system } = aSummary();
      const own = { ...system, name: side === 'branch' ? 'next' : system.name };
      const more = { trigger: 'comparison', temporal: { ...temporal, workflowId: id }, system: own };
      storeRun(runs, id, { ...more, value: value + pair / 100, startedAtMs: dayMs(30 + pair) });
    }
  const { stdout } = await compare('comparison=cmp,side=baseline', 'comparison=cmp,side=branch');
  expect(stdout).toMatch(/^baseline {2}4 runs \(4 pass\): comparison=cmp,side=baseline; /);
  expect(stdout).toMatch(/podBindP99 .* worse/);
  expect(stdout).not.toContain('warning');
});
