import { execFileSync } from 'node:child_process';
import {
  appendFileSync,
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { repositoryFolder } from '../../src/adapters/host/folders.ts';

/** The programs that the entry script uses, besides node and npm. */
const UTILITIES = [
  'cat',
  'cksum',
  'date',
  'dirname',
  'find',
  'grep',
  'mkdir',
  'readlink',
  'rm',
  'rmdir',
  'sleep',
  'touch',
  'ln',
];

let folder: string;
let checkout: string;
let bin: string;

interface Run {
  readonly stdout: string;
  readonly stderr: string;
  readonly exitCode: number | undefined;
}

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'belay-entry-'));
  checkout = join(folder, 'check out');
  bin = join(folder, 'bin');
  mkdirSync(join(checkout, 'src', 'cli'), { recursive: true });
  mkdirSync(bin);
  copyFileSync(join(repositoryFolder, 'belay'), join(checkout, 'belay'));
  writeFileSync(join(checkout, 'package-lock.json'), '{\n    "node_modules/x": {}\n}\n');
  writeFileSync(
    join(checkout, 'src', 'cli', 'main.ts'),
    'const code: number = 7;\nconsole.log(process.version.slice(0, 4) + process.argv.slice(2).join("|"));\nprocess.exitCode = code;\n',
  );
  for (const name of UTILITIES)
    symlinkSync(execFileSync('/bin/sh', ['-c', `command -v ${name}`], { encoding: 'utf8' }).trim(), join(bin, name));
  script('node', 'echo v20.20.2');
  npm(`mkdir -p node_modules/.bin && ln -sf ${JSON.stringify(process.execPath)} node_modules/.bin/node`);
});
afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

function script(name: string, text: string): void {
  writeFileSync(join(bin, name), `#!/bin/sh\n${text}\n`);
  chmodSync(join(bin, name), 0o755);
}

/** An npm that records each call and does `work` in the checkout. */
function npm(work: string): void {
  script('npm', `echo "$*" >>${JSON.stringify(join(folder, 'npm.log'))}\n${work}`);
}

function npmCalls(): readonly string[] {
  return existsSync(join(folder, 'npm.log')) ? readFileSync(join(folder, 'npm.log'), 'utf8').trim().split('\n') : [];
}

async function belay(
  args: readonly string[] = [],
  path: string = join(checkout, 'belay'),
  env: Readonly<Record<string, string>> = {},
): Promise<Run> {
  const { stdout, stderr, exitCode } = await execa('/bin/sh', [path, ...args], {
    cwd: folder,
    env: { PATH: bin, HOME: folder, ...env },
    extendEnv: false,
    reject: false,
    timeout: 50_000,
  });
  return { stdout, stderr, exitCode };
}

test('a bare checkout is prepared once, then the command runs with its arguments and its exit code', async () => {
  const first = await belay(['run', 'a profile.yaml']);
  expect(first).toMatchObject({ stdout: 'v24.run|a profile.yaml', exitCode: 7 });
  expect(first.stderr).toContain('installing packages and Node 24');
  expect(npmCalls()).toEqual(['ci']);
  const second = await belay(['--help']);
  expect(second).toMatchObject({ stdout: 'v24.--help', stderr: '', exitCode: 7 });
  expect(npmCalls()).toEqual(['ci']);
  expect(existsSync(join(checkout, '.belay'))).toBe(false);
});

test('all packages are installed, with NODE_ENV=production, a HOME and a TMPDIR that do not exist', async () => {
  const seen = join(folder, 'npm.env');
  npm(
    `echo "$npm_config_include|$npm_config_cache|\${TMPDIR-unset}" >${JSON.stringify(seen)}
mkdir -p node_modules/.bin && ln -sf ${JSON.stringify(process.execPath)} node_modules/.bin/node`,
  );
  const unusual = { NODE_ENV: 'production', HOME: '/no/such/home', TMPDIR: '/no/such/folder' };
  expect(await belay(['x'], undefined, unusual)).toMatchObject({ stdout: 'v24.x', exitCode: 7 });
  expect(readFileSync(seen, 'utf8')).toBe(`dev|${join(checkout, '.belay', 'install.lock', 'npm-cache')}|unset\n`);
  expect(existsSync(join(checkout, '.belay'))).toBe(false);
});

test('node_modules that is a symlink is not installed into: npm ci would empty the other folder', async () => {
  const shared = join(folder, 'shared');
  mkdirSync(shared);
  symlinkSync(shared, join(checkout, 'node_modules'));
  const refused = await belay();
  expect(refused).toMatchObject({ stdout: '', exitCode: 4 });
  expect(refused.stderr).toMatch(/node_modules is a symlink.*Remove the link/);
  expect(npmCalls()).toEqual([]);
  expect(existsSync(join(checkout, '.belay'))).toBe(false);
});

test('it works through a symlink to a symlink, from anywhere', async () => {
  mkdirSync(join(folder, 'a'));
  symlinkSync('../check out/belay', join(folder, 'a', 'first'));
  symlinkSync(join(folder, 'a', 'first'), join(folder, 'second'));
  await expect(belay(['x'], join(folder, 'second'))).resolves.toMatchObject({ stdout: 'v24.x', exitCode: 7 });
});

test('another lockfile installs again', async () => {
  await belay();
  appendFileSync(join(checkout, 'package-lock.json'), ' ');
  await belay();
  expect(npmCalls()).toEqual(['ci', 'ci']);
});

test('the whole output of a failed npm is shown, and the next start tries again', async () => {
  npm('echo "npm error first"; echo "npm error last" >&2; exit 3');
  const run = await belay();
  expect(run.exitCode).toBe(4);
  expect(run.stderr).toContain('npm error first\nnpm error last\n');
  expect(run.stderr).toContain('npm ci failed (code 3)');
  npm(`mkdir -p node_modules/.bin && ln -sf ${JSON.stringify(process.execPath)} node_modules/.bin/node`);
  await expect(belay(['x'])).resolves.toMatchObject({ stdout: 'v24.x' });
});

test('packages without Node 24 do not count as installed', async () => {
  npm('mkdir -p node_modules/.bin');
  const run = await belay();
  expect(run.exitCode).toBe(4);
  expect(run.stderr).toContain('is not Node 24');
});

test.each([
  ['no Node', () => rmSync(join(bin, 'node')), 'Node.js was not found. Install Node.js 20 or newer'],
  ['an old Node', () => script('node', 'echo v18.19.0'), 'Node.js v18.19.0 is too old: 20 or newer is needed'],
  ['a Node that does not run', () => script('node', 'exit 1'), 'does not run'],
  ['no npm', () => rmSync(join(bin, 'npm')), 'npm was not found'],
])('%s is said with what to do', async (_what, prepare, message) => {
  prepare();
  const run = await belay();
  expect(run).toMatchObject({ exitCode: 4, stdout: '' });
  expect(run.stderr).toContain(message);
});

test('a checkout that is ready needs neither Node nor npm on PATH', async () => {
  await belay();
  rmSync(join(bin, 'node'));
  rmSync(join(bin, 'npm'));
  await expect(belay(['x'])).resolves.toMatchObject({ stdout: 'v24.x' });
});

test('two at once install once', async () => {
  npm(`sleep 2; mkdir -p node_modules/.bin && ln -sf ${JSON.stringify(process.execPath)} node_modules/.bin/node`);
  const runs = await Promise.all([belay(['one']), belay(['two'])]);
  expect(runs.map(({ stdout }) => stdout)).toEqual(['v24.one', 'v24.two']);
  expect(npmCalls()).toEqual(['ci']);
});

test('the lock of an installation that was killed is taken over', async () => {
  const lock = join(checkout, '.belay', 'install.lock');
  mkdirSync(lock, { recursive: true });
  const dead = execFileSync('/bin/sh', ['-c', 'echo $$'], { encoding: 'utf8' }).trim();
  writeFileSync(join(lock, 'pids'), `${dead}\n`);
  await expect(belay(['x'])).resolves.toMatchObject({ stdout: 'v24.x', exitCode: 7 });
  expect(existsSync(lock)).toBe(false);
});

test('a stop ends npm too and releases the lock', async () => {
  npm(`echo $$ >${JSON.stringify(join(folder, 'npm.pid'))}; exec sleep 60`);
  const run = execa('/bin/sh', [join(checkout, 'belay')], {
    env: { PATH: bin, HOME: folder },
    extendEnv: false,
    reject: false,
  });
  while (!existsSync(join(folder, 'npm.pid'))) await new Promise((done) => setTimeout(done, 50));
  const pid = Number(readFileSync(join(folder, 'npm.pid'), 'utf8'));
  run.kill('SIGTERM');
  expect((await run).exitCode).toBe(143);
  expect(existsSync(join(checkout, '.belay'))).toBe(false);
  expect(existsSync(`/proc/${pid}/environ`) && readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('sleep')).toBe(
    false,
  );
});
