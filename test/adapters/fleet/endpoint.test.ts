import { execFileSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { makeCertificate } from '../../../src/adapters/fleet/certificate.ts';
import { takeOnly } from '../../../src/adapters/fleet/evidence-inbox.ts';
import { campaignPassword } from '../../../src/adapters/fleet/fleet-secret.ts';
import { eventually } from '../eventually.ts';
import { announcing, endpointBench, HASH, head, listed, SECRET, type EndpointBench } from './endpoint-bench.ts';

const SIGNAL = new AbortController().signal;
const LIMITS = { signal: SIGNAL, budgetMs: 30_000 };

let bench: EndpointBench;
let files: string;
beforeEach(async () => {
  bench = await endpointBench();
  files = mkdtempSync(join(tmpdir(), 'belay-files-'));
});
afterEach(async () => {
  await bench.close();
  rmSync(files, { recursive: true });
  expect(bench.errors).toEqual([]);
});

/** A file to send. */
function source(content: string | Buffer, name = 'source'): string {
  writeFileSync(join(files, name), content);
  return join(files, name);
}

function received(path: string): string {
  return readFileSync(join(bench.folder, 'groups', path), 'utf8');
}

/** Everything below the folder of the groups, finished or not. */
function allReceived(): readonly string[] {
  const root = join(bench.folder, 'groups');
  if (!existsSync(root)) return [];
  return readdirSync(root, { recursive: true, withFileTypes: true })
    .filter((entry) => !entry.isDirectory())
    .map((entry) => join(entry.parentPath, entry.name).slice(root.length + 1))
    .sort();
}

test('serves specifications by their hash, and its clock', async () => {
  const client = bench.client();
  expect(await client.fetchSpec(HASH, LIMITS)).toEqual({ specHash: HASH });
  await expect(client.fetchSpec('b'.repeat(64), LIMITS)).rejects.toThrow('404: the lead has no specification bbbb');
  expect(Math.abs(await client.clockAheadMs(LIMITS))).toBeLessThan(5_000);
});

test('takes files of a group, is told what the group has, and keeps the list', async () => {
  const client = bench.client();
  const big = Buffer.alloc(3_000_000, 'belay');
  const list = [
    listed('timeline.jsonl', 'one\n'),
    listed('logs/a b%ü.log', ''),
    listed('prometheus/series/x/1.json', big),
  ];
  expect(await client.complete('g1', list, LIMITS)).toEqual(list.map(({ path }) => path));
  // Of a file that has grown, what is listed.
  await client.putFile('g1', list[0]!, source('one\ntwo\n'), LIMITS);
  await client.putFile('g1', list[1]!, source(''), LIMITS);
  expect(await client.complete('g1', list, LIMITS)).toEqual(['prometheus/series/x/1.json']);
  await client.putFile('g1', list[2]!, source(big), LIMITS);
  expect(await client.complete('g1', list, LIMITS)).toEqual([]);
  // Again: nothing changes.
  await client.putFile('g1', list[0]!, source('one\n'), LIMITS);
  expect(await client.complete('g1', list, LIMITS)).toEqual([]);
  expect(received('g1/timeline.jsonl')).toBe('one\n');
  expect(JSON.parse(received('g1/MANIFEST.json'))).toEqual({ algorithm: 'sha256', files: list });
  expect(allReceived()).toEqual(['g1/MANIFEST.json', ...list.map(({ path }) => `g1/${path}`)].sort());
});

test('takes no evidence of other groups when that of a campaign is collected; what is not complete then is removed', async () => {
  const client = bench.client();
  const file = listed('timeline.jsonl', 'one\n');
  const put = (group: string): Promise<void> => client.putFile(group, file, source('one\n'), LIMITS);
  for (const group of ['g1', 'g2', 'g3']) await put(group);
  expect(await client.complete('g2', [file], LIMITS)).toEqual([]);
  takeOnly(bench.folder, ['g1'], ['g2', 'g3', 'g4']);
  await expect(put('g3')).rejects.toThrow(
    'refused with 410: the evidence of the campaign is collected, without that of g3',
  );
  await expect(client.complete('g4', [], LIMITS)).rejects.toThrow('refused with 410');
  expect(await client.complete('g1', [file], LIMITS)).toEqual([]);
  expect(allReceived().filter((path) => path.endsWith('.jsonl'))).toEqual(['g1/timeline.jsonl', 'g2/timeline.jsonl']);
});

test('replaces a file whose content has changed, and says so when a file was changed behind its back', async () => {
  const client = bench.client();
  await client.putFile('g1', listed('a', 'old'), source('old'), LIMITS);
  await client.putFile('g1', listed('a', 'newer'), source('newer'), LIMITS);
  expect(received('g1/a')).toBe('newer');
  writeFileSync(join(bench.folder, 'groups/g1/a'), 'NEWER');
  expect(await client.complete('g1', [listed('a', 'newer')], LIMITS)).toEqual(['a']);
  expect(existsSync(join(bench.folder, 'groups/g1/MANIFEST.json'))).toBe(false);
});

describe('refuses', () => {
  test('other passwords: of another campaign, of another secret, none, and other kinds of authorization', async () => {
    for (const password of [campaignPassword(SECRET, 'bench-2'), campaignPassword('another secret', 'bench-1'), '']) {
      const client = bench.client({ ...bench.access, password });
      const asked = client.fetchSpec(HASH, LIMITS);
      await expect(asked).rejects.toThrow('401: wrong password: all hosts need the same fleet secret');
      if (password !== '') await expect(asked).rejects.not.toThrow(password);
      await expect(client.putFile('g1', listed('a', 'x'), source('x'), LIMITS)).rejects.toThrow('401');
    }
    for (const line of [
      '',
      'authorization: Bearer x\r\n',
      'authorization: Basic\r\n',
      `authorization: ${'x'.repeat(9_000)}\r\n`,
    ])
      expect(await bench.raw(`GET /health HTTP/1.1\r\nhost: lead\r\n${line}\r\n`)).toBe(401);
    expect(allReceived()).toEqual([]);
  });

  test('clients without TLS, and is refused by clients that expect another certificate', async () => {
    const plain = await new Promise<string>((done) => {
      let text = '';
      const socket = connect(bench.port(), '127.0.0.1', () => socket.write(head(bench.access, 'GET /health')));
      socket.on('data', (chunk) => (text += chunk.toString('latin1')));
      socket.on('error', () => {});
      socket.on('close', () => done(text));
    });
    expect(plain).not.toContain('200');
    const other = await makeCertificate({ address: '127.0.0.1', validMs: 3_600_000 });
    const client = bench.client({ ...bench.access, certificatePem: other.certificatePem });
    await expect(client.fetchSpec(HASH, { signal: SIGNAL, budgetMs: 500 })).rejects.toThrow('certificate');
  });

  test.for([
    '/evidence/g1/../../spec.json',
    '/evidence/g1/%2e%2e/%2e%2e/spec.json',
    '/evidence/g1/..%2f..%2fspec.json',
    '/evidence/g1/a/../../../b',
    '/evidence/g1//etc/passwd',
    '/evidence/g1/%2fetc%2fpasswd',
    '/evidence/g1/.',
    '/evidence/g1/..',
    '/evidence/g1/',
    '/evidence/g1/a%00b',
    '/evidence/g1/a%0ab',
    '/evidence/g1/a%5cb',
    '/evidence/g1/a.tmp',
    '/evidence/g1/x.tmp/a',
    '/evidence/g1/MANIFEST.json',
    '/evidence/g1/MANIFEST.json/a',
    '/evidence/g1/%4dANIFEST.json/a',
    '/evidence/g1/%',
    '/evidence/g1/a?b',
    `/evidence/g1/${'a'.repeat(256)}`,
    `/evidence/g1/${'a/'.repeat(32)}a`,
    `/evidence/g1/${`${'a'.repeat(200)}/`.repeat(5)}aaaaaaaaaaaaaaaaaaaaaaaaa`,
    '/evidence/g0/a',
    '/evidence/g/a',
    '/evidence/../a',
    '/evidence/%2e%2e/a',
    '/evidence/g1.tmp/a',
    '/evidence/G1/a',
    'evidence/g1/a',
    '*',
  ])('the target %s', async (target) => {
    const before = readdirSync(bench.folder);
    expect(await bench.raw(`${head(bench.access, `PUT ${target}`, announcing('x'))}x`)).toBe(400);
    expect(readdirSync(bench.folder)).toEqual(before);
    expect(allReceived()).toEqual([]);
  });

  test('methods and targets that it does not have', async () => {
    for (const [line, status] of [
      ['GET /', 404],
      ['GET /evidence', 404],
      ['GET /evidence/g1', 404],
      ['GET /spec', 404],
      [`GET /spec/${HASH}/a`, 404],
      ['GET /spec/..', 400],
      ['GET /spec/%2e%2e%2fspec.json', 400],
      [`DELETE /spec/${HASH}`, 405],
      ['GET /evidence/g1/a', 405],
      ['DELETE /evidence/g1/a', 405],
      ['POST /evidence/g1/a', 405],
      ['POST /health', 405],
      ['HEAD /health', 405],
      ['OPTIONS /health', 405],
      ['OPTIONS *', 400],
      ['TRACE /health', 405],
      ['EVIL /health', 400],
      ['CONNECT 10.0.0.1:22', 0],
      ['GET https://10.0.0.1/health', 400],
      [`GET /${'x'.repeat(40_000)}`, 431],
    ] as const)
      expect([line, await bench.raw(head(bench.access, line))]).toEqual([line, status]);
  });

  test('links that lie in the way, and files where folders are needed', async () => {
    const outside = join(files, 'outside');
    mkdirSync(outside);
    writeFileSync(join(outside, 'a'), 'theirs');
    mkdirSync(join(bench.folder, 'groups/g1'), { recursive: true });
    symlinkSync(outside, join(bench.folder, 'groups/g1/link'));
    symlinkSync(join(outside, 'a'), join(bench.folder, 'groups/g1/file'));
    symlinkSync(outside, join(bench.folder, 'groups/g2'));
    const client = bench.client();
    await expect(client.putFile('g1', listed('link/a', 'x'), source('x'), LIMITS)).rejects.toThrow('409');
    await expect(client.putFile('g2', listed('a', 'x'), source('x'), LIMITS)).rejects.toThrow('409');
    // A link in place of a file is replaced; what it pointed to stays.
    await client.putFile('g1', listed('file', 'x'), source('x'), LIMITS);
    expect(received('g1/file')).toBe('x');
    expect(readFileSync(join(outside, 'a'), 'utf8')).toBe('theirs');
    expect(readdirSync(outside)).toEqual(['a']);
    expect(await client.complete('g1', [listed('link/a', 'theirs')], LIMITS)).toEqual(['link/a']);

    await client.putFile('g3', listed('a', 'x'), source('x'), LIMITS);
    await client.putFile('g3', listed('b/c', 'x'), source('x'), LIMITS);
    await expect(client.putFile('g3', listed('a/b', 'x'), source('x'), LIMITS)).rejects.toThrow('not a folder');
    await expect(client.putFile('g3', listed('b', 'x'), source('x'), LIMITS)).rejects.toThrow('a folder of this path');
  });

  test('bodies that are too large, without a length, without a sum, or not as announced', async () => {
    const put = (headers: readonly string[], body: string): Promise<number> =>
      bench.raw(head(bench.access, 'PUT /evidence/g1/a', headers) + body);
    expect(await put([`content-length: ${2 ** 40}`, 'x-belay-sha256: ' + HASH], 'x')).toBe(413);
    expect(await put(['content-length: 99999999999999999999999'], '')).toBe(400);
    expect(await put(['transfer-encoding: chunked', `x-belay-sha256: ${HASH}`], '1\r\nx\r\n0\r\n\r\n')).toBe(411);
    expect(await put(['content-length: 1'], 'x')).toBe(400);
    expect(await put(['content-length: 1', 'x-belay-sha256: X'], 'x')).toBe(400);
    expect(await put(['content-length: 1', `x-belay-sha256: ${HASH}`], 'x')).toBe(400);
    const client = bench.client();
    await expect(client.putFile('g1', { ...listed('a', 'y'), bytes: 1 }, source('x'), LIMITS)).rejects.toThrow(
      '400: 1 bytes with sha256',
    );
    expect(allReceived()).toEqual([]);
  });

  test('lists that are not lists, or too large', async () => {
    const done = (body: string): Promise<number> =>
      bench.raw(head(bench.access, 'POST /evidence/g1/done', [`content-length: ${Buffer.byteLength(body)}`]) + body);
    for (const body of [
      '',
      '{',
      '[]',
      '{"files":1}',
      '{"files":[{"path":"a"}]}',
      `{"files":[{"path":"../a","bytes":1,"sha256":"${HASH}"}]}`,
      `{"files":[{"path":"/etc/passwd","bytes":1,"sha256":"${HASH}"}]}`,
      `{"files":[{"path":"a","bytes":-1,"sha256":"${HASH}"}]}`,
      `{"files":[{"path":"a","bytes":1,"sha256":"x"}]}`,
      `{"files":[],"more":1}`,
      `{"files":[{"path":"MANIFEST.json/a","bytes":1,"sha256":"${HASH}"}]}`,
      `{"files":${'['.repeat(100_000)}${']'.repeat(100_000)}}`,
      `{"__proto__":{"files":[]}}`,
    ])
      expect([body, await done(body)]).toEqual([body, 400]);
    const large = `content-length: ${40 * 1024 * 1024}`;
    expect(await bench.raw(head(bench.access, 'POST /evidence/g1/done', [large]) + ' '.repeat(33 * 1024 * 1024))).toBe(
      413,
    );
  });
});

test('a file that does not fit on the disk leaves nothing behind, and others get through', async (context) => {
  const folder = mkdtempSync(join(tmpdir(), 'belay-full-'));
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=2m', 'tmpfs', folder], { stdio: 'ignore' });
  } catch {
    rmSync(folder, { recursive: true });
    context.skip('a small file system can be mounted by root only');
  }
  const small = await endpointBench(folder);
  try {
    const client = small.client();
    const halfMiB = 512 * 1024;
    const content = Buffer.alloc(3 * halfMiB, 1);
    await expect(
      client.putFile(
        'g1',
        { ...listed('big', content), bytes: 6 * halfMiB },
        source(Buffer.alloc(6 * halfMiB)),
        LIMITS,
      ),
    ).rejects.toThrow('507: the disk of the lead is full');
    // Two that fit by themselves: the room is gone while they are written.
    const list = [listed('one', content), listed('two', content)];
    const sent = await Promise.allSettled(
      list.map((file) => client.putFile('g1', file, source(content, file.path), LIMITS)),
    );
    const failed = sent.filter(({ status }) => status === 'rejected');
    expect(failed.length).toBeGreaterThanOrEqual(1);
    expect(String((failed[0] as PromiseRejectedResult).reason)).toContain('507: the disk of the lead is full');
    expect(readdirSync(join(folder, 'groups/incoming.tmp'))).toEqual([]);
    await client.putFile('g1', listed('small', 'x'), source('x'), LIMITS);
    expect(readFileSync(join(folder, 'groups/g1/small'), 'utf8')).toBe('x');
    expect(small.errors).toEqual([]);
  } finally {
    await small.stop();
    execFileSync('umount', [folder]);
    await small.close();
  }
});

test('of many that send one file at once, one is kept whole', async () => {
  const client = bench.client();
  const contents = Array.from({ length: 12 }, (_, index) => Buffer.alloc(200_000 + index, `${index}-`));
  await Promise.all(
    contents.map((content, index) =>
      client.putFile('g1', listed('logs/a', content), source(content, `${index}`), LIMITS),
    ),
  );
  const kept = readFileSync(join(bench.folder, 'groups/g1/logs/a'));
  expect(contents.some((content) => content.equals(kept))).toBe(true);
  expect(allReceived()).toEqual(['g1/logs/a']);
});

test('what was half sent when its worker ended is not there, and sent again by the client', async () => {
  const content = Buffer.alloc(1_000_000, 'x');
  const half = await bench.socket();
  half.on('error', () => {});
  half.write(head(bench.access, 'PUT /evidence/g1/a', announcing(content)));
  half.write(content.subarray(0, 500_000));
  while (!allReceived().some((path) => path.startsWith('incoming.tmp/') && sizeOf(path) > 0))
    await new Promise((done) => setTimeout(done, 20));
  await bench.stop();
  expect(existsSync(join(bench.folder, 'groups/g1/a'))).toBe(false);

  // As after SIGKILL: nothing was cleaned up.
  mkdirSync(join(bench.folder, 'groups/incoming.tmp'), { recursive: true });
  writeFileSync(join(bench.folder, 'groups/incoming.tmp/left'), 'half');
  const client = bench.client();
  const sent = client.putFile('g1', listed('a', content), source(content), LIMITS);
  await new Promise((done) => setTimeout(done, 300));
  await bench.start();
  await sent;
  expect(await client.complete('g1', [listed('a', content)], LIMITS)).toEqual([]);
  expect(allReceived()).toEqual(['g1/MANIFEST.json', 'g1/a']);
});

function sizeOf(path: string): number {
  try {
    return statSync(join(bench.folder, 'groups', path)).size;
  } catch {
    return 0;
  }
}

function ended(socket: Socket): Promise<void> {
  return new Promise((done) => {
    socket.on('error', () => {});
    socket.once('close', () => done());
  });
}

test('clients that are slow are cut off: without handshake, headers, or body; others are served meanwhile', async () => {
  const plain = connect(bench.port(), '127.0.0.1');
  const headless = await bench.socket();
  headless.write('GET /health HTTP/1.1\r\nhost: lead\r\n');
  // It is never silent for long, and never ends its headers.
  const trickle = setInterval(() => headless.write('x-more: 1\r\n'), 500);
  const bodiless = await bench.socket();
  bodiless.write(`${head(bench.access, 'PUT /evidence/g1/a', announcing('x'.repeat(100)))}half`);
  const refused = await bench.socket();
  refused.write(head(bench.access, 'PUT /evidence/g0/a', [`content-length: ${2 ** 30}`, `x-belay-sha256: ${HASH}`]));
  const stream = setInterval(() => refused.write('x'.repeat(1_000)), 200);
  try {
    const all = [plain, headless, bodiless, refused].map(ended);
    expect(await bench.client().fetchSpec(HASH, LIMITS)).toEqual({ specHash: HASH });
    await Promise.all(all);
  } finally {
    clearInterval(trickle);
    clearInterval(stream);
    for (const socket of [plain, headless, bodiless, refused]) socket.destroy();
  }
  expect(await bench.client().fetchSpec(HASH, LIMITS)).toEqual({ specHash: HASH });
  // Its connection was closed; the unfinished file goes right after it.
  await eventually(() => allReceived().length === 0);
});

describe('its client', () => {
  test('gives up at its budget when no one answers, and names the address and the last problem', async () => {
    await bench.stop();
    const asked = bench.client().fetchSpec(HASH, { signal: SIGNAL, budgetMs: 700 });
    await expect(asked).rejects.toThrow(
      /https:\/\/127\.0\.0\.1:\d+\/spec\/a+ did not succeed within 700 ms.*ECONNREFUSED/,
    );
    await expect(asked).rejects.not.toThrow(bench.access.password);
  });

  test('ends with the reason of its signal', async () => {
    await bench.stop();
    const abort = new AbortController();
    const asked = bench.client().fetchSpec(HASH, { signal: abort.signal, budgetMs: 60_000 });
    abort.abort(new Error('cancelled'));
    await expect(asked).rejects.toThrow('cancelled');
  });

  test('says which of its own files cannot be read, at once', async () => {
    const put = bench.client().putFile('g1', listed('a', 'x'), join(files, 'none'), LIMITS);
    await expect(put).rejects.toThrow('ENOENT');
  });
});
