import { once } from 'node:events';
import { createServer } from 'node:http2';
import type { AddressInfo } from 'node:net';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { afterAll, describe, expect, it } from 'vitest';

const main = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url));
const files = fileURLToPath(new URL('plan-files', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'belay-main-'));
const nobody = { TEMPORAL_ADDRESS: '127.0.0.1:1' };

afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** The whole command line, as a process of its own. */
async function belay(
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
  input = '',
): Promise<{ readonly exitCode: number | undefined; readonly stdout: string; readonly stderr: string }> {
  const { exitCode, stdout, stderr } = await execa(process.execPath, [main, ...args], {
    env: { PATH: process.env['PATH'], HOME: folder, BELAY_HOME: join(folder, 'home'), BELAY_PATH: files, ...env },
    extendEnv: false,
    reject: false,
    timeout: 60_000,
    input,
  });
  return { exitCode, stdout, stderr };
}

/** A command whose output a shell sends somewhere. */
async function piped(to: string): ReturnType<typeof belay> {
  const { exitCode, stdout, stderr } = await execa(
    'sh',
    ['-c', `"$0" "$@" ${to}`, process.execPath, main, 'plan', '5m', '-s', 'fat'],
    { env: { PATH: process.env['PATH'], HOME: folder, BELAY_PATH: files }, extendEnv: false, reject: false },
  );
  return { exitCode, stdout, stderr };
}

describe('the command line', () => {
  it('shows its version, and the help of a command in both ways', async () => {
    expect(await belay(['--version'])).toMatchObject({ exitCode: 0, stdout: expect.stringMatching(/^belay \d+\.\d+/) });
    const versions = JSON.parse((await belay(['version', '-o', 'json'])).stdout) as Record<string, unknown>;
    expect(versions).toMatchObject({ node: process.versions.node, tools: { etcd: expect.stringMatching(/^\d/) } });
    const [asked, given] = [await belay(['help', 'run']), await belay(['run', '--help'])];
    expect(asked.stdout).toContain('--hold <duration>');
    expect(asked.stdout).toBe(given.stdout);
  });

  it.each<[string, readonly string[], number, Readonly<Record<string, string>>, RegExp]>([
    ['a server that is away', ['status'], 4, nobody, /^the Temporal server at 127\.0\.0\.1:1 does not answer: .*$/],
    ['the same, for schedules', ['schedule', 'list'], 4, nobody, /^the Temporal server at 127\.0\.0\.1:1 does not .*$/],
    [
      'a proxy that is away',
      ['status'],
      4,
      { TEMPORAL_ADDRESS: 'temporal.invalid:7233', https_proxy: 'http://127.0.0.1:1' },
      /^the Temporal server at temporal\.invalid:7233 does not answer through the proxy 127\.0\.0\.1:1: .*$/,
    ],
    ['an unknown profile of Temporal', ['status'], 4, { TEMPORAL_PROFILE: 'nope' }, /^.*TEMPORAL_PROFILE.*'nope'.*$/],
    ['a drill that is none', ['drill', 'nope'], 64, {}, /^drill: found "nope"; allowed: .*random-faults, .*hosts$/],
    [
      'a state folder that is none',
      ['down'],
      4,
      { BELAY_HOME: main },
      /^ENOTDIR: .*\n.*set BELAY_HOME to use another folder$/,
    ],
    ['an empty id', ['run', 'small', '--id', ' '], 64, {}, /^--id: found " "; allowed: 1 to 1000 characters.*$/],
    ['an unknown output', ['status', '--output', 'xml'], 64, {}, /^--output: found "xml"; allowed: table, json$/],
    [
      'a substrate that is no file',
      ['run', 'small', '--substrate', './no.yaml'],
      64,
      {},
      /^\.\/no\.yaml: no such file$/,
    ],
    ['a path that is too long', ['judge', `/${'x'.repeat(300)}`], 64, {}, /: the path is too long$/],
    [
      'a hold that is none',
      ['climb', 'mine', '--hold', 'soon'],
      64,
      nobody,
      /^ladder mine, rungs\[0\]: .*hold.*"soon"/,
    ],
  ])('says of %s what it is, in a line, without a trace', async (_, args, code, env, words) => {
    const { exitCode, stdout, stderr } = await belay(args, env);
    expect({ exitCode, stdout }).toEqual({ exitCode: code, stdout: '' });
    expect(stderr).toMatch(words);
    expect(stderr).not.toMatch(/^\s+at /m);
  });

  it('says in a line what a Temporal that is not ready yet refuses', async () => {
    const server = createServer();
    // It answers the SDK's first call, and knows no namespace yet.
    server.on('stream', (stream, { ':path': path }) => {
      if (!path?.endsWith('/GetSystemInfo')) {
        const refusal = { 'grpc-status': '5', 'grpc-message': 'Namespace default is not found.' };
        stream.respond({ ':status': 200, 'content-type': 'application/grpc', ...refusal }, { endStream: true });
        return;
      }
      stream.respond({ ':status': 200, 'content-type': 'application/grpc' }, { waitForTrailers: true });
      stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0' }));
      // A message without fields.
      stream.end(Buffer.alloc(5));
    });
    await once(server.listen(0, '127.0.0.1'), 'listening');
    try {
      const { port } = server.address() as AddressInfo;
      const { exitCode, stderr } = await belay(['status'], { TEMPORAL_ADDRESS: `127.0.0.1:${port}` });
      expect({ exitCode, stderr }).toEqual({
        exitCode: 4,
        stderr: 'Temporal refused a request: Namespace default is not found.\n"./belay doctor" shows what is wrong',
      });
    } finally {
      server.close();
    }
  });

  it('reports every bad rung of a ladder before it starts anything', async () => {
    const { exitCode, stderr } = await belay(['climb', 'bad-rungs'], nobody);
    expect(exitCode).toBe(64);
    expect(stderr).toMatch(/^ladder bad-rungs, rungs\[0\]: override "scale\.machines" .*too small/m);
    expect(stderr).toMatch(/^ladder bad-rungs, rungs\[2\]: profile "smal": not found; .*did you mean small\?/m);
    expect(stderr).not.toContain('rungs[1]');
  });

  it('does its work when the reader of a pipe has gone, and reports when it cannot write', async () => {
    expect(await piped('| head -1')).toEqual({ exitCode: 0, stdout: expect.stringMatching(/^5m/), stderr: '' });
    const unwritten = await piped('> /dev/full');
    expect(unwritten.exitCode).toBe(4);
    expect(unwritten.stderr).toMatch(/^cannot write the output: ENOSPC/);
  });

  it('reads a profile and a summary from standard input, with all their errors', async () => {
    const profile = 'apiVersion: belay.dev/v1\nkind: Profile\nmetadata: {name: piped}\n';
    const wrong = await belay(['plan', '-'], {}, `${profile}scale: {machines: many}\n`);
    expect(wrong).toMatchObject({
      exitCode: 64,
      stdout: '',
      stderr: expect.stringMatching(/^stdin:4:19 scale\.machines: /m),
    });
    const text = readFileSync(join(files, 'profiles', 'small.yaml'), 'utf8');
    const planned = await belay(['plan', '-', '-s', 'fat', '-s', 'scale.machines=100', '-o', 'json'], {}, text);
    expect(planned.exitCode, planned.stderr).toBe(0);
    expect(JSON.parse(planned.stdout)).toMatchObject({ substrate: 'fat', plan: { totalPods: 10_000 } });
    const judged = await belay(['judge', '-', '-o', 'json'], {}, '{"profile":"small","metrics":{}}');
    expect(JSON.parse(judged.stdout)).toMatchObject({ summary: 'stdin', belay: { verdict: 'unmeasured' } });
  });

  it('accepts a summary with a byte order mark', async () => {
    const path = join(folder, 'bom.json');
    writeFileSync(path, '\uFEFF{"profile":"small","metrics":{}}');
    expect((await belay(['judge', path])).stdout).toContain('belay: unmeasured');
  });
});
