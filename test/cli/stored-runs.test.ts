import { Command } from 'commander';
import { execFileSync } from 'node:child_process';
import {
  appendFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { guardTerminal } from '../../src/cli/guard-terminal.ts';
import { listCommand } from '../../src/cli/list.ts';
import { logsCommand } from '../../src/cli/logs.ts';
import { openCommand } from '../../src/cli/open.ts';
import { reportCommand } from '../../src/cli/report.ts';
import { showCommand } from '../../src/cli/show.ts';
import { addStepSummary } from '../../src/cli/step-summary.ts';
import { manifestProblems, writeManifest } from '../../src/adapters/evidence/manifest.ts';
import { withRunIndex } from '../../src/adapters/index/run-index.ts';
import { specOf } from '../adapters/evidence/fixture.ts';
import { aSummary, dayMs, storeRun } from '../adapters/index/stored-runs.ts';
import { runCommand } from './run-command.ts';

let home = '';
let runs = '';
const list = (...args: string[]): ReturnType<typeof runCommand> => runCommand(listCommand(), args);
const logs = (...args: string[]): ReturnType<typeof runCommand> => runCommand(logsCommand(), args);
const report = (...args: string[]): ReturnType<typeof runCommand> => runCommand(reportCommand(), args);
const open = (...args: string[]): ReturnType<typeof runCommand> => runCommand(openCommand(), args);
const show = (...args: string[]): ReturnType<typeof runCommand> => runCommand(showCommand(), args);

beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'belay-stored-'));
  runs = join(home, 'runs');
  vi.stubEnv('BELAY_HOME', join(home, 'state'));
  vi.stubEnv('BELAY_RUNS', runs);
  vi.stubEnv('NO_COLOR', '1');
});
afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(home, { recursive: true });
});

describe('belay list', () => {
  it('says how to get a first run', async () => {
    expect((await list()).stdout).toBe('No stored run yet. ./belay run profiles/quickstart.yaml makes one.\n');
    expect((await list('--verdict', 'fail')).stdout).toBe('No stored run is like that.\n');
  });

  it('shows runs, the newest first, and names what it left out', async () => {
    storeRun(runs, 'dev-50-a', { startedAtMs: dayMs(0), endedAtMs: dayMs(0) + 90_000 });
    storeRun(runs, 'dev-50-b', { startedAtMs: dayMs(1), value: 9 });
    mkdirSync(join(runs, 'broken'));
    writeFileSync(join(runs, 'broken', 'summary.json'), '');
    mkdirSync(join(runs, 'running'));
    writeFileSync(join(runs, 'running', 'spec.json'), '{}');
    const { stdout, exitCode } = await list();
    expect(exitCode).toBe(0);
    expect(stdout).toMatch(/run .* profile .* verdict .* started \(UTC\) .* took .* system .* reason/);
    expect(stdout).toMatch(
      /dev-50-b .* fail .*podBindP99 = 9 s.*\n.*dev-50-a .* pass .*2026-08-21 03:00:00 .* 1 min 30 s .*sut 1\.2\.3/,
    );
    expect(stdout).toMatch(/left out .*\/broken: its summary.json is not JSON/);
    expect(stdout).toContain('without a summary, running or broken off: running');
    const limited = await list('--limit', '1');
    expect(limited.stdout).toContain('the newest 1 of 2; --limit shows more');
    expect(limited.stdout).not.toContain('dev-50-a');
  });

  it('marks the campaigns of comparisons', async () => {
    storeRun(runs, 'a');
    expect((await list()).stdout).not.toContain('compared');
    const temporal = { ...aSummary().temporal, workflowId: 'cmp.2-branch' };
    storeRun(runs, 'cmp.2-branch', { trigger: 'comparison', temporal });
    const { stdout } = await list();
    expect(stdout).toMatch(/run .* profile .* compared .* verdict/);
    expect(stdout).toMatch(/cmp\.2-branch .* dev-50 .* branch, pair 2 .* pass/);
    expect((await show('cmp.2-branch')).stdout).toMatch(/^comparison +cmp, branch of pair 2$/m);
  });

  it('has the runs for programs', async () => {
    storeRun(runs, 'a');
    const { runs: found } = JSON.parse((await list('-o', 'json')).stdout) as {
      runs: { id: string; metrics: object[] }[];
    };
    expect(found).toMatchObject([
      { id: 'a', verdict: 'pass', metrics: [{ name: 'podBindP99', value: 1.5 }, {}, {}, {}, {}, {}] },
    ]);
  });

  it('has the same for programs as the index has, whatever is asked for', async () => {
    const empty = JSON.parse((await list('-o', 'json')).stdout) as unknown;
    expect(empty).toEqual({ runs: [], damaged: [], unfinished: [], ofMembers: [] });
    dayRuns();
    storeRun(runs, 'cmp.2-branch', {
      trigger: 'comparison',
      identity: undefined as never,
      reasons: ['"quoted", \n {}'],
    });
    mkdirSync(join(runs, 'broken'));
    writeFileSync(join(runs, 'broken', 'summary.json'), '{');
    for (const [args, query] of [
      [[], {}],
      [['--limit', '2'], { limit: 2 }],
      [['--verdict', 'fail', '--limit', '0'], { verdict: 'fail' }],
    ] as const) {
      const { stdout } = await list('-o', 'json', ...args);
      const expected = withRunIndex((index) => ({
        runs: index.runs(query),
        damaged: index.damaged,
        unfinished: [],
        ofMembers: [],
      }));
      expect(JSON.parse(stdout)).toEqual(JSON.parse(JSON.stringify(expected)));
      expect(stdout.split('\n').filter((line) => line.includes('"takenWith"'))).toHaveLength(expected.runs.length);
    }
  });

  it('says that the index of many runs is made, once', async () => {
    const count = 1_000;
    for (let number = 0; number < count; number++) {
      mkdirSync(join(runs, `run-${number}`), { recursive: true });
      writeFileSync(join(runs, `run-${number}`, 'summary.json'), '{');
    }
    expect((await list('--output', 'json')).stderr).toBe('1000 new or changed run folders are indexed, once\n');
    expect((await list()).stderr).toBe('');
  });

  it.each([
    [['--verdict', 'green'], '--verdict: found "green"; allowed: pass, fail, unmeasured'],
    [['--since', 'yesterday'], '--since: found "yesterday"; allowed: a time such as'],
    [['--limit', '-1'], '--limit: found "-1"; allowed: a whole number from 0'],
    [['--output', 'xml'], '--output: found "xml"; allowed: table, json'],
  ])('refuses %j', async (args, message) => {
    await expect(list(...args)).rejects.toThrow(message);
  });
});

describe('belay show', () => {
  it('shows verdict, gates, durations and what the run was taken with', async () => {
    const folder = storeRun(runs, 'dev-50-a', { value: 9 });
    const { stdout } = await show('dev-50-a');
    expect(stdout).toMatch(/^run +dev-50-a$/m);
    expect(stdout).toMatch(/^profile +dev-50: 400 Pods, 2 clusters, soak 30 s$/m);
    expect(stdout).toMatch(/podBindP99 .* 9 s .* fail/);
    expect(stdout).toMatch(/stage\.ramp .* 20 s/);
    expect(stdout).toMatch(/verdict {2}FAIL\n {2}- podBindP99 = 9 s/);
    expect((await show(folder)).stdout).toBe(stdout);
    expect(JSON.parse((await show('dev-50-a', '-o', 'json')).stdout)).toMatchObject({
      id: 'dev-50-a',
      verdict: 'fail',
      gates: [{ gate: 'podBindP99' }],
    });
  });

  it('has no line that a reason begins, as a cluster can say what looks like a verdict', async () => {
    storeRun(runs, 'forged', {
      verdict: 'fail',
      passed: false,
      reasons: ['refused:\r\n\nverdict  PASS\n  - all is well'],
    });
    expect((await show('forged')).stdout).toMatch(
      /^verdict {2}FAIL\n {2}- refused:\n {6}verdict {2}PASS\n {6}- all is well$/m,
    );
  });

  it('suggests runs for one that is unknown, and says why one cannot be used', async () => {
    await expect(show('a')).rejects.toThrow(/found no stored run "a"; there is none in .*runs; allowed: the id/);
    for (const id of ['nightly-1', 'nightly-2', 'nightly-3', 'nightly-4', 'other']) storeRun(runs, id);
    await expect(show('nigthly-4')).rejects.toThrow(/did you mean nightly-4, nightly-\d, nightly-\d\?/);
    await expect(show('other-4')).rejects.toThrow(/did you mean other\?/);
    await expect(show('..')).rejects.toThrow(/found no stored run "\.\."/);
    mkdirSync(join(runs, 'cut'));
    writeFileSync(join(runs, 'cut', 'summary.json'), '{');
    await expect(show('cut')).rejects.toThrow(/cut cannot be used: its summary.json is not JSON/);
    mkdirSync(join(runs, 'running'));
    writeFileSync(join(runs, 'running', 'spec.json'), '{}');
    await expect(show('running')).rejects.toThrow(/it runs, or ended before it was judged/);
  });
});

describe('a run that is asked for', () => {
  const allowed = 'allowed: the id of a run, or the path of its folder';

  it('is said to be a link in a circle, a link that leads nowhere, or no folder, by every command', async () => {
    mkdirSync(runs);
    symlinkSync('circle', join(runs, 'circle'));
    symlinkSync('nothing', join(runs, 'lost'));
    writeFileSync(join(runs, 'index.html'), '');
    for (const command of [show, logs, open, report])
      for (const [typed, what] of [
        ['circle', 'a link in a circle'],
        ['lost', 'a link that leads nowhere'],
        ['index.html', 'no folder'],
      ] as const)
        for (const name of [typed, join(runs, typed)])
          await expect(command(name)).rejects.toThrow(`found "${name}": ${join(runs, typed)} is ${what}; ${allowed}`);
  });

  it('is said to have a summary that is a link in a circle, by its name and its path', async () => {
    const folder = storeRun(runs, 'damaged');
    rmSync(join(folder, 'summary.json'));
    symlinkSync('summary.json', join(folder, 'summary.json'));
    for (const command of [show, report])
      for (const name of ['damaged', folder])
        await expect(command(name)).rejects.toThrow(
          `${folder} cannot be used: its summary.json is a link; allowed: a plain file`,
        );
  });
});

describe('belay logs', () => {
  it('lists the logs of a run, also of one without a summary, and prints one or its end', async () => {
    const folder = join(runs, 'a', 'logs');
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, 'kube-apiserver.log'), 'one\ntwo\nthree\n');
    writeFileSync(join(folder, 'kube-scheduler.log'), 'bound\n');
    expect((await logs('a')).stdout).toMatch(/kube-apiserver .* 1 KiB .*\n.*kube-scheduler/);
    expect(JSON.parse((await logs('a', '-o', 'json')).stdout)).toMatchObject([
      { component: 'kube-apiserver', bytes: 14 },
      {},
    ]);
    expect((await logs('a', 'kube-apiserver', '--tail', '2')).stdout).toBe('two\nthree\n');
    expect((await logs('a', 'apis', '--tail', '1')).stdout).toBe('three\n');
    await expect(logs('a', 'kube')).rejects.toThrow('found "kube"; allowed: kube-apiserver, kube-scheduler');
    await expect(logs('a', 'kube-shedule')).rejects.toThrow('did you mean "kube-scheduler"?');
    await expect(logs('b')).rejects.toThrow('found no stored run "b"');
  });

  it('lists nothing that is a link or a pipe: a run may have been handed over by others', async () => {
    const folder = join(runs, 'a', 'logs');
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(home, 'secret'), 'secret');
    writeFileSync(join(folder, 'etcd.log'), 'one');
    symlinkSync(join(home, 'secret'), join(folder, 'linked.log'));
    symlinkSync(join(home, 'gone'), join(folder, 'gone.log'));
    execFileSync('mkfifo', [join(folder, 'pipe.log')]);
    mkdirSync(join(folder, 'folder.log'));
    const { stdout, stderr } = await logs('a', '-o', 'json');
    expect(JSON.parse(stdout)).toMatchObject([{ component: 'etcd', bytes: 3 }]);
    const left = ['folder', 'gone', 'linked', 'pipe'].map((name) => join(folder, `${name}.log`));
    expect(stderr.match(/(?<=left out ).*(?=: it is)/g)).toEqual(left);
    await expect(logs('a', 'linked')).rejects.toThrow('linked.log is a link; allowed: a plain file');
    mkdirSync(join(runs, 'b'));
    symlinkSync(folder, join(runs, 'b', 'logs'));
    await expect(logs('b')).rejects.toThrow('b/logs is a link; allowed: a folder');
  });

  it('prints whole lines, which are made safe for a terminal, and all of them', async () => {
    const folder = join(runs, 'a', 'logs');
    mkdirSync(folder, { recursive: true });
    const line = 'x'.repeat(65_530);
    writeFileSync(join(folder, 'etcd.log'), `${line}##vso[task.x]\n\u001B]0;title\u0007\nno end`);
    let printed = '';
    vi.spyOn(process.stdout, 'write').mockImplementation((chunk) => (printed += String(chunk)) !== '');
    vi.spyOn(console, 'error');
    try {
      guardTerminal();
      await new Command('belay').addCommand(logsCommand()).parseAsync(['node', 'belay', 'logs', 'a', 'etcd']);
    } finally {
      vi.restoreAllMocks();
    }
    expect(printed.slice(line.length)).toBe('#\\u0023vso[task.x]\n\\u001b]0;title\\u0007\nno end');
  });
});

describe('belay report and belay open', () => {
  it('make the report from the evidence, and list it in the manifest anew', async () => {
    const folder = storeRun(runs, 'a');
    writeFileSync(join(folder, 'spec.json'), JSON.stringify(specOf([])));
    writeFileSync(join(folder, 'report.html'), 'an earlier version wrote this');
    await writeManifest(folder);
    await expect(open('a', '--print')).resolves.toMatchObject({ stdout: `file://${folder}/report.html\n` });
    const { stdout } = await open('a', '-o', 'json');
    expect(JSON.parse(stdout)).toEqual({ report: `${folder}/report.html`, url: `file://${folder}/report.html` });
    await expect(open('a', '-o', 'xml')).rejects.toThrow('--output: found "xml"; allowed: text, json');
    expect((await report('a')).stdout).toBe(`${join(folder, 'report.html')}\n`);
    expect(readFileSync(join(folder, 'report.html'), 'utf8')).toContain('podBindP99');
    expect(await manifestProblems(folder)).toEqual([]);
    rmSync(join(folder, 'report.html'));
    await expect(open('a')).rejects.toThrow('"./belay report a" makes it from the stored evidence');
  });
});

function dayRuns(): void {
  storeRun(runs, 'dev-50-a', { startedAtMs: dayMs(0) });
  storeRun(runs, 'dev-50-b', { startedAtMs: dayMs(1) });
  storeRun(runs, 'dev-50-c', { startedAtMs: dayMs(2), value: 9 });
}

describe('belay report in other forms', () => {
  it('is short as Markdown, and compares with the runs before', async () => {
    dayRuns();
    const { stdout } = await report('dev-50-c', '--format', 'markdown');
    expect(stdout).toMatch(/^### ❌ FAIL: dev-50\n/);
    expect(stdout).toContain('The first red run after 2 green runs.');
    expect((await show('dev-50-c', '-o', 'markdown')).stdout).toBe(stdout);
    vi.stubEnv('BELAY_REPORT_URL', 'https://ci.example/belay/');
    const linked = await report('dev-50-c', '--format', 'markdown');
    expect(linked.stdout).toContain('[Report](<https://ci.example/belay/runs/dev-50-c/report.html>)');
  });

  it('is added to the summary of a GitHub step, and nothing is without one', async () => {
    dayRuns();
    await addStepSummary(['dev-50-a']);
    const file = join(home, 'step.md');
    vi.stubEnv('GITHUB_STEP_SUMMARY', file);
    await addStepSummary(['dev-50-a', 'gone', 'dev-50-c']);
    expect(readFileSync(file, 'utf8').match(/^### .*$/gm)).toEqual(['### ✅ PASS: dev-50', '### ❌ FAIL: dev-50']);
    // GitHub shows nothing at all of more than 1 MiB.
    appendFileSync(file, 'x'.repeat(999_500));
    const warned = vi.spyOn(console, 'error').mockReturnValue();
    await addStepSummary(['dev-50-c', 'dev-50-a', 'dev-50-c']);
    const names = /(3 campaigns|2 campaigns|1 campaign), as .* has room for 1 MiB: ((dev-50-c, )?dev-50-a, )?dev-50-c$/;
    expect(warned.mock.calls.flat().join('')).toMatch(names);
    expect(warned.mock.calls.flat().join('')).toMatch(/^GITHUB_STEP_SUMMARY: left out \d/);
    warned.mockRestore();
    const [last = ''] = readFileSync(file, 'utf8').trimEnd().split('\n').slice(-1);
    expect(last.replaceAll('\\', '')).toMatch(names);
    expect(last).toMatch(/^Left out \d/);
    expect(statSync(file).size).toBeLessThan(2 ** 20);
    vi.stubEnv('GITHUB_STEP_SUMMARY', home);
    const said = vi.spyOn(console, 'error').mockReturnValue();
    await addStepSummary(['dev-50-a']);
    expect(said.mock.calls.flat().join('')).toContain(
      'GITHUB_STEP_SUMMARY: the summary of the step could not be written',
    );
    said.mockRestore();
  });

  it('is in the summary of a GitHub step although other runs of the same climb are damaged, and those are named', async () => {
    dayRuns();
    for (const id of ['cut', 'foreign', 'circle']) storeRun(runs, id);
    writeFileSync(join(runs, 'cut', 'summary.json'), '{"runId":');
    writeFileSync(join(runs, 'foreign', 'summary.json'), '{}');
    rmSync(join(runs, 'circle', 'summary.json'));
    symlinkSync('summary.json', join(runs, 'circle', 'summary.json'));
    const file = join(home, 'step.md');
    vi.stubEnv('GITHUB_STEP_SUMMARY', file);
    const warned = vi.spyOn(console, 'error').mockReturnValue();
    await addStepSummary(['cut', 'dev-50-a', 'foreign', 'gone', 'circle', 'dev-50-c']);
    const said = warned.mock.calls.flat();
    warned.mockRestore();
    expect(said).toEqual([
      expect.stringMatching(/^GITHUB_STEP_SUMMARY: left out cut: its summary.json is not JSON/),
      expect.stringMatching(/^GITHUB_STEP_SUMMARY: left out foreign: its summary.json is no summary of Belay/),
      'GITHUB_STEP_SUMMARY: left out circle: its summary.json is a link; allowed: a plain file',
    ]);
    const text = readFileSync(file, 'utf8');
    expect(text.match(/^(### .*|Left out \w+)/gm)).toEqual([
      'Left out cut',
      '### ✅ PASS: dev-50',
      'Left out foreign',
      'Left out circle',
      '### ❌ FAIL: dev-50',
    ]);
  });

  it.each([
    ['/proc/belay', "mkdir '/proc/belay'"],
    ['/dev/null/site', "mkdir '/dev/null/site'"],
    ['/dev/null', "mkdir '/dev/null'"],
    ['/proc', "open '/proc/index.html."],
  ])('is no site in %s, where no file can be written', async (folder, why) => {
    const found = (what: string): RegExp =>
      new RegExp(`^--index: found ${what}; E[A-Z]+: .*, ${why}.*; allowed: a folder in which files can be written$`);
    await expect(report('--index', folder)).rejects.toThrow(found(`"${folder}"`));
    vi.stubEnv('BELAY_RUNS', folder);
    await expect(report('--index')).rejects.toThrow(found(`nothing, which is the runs folder ${folder}`));
  });

  it('is no site where a run has the name of one of its pages, but in a folder of its own', async () => {
    expect((await report('--index')).stdout).toBe(`${join(runs, 'index.html')}: 0 runs on 1 page\n`);
    rmSync(join(runs, 'index.html'));
    for (const id of ['index.html', 'x.html']) storeRun(runs, id);
    await expect(report('--index')).rejects.toThrow(
      `${join(runs, 'index.html')} is a folder, and a page of the site has that name; "./belay report --index FOLDER" writes it elsewhere`,
    );
    await expect(report('--index', '')).rejects.toThrow('--index: found ""; allowed: a folder');
    const site = join(home, 'site');
    expect((await report('--index', site)).stdout).toBe(`${join(site, 'index.html')}: 2 runs on 2 pages\n`);
    expect((await list()).stdout).toMatch(/index\.html[^]*x\.html|x\.html[^]*index\.html/);
  });

  it('publishes no file that a link in a run leads to, and writes through no link', async () => {
    const secret = join(home, 'secret');
    writeFileSync(secret, 'secret');
    for (const id of ['linked', 'piped', 'own']) storeRun(runs, id);
    symlinkSync(secret, join(runs, 'linked', 'report.html'));
    execFileSync('mkfifo', [join(runs, 'piped', 'report.html')]);
    writeFileSync(join(runs, 'own', 'report.html'), 'report');
    const site = join(home, 'site');
    mkdirSync(join(site, 'runs', 'own'), { recursive: true });
    symlinkSync(secret, join(site, 'runs', 'own', 'report.html'));
    await report('--index', site);
    await report('--index');
    for (const page of [join(site, 'profile-dev-50.html'), join(runs, 'profile-dev-50.html')])
      expect(readFileSync(page, 'utf8').match(/[a-z]+\/report\.html/g), page).toEqual(['own/report.html']);
    expect(existsSync(join(site, 'runs', 'linked'))).toBe(false);
    expect(readFileSync(join(site, 'runs', 'own', 'report.html'), 'utf8')).toBe('report');
    expect(readFileSync(secret, 'utf8')).toBe('secret');
    for (const id of ['linked', 'piped']) {
      await expect(open(id, '--print')).rejects.toThrow(/report\.html is a (?:link|pipe); allowed: a plain file/);
      expect((await show(id)).stdout).not.toContain('report.html');
      expect((await report(id, '--format', 'markdown')).stdout).not.toContain('report.html');
    }
  });

  it('keeps the reports where the folder of the site is that of the runs by another name', async () => {
    storeRun(runs, 'own');
    writeFileSync(join(runs, 'own', 'report.html'), 'report');
    symlinkSync(home, join(home, 'other'));
    await report('--index', join(home, 'other'));
    expect(readFileSync(join(runs, 'own', 'report.html'), 'utf8')).toBe('report');
  });

  it('is a site of all runs beside them, or in a folder to publish', async () => {
    dayRuns();
    mkdirSync(join(runs, 'broken'));
    writeFileSync(join(runs, 'broken', 'summary.json'), '');
    writeFileSync(join(runs, 'dev-50-c', 'spec.json'), JSON.stringify(specOf([])));
    await report('dev-50-c');
    const here = await report('--index');
    expect(here.stdout).toBe(`${join(runs, 'index.html')}: 3 runs on 2 pages\n`);
    expect(readFileSync(join(runs, 'index.html'), 'utf8')).toContain('1 folder cannot be read and is left out');
    expect(readFileSync(join(runs, 'profile-dev-50.html'), 'utf8')).toContain('href="dev-50-c/report.html"');
    expect((await list('-o', 'json')).stdout, 'the site is no run').toContain('dev-50-a');

    const site = join(home, 'site');
    const { pages } = JSON.parse((await report('--index', site, '-o', 'json')).stdout) as { pages: number };
    expect(pages).toBe(2);
    const page = readFileSync(join(site, 'profile-dev-50.html'), 'utf8');
    expect(page).toContain('href="runs/dev-50-c/report.html"');
    expect(readFileSync(join(site, 'runs/dev-50-c/report.html'), 'utf8')).toContain(
      'The first red run after 2 green runs.',
    );
    expect(page.match(/<th scope="row">/g)).toHaveLength(3);

    // A campaign of a comparison is listed, and its verdict is not one of its profile.
    const temporal = { ...aSummary().temporal, workflowId: 'cmp.2-branch' };
    storeRun(runs, 'cmp.2-branch', { trigger: 'comparison', temporal, startedAtMs: dayMs(9) });
    await report('--index');
    expect(readFileSync(join(runs, 'profile-dev-50.html'), 'utf8')).toContain('compared: branch, pair 2');
    const first = readFileSync(join(runs, 'index.html'), 'utf8');
    expect(first).toContain('<span class="badge fail">fail</span></h3>');
    expect(first.match(/<li>/g)).toHaveLength(3);
  });

  it.each([
    [[], 'which run? "./belay list" lists them'],
    [['a', '--index'], '"report --index" is about all runs; found the run "a" too'],
    [['a', '--format', 'pdf'], '--format: found "pdf"; allowed: html, markdown'],
  ])('refuses %j', async (args, message) => {
    await expect(report(...args)).rejects.toThrow(message);
  });
});
