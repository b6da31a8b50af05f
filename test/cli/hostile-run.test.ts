import type { Command } from 'commander';
import { execFileSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { readTimeline } from '../../src/adapters/evidence/evidence-folder.ts';
import { compareCommand } from '../../src/cli/compare.ts';
import { judgeCommand } from '../../src/cli/judge.ts';
import { listCommand } from '../../src/cli/list.ts';
import { logsCommand } from '../../src/cli/logs.ts';
import { openCommand } from '../../src/cli/open.ts';
import { reportCommand } from '../../src/cli/report.ts';
import { showCommand } from '../../src/cli/show.ts';
import { trendCommand } from '../../src/cli/trend.ts';
import { specOf } from '../adapters/evidence/fixture.ts';
import { dayMs, storeRun } from '../adapters/index/stored-runs.ts';
import { runCommand } from './run-command.ts';

/** A run folder that others have handed over: every command ends, names what it does not read, and shows nothing of it. */

const SECRET = 'SECRET-OF-THE-USER';

let home = '';
let runs = '';
let bad = '';
const sockets: Server[] = [];

beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'belay-hostile-'));
  runs = join(home, 'runs');
  vi.stubEnv('BELAY_HOME', join(home, 'state'));
  vi.stubEnv('BELAY_RUNS', runs);
  vi.stubEnv('NO_COLOR', '1');
  vi.stubEnv('BROWSER', '');
  storeRun(runs, 'good', { startedAtMs: dayMs(1) });
  bad = storeRun(runs, 'bad', { startedAtMs: dayMs(0) });
  for (const folder of ['logs', 'prometheus/series']) mkdirSync(join(bad, folder), { recursive: true });
  writeFileSync(join(bad, 'spec.json'), JSON.stringify(specOf([])));
});
afterEach(async () => {
  for (const socket of sockets.splice(0)) await new Promise((done) => socket.close(done));
  vi.unstubAllEnvs();
  rmSync(home, { recursive: true });
});

const COMMANDS: Readonly<Record<string, () => readonly [Command, ...string[]]>> = {
  list: () => [listCommand()],
  show: () => [showCommand(), 'bad'],
  markdown: () => [showCommand(), 'bad', '-o', 'markdown'],
  open: () => [openCommand(), 'bad', '--print'],
  logs: () => [logsCommand(), 'bad'],
  log: () => [logsCommand(), 'bad', 'etcd'],
  report: () => [reportCommand(), 'bad'],
  index: () => [reportCommand(), '--index'],
  site: () => [reportCommand(), '--index', join(home, 'site')],
  judge: () => [judgeCommand(), bad],
  judgeFile: () => [judgeCommand(), join(bad, 'summary.json')],
  judgeAll: () => [judgeCommand(), '--all'],
  compare: () => [compareCommand(), '--baseline', 'good', '--branch', 'bad'],
  trend: () => [trendCommand(), 'dev-50'],
};

/** What a command says: its output, or the error that it ends with. */
async function saidBy(name: string): Promise<string> {
  const [command, ...args] = COMMANDS[name]?.() ?? [listCommand()];
  try {
    const { stdout, stderr } = await runCommand(command, args);
    return stdout + stderr;
  } catch (error) {
    // What is thrown is printed without a stack trace.
    expect(['UsageError', 'NotRead']).toContain((error as Error).name);
    return (error as Error).message;
  }
}

/** Every text below a folder. */
function publishedIn(folder: string): string {
  if (!existsSync(folder)) return '';
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => readFileSync(join(entry.parentPath, entry.name), 'utf8'))
    .join('\n');
}

const KINDS: readonly (readonly [kind: string, make: (path: string) => void | Promise<void>])[] = [
  ['a link', (path) => symlinkSync(join(home, 'secret'), path)],
  ['a link', (path) => symlinkSync('/dev/zero', path)],
  ['a link', (path) => symlinkSync(join(home, 'nowhere'), path)],
  ['a pipe', (path) => void execFileSync('mkfifo', [path])],
  ['a folder', (path) => mkdirSync(path)],
  [
    'a socket',
    async (path) => {
      const server = createServer();
      sockets.push(server);
      await new Promise<void>((done) => server.listen(path, done));
    },
  ],
  [
    '3.0 GB',
    (path) => {
      writeFileSync(path, '');
      truncateSync(path, 3e9);
    },
  ],
];

const RUN = ['list', 'show', 'report', 'index', 'site', 'judgeAll', 'compare', 'trend'];

/** Which commands read a file of a run, so that each names it. */
const FILES: readonly (readonly [file: string, readBy: readonly string[]])[] = [
  ['summary.json', [...RUN, 'judge', 'judgeFile']],
  ['MANIFEST.json', RUN],
  ['spec.json', ['report']],
  ['timeline.jsonl', ['report']],
  ['host.jsonl', ['report']],
  ['prometheus/series/podBindP99.json', ['report']],
  ['prometheus/series/podBindP99.buckets.json', ['report']],
  ['report.html', ['open', 'index', 'site']],
  ['logs/etcd.log', ['log']],
];

describe.each(KINDS)('a run folder that has %s', (kind, make) => {
  it.each(FILES)('as %s', async (file, readBy) => {
    const isLarge = kind === '3.0 GB';
    writeFileSync(join(home, 'secret'), SECRET);
    rmSync(join(bad, file), { force: true });
    await make(join(bad, file));
    // A command that reads nothing of a file has nothing to say of it, and drawing takes a second.
    const names = readBy.length > 1 ? Object.keys(COMMANDS) : ['list', 'logs', 'site', ...readBy];
    for (const name of names.filter((each) => each !== 'report' || readBy.includes('report'))) {
      const said = await saidBy(name);
      expect(said, name).not.toContain(SECRET);
      if (!readBy.includes(name)) continue;
      expect(said, name).toContain(file);
      if (name.startsWith('judge') && name !== 'judgeAll')
        expect(said).toMatch(/not a (?:plain )?file|too large|no such file/);
      else expect(said, name).toContain(kind);
    }
    const logs = await saidBy('logs');
    if (file === 'logs/etcd.log')
      expect(logs).toContain(isLarge ? 'etcd' : `left out ${join(bad, file)}: it is ${kind}`);
    expect(publishedIn(join(home, 'site'))).not.toContain(SECRET);
    expect(existsSync(join(home, 'site', 'runs', 'bad'))).toBe(false);
    expect(readFileSync(join(home, 'secret'), 'utf8')).toBe(SECRET);
  });
});

it.each(['prometheus', 'prometheus/series'])('a report reads no curve through %s that is a link', async (path) => {
  const outside = join(home, 'outside');
  mkdirSync(join(outside, 'series'), { recursive: true });
  const curve = { name: SECRET, startMs: 0, endMs: 9, stepMs: 1, lines: [] };
  for (const folder of [outside, join(outside, 'series')])
    writeFileSync(join(folder, 'podBindP99.json'), JSON.stringify(curve));
  rmSync(join(bad, path), { recursive: true });
  symlinkSync(outside, join(bad, path));
  expect(await saidBy('report')).toBe(`${join(bad, path)} is a link; allowed: a folder`);
});

it('logs are not read through a folder that is a link', async () => {
  mkdirSync(join(home, 'outside'));
  writeFileSync(join(home, 'outside', 'etcd.log'), SECRET);
  rmSync(join(bad, 'logs'), { recursive: true });
  symlinkSync(join(home, 'outside'), join(bad, 'logs'));
  for (const name of ['logs', 'log'])
    expect(await saidBy(name)).toBe(`${join(bad, 'logs')} is a link; allowed: a folder`);
});

it.each([
  ['spec.json', 'null'],
  ['spec.json', '[]'],
  ['spec.json', '{'],
  ['spec.json', '{"gates": [null]}'],
  ['timeline.jsonl', 'null\n'],
  ['host.jsonl', 'null\nnull\n'],
])('a report whose %s is %j says what cannot be drawn, or leaves it out', async (file, text) => {
  writeFileSync(join(bad, file), text);
  const said = await saidBy('report');
  expect(said).toMatch(/report\.html|^\S+ cannot be reported: .*spec\.json/);
});

it.each([
  ['<script>alert(1)</script>', '<script'],
  ['<p onclick="alert(1)">x</p>', '<p onclick'],
  ['<meta http-equiv="refresh" content="0; url=https://x.example">', '<meta http-equiv'],
  ['<p style="background: url(https://x.example)">x</p>', '<p style='],
  ['<svg><a href="javascript:alert(1)">x</a></svg>', '<a href'],
  ['\u001B$B', 'control characters'],
])('a report with %s in it is neither published nor opened, and is made again', async (markup, found) => {
  const report = join(bad, 'report.html');
  writeFileSync(report, `<!doctype html><html lang="en"><body>${markup}</body></html>`);
  const why = 'which no report of Belay has; "./belay report" with the run makes it again';
  expect(await saidBy('open')).toMatch(`${report} has `);
  for (const name of ['index', 'site']) {
    const said = await saidBy(name);
    expect(said).toContain(`left out the report of ${bad}: its report.html has `);
    expect(said).toContain(found);
    expect(said).toContain(why);
  }
  expect(existsSync(join(home, 'site', 'runs', 'bad'))).toBe(false);
  for (const page of [join(home, 'site', 'profile-dev-50.html'), join(runs, 'profile-dev-50.html')])
    expect(readFileSync(page, 'utf8')).not.toContain('report.html');
});

it('the commands read the same folder where nothing in it is hostile', async () => {
  writeFileSync(join(bad, 'timeline.jsonl'), '{"atMs": 1}\n');
  expect(readTimeline(bad)).toEqual([{ atMs: 1 }]);
  writeFileSync(join(bad, 'timeline.jsonl'), '');
  writeFileSync(join(bad, 'logs', 'etcd.log'), 'one\ntwo');
  expect(await saidBy('report')).toBe(`${join(bad, 'report.html')}\n`);
  expect(await saidBy('open')).toContain('/bad/report.html');
  expect(await saidBy('log')).toBe('one\ntwo');
  expect(await saidBy('site')).toBe(`${join(home, 'site', 'index.html')}: 2 runs on 2 pages\n`);
  const copy = join(home, 'site', 'runs', 'bad', 'report.html');
  expect(readFileSync(copy, 'utf8')).toBe(readFileSync(join(bad, 'report.html'), 'utf8'));
  for (const name of ['judge', 'compare', 'trend']) expect(await saidBy(name)).not.toContain('left out');
});
