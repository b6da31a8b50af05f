import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { downloadText, downloadVerified } from '../../../src/adapters/toolchain/download.ts';
import { body, cutAfter, serveReleases, sha256 } from './release-server.ts';
import type { Answer, ReleaseServer } from './release-server.ts';

const content = Buffer.from('0123456789'.repeat(20_000));
let folder: string;
let server: ReleaseServer | undefined;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'belay-download-'));
});
afterEach(async () => {
  await server?.close();
  server = undefined;
  rmSync(folder, { recursive: true, force: true });
});

async function download(
  answer: Answer,
  options: { sum?: string; signal?: AbortSignal; silenceMs?: number; seen?: (bytes: number) => void } = {},
): Promise<void> {
  server = await serveReleases({ '/tool': answer });
  await downloadVerified({
    url: `${server.url}/tool`,
    sha256: options.sum ?? sha256(content),
    file: file(),
    partial: partial(),
    ...(options.signal && { signal: options.signal }),
    ...(options.silenceMs && { silenceMs: options.silenceMs }),
    ...(options.seen && { onBytes: options.seen }),
  });
}

function file(): string {
  return join(folder, 'tool');
}

function partial(): string {
  return join(folder, 'parts', 'tool');
}

/** Waits until this much of the body is in the partial file. */
function saved(bytes: number): Promise<unknown> {
  return vi.waitFor(() => expect(statSync(partial()).size).toBe(bytes), { timeout: 10_000, interval: 10 });
}

function gets(): readonly (string | undefined)[] {
  return (server?.seen ?? []).filter(({ method }) => method === 'GET').map(({ range }) => range);
}

test('a good download gets its name, and tells how far it is', async () => {
  let last = 0;
  await download(body(content), { seen: (bytes) => (last = bytes) });
  expect(readFileSync(file())).toEqual(content);
  expect(last).toBe(content.length);
  expect(existsSync(partial())).toBe(false);
});

test('a file with another checksum is refused, naming both', async () => {
  const promised = sha256('what the release says');
  const run = download(body(content), { sum: promised });
  await expect(run).rejects.toThrow(new RegExp(`sha256 ${sha256(content)}, its release says ${promised}`));
  expect(existsSync(file())).toBe(false);
  expect(existsSync(partial())).toBe(false);
});

test('what another process left half done is resumed where it stopped', async () => {
  await download(body(content)).catch(() => undefined);
  rmSync(file());
  writeFileSync(partial(), content.subarray(0, 50_000));
  await server?.close();
  await download(body(content));
  expect(gets()).toEqual(['bytes=50000-']);
  expect(readFileSync(file())).toEqual(content);
});

test('a half of another file is not joined to this one: it is fetched anew', async () => {
  await download(body(content));
  rmSync(file());
  writeFileSync(partial(), Buffer.alloc(50_000, 'x'));
  await server?.close();
  await download(body(content));
  expect(gets()).toEqual(['bytes=50000-', undefined]);
  expect(readFileSync(file())).toEqual(content);
});

test('a leftover that is longer than the file is thrown away', async () => {
  await download(body(content));
  rmSync(file());
  writeFileSync(partial(), Buffer.alloc(content.length + 7, 'x'));
  await server?.close();
  await download(body(content));
  expect(readFileSync(file())).toEqual(content);
});

test('a body that ends early is resumed', async () => {
  // What a client has received and not yet written is lost with its connection, so the server waits until all of it is written.
  await download(cutAfter(content, 70_000, 1, () => saved(70_000)));
  expect(gets()).toEqual([undefined, 'bytes=70000-']);
  expect(readFileSync(file())).toEqual(content);
});

test('a server that ignores ranges is taken from the start', async () => {
  const always: Answer = (_request, response, attempt) => {
    response.writeHead(200, { 'content-length': content.length });
    if (attempt === 1) response.write(content.subarray(0, 1_000), () => response.destroy());
    else response.end(content);
  };
  await download(always);
  expect(readFileSync(file())).toEqual(content);
});

test('a body that always ends early is given up with the reason', async () => {
  await expect(download(cutAfter(content, 1, 99))).rejects.toThrow(/cannot download http.*\/tool: /);
  expect(gets()).toHaveLength(4);
});

test('a server that never answers is given up', async () => {
  await expect(download(() => undefined, { silenceMs: 100 })).rejects.toThrow('it was silent for 0.1 s');
});

test('a server that falls silent in the middle is given up, and what came is kept for the next time', async () => {
  const stalls: Answer = (request, response) => {
    if (request.headers.range !== undefined) return;
    response.writeHead(200, { 'content-length': content.length }).write(content.subarray(0, 60_000));
  };
  await expect(download(stalls, { silenceMs: 300 })).rejects.toThrow('silent');
  expect(readFileSync(partial())).toEqual(content.subarray(0, 60_000));
});

test('what is not there is not asked for again', async () => {
  await expect(download((_request, response) => response.writeHead(404).end())).rejects.toThrow('it answered 404');
  expect(gets()).toHaveLength(1);
});

test('a stop is heard at once', async () => {
  const stop = new AbortController();
  const hangs: Answer = () => stop.abort(new Error('stopped by hand'));
  await expect(download(hangs, { signal: stop.signal })).rejects.toThrow('stopped by hand');
  expect(gets()).toHaveLength(1);
});

test('a list of checksums is text of a sane size', async () => {
  server = await serveReleases({ '/sums': body('abc'), '/endless': body('x'.repeat(5_000_001)) });
  await expect(downloadText(`${server.url}/sums`)).resolves.toBe('abc');
  await expect(downloadText(`${server.url}/endless`)).rejects.toThrow('5000001 characters');
  await expect(downloadText(`${server.url}/nothing`)).rejects.toThrow('it answered 404');
});
