import { createWriteStream } from 'node:fs';
import { rename, rm, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { Readable, Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { fetch } from 'undici';
import type { Response } from 'undici';
import { DOWNLOAD_ATTEMPTS, DOWNLOAD_PAUSE_MS, DOWNLOAD_SILENCE_MS } from '../../core/plan/limits.ts';
import { makeFolder } from '../host/make-folder.ts';
import { pause } from '../host/poll-until.ts';
import { downloadAgent } from './reachability.ts';
import { sha256Of } from './tool-cache.ts';
import { rootMessageOf } from '../../core/text/message-of.ts';

/** What to fetch. `partial` is where an unfinished download waits to be resumed, also by another process. */
export interface DownloadRequest {
  readonly url: string;
  readonly sha256: string;
  readonly file: string;
  readonly partial: string;
  readonly signal?: AbortSignal | undefined;
  /** Longest silence of the server, before the first byte and between two; 15 s by default. */
  readonly silenceMs?: number;
  readonly onBytes?: ((done: number, total: number) => void) | undefined;
}

const LARGEST_DOCUMENT = 5_000_000;

/**
 * Downloads a file and gives it its name only when its sha256 is right. A body that ends early or falls silent is resumed
 * where it stopped, a few times. Never waits longer than `silenceMs` for a server that says nothing.
 * @throws Error naming both sums when the whole file has another one; the last failure when attempts are used up
 */
export async function downloadVerified(request: DownloadRequest): Promise<void> {
  makeFolder(dirname(request.partial));
  for (let attempt = 1; ; attempt += 1) {
    request.signal?.throwIfAborted();
    const resumedFrom = await sizeOf(request.partial);
    try {
      await fetchRest(request, resumedFrom);
    } catch (cause) {
      request.signal?.throwIfAborted();
      if (attempt >= DOWNLOAD_ATTEMPTS || cause instanceof RefusedError) throw asDownloadError(request.url, cause);
      await pause(DOWNLOAD_PAUSE_MS * attempt, request.signal);
      continue;
    }
    const found = await sha256Of(request.partial);
    if (found === request.sha256) return rename(request.partial, request.file);
    await rm(request.partial, { force: true });
    // A file joined from two downloads may be wrong where a fresh one is right.
    if (resumedFrom === 0) {
      throw new Error(`${request.url} has sha256 ${found}, its release says ${request.sha256}: the file was refused`);
    }
  }
}

/** Fetches a small text. @throws Error when the server refuses, is silent for 15 s, or sends more than 5 MB */
export async function downloadText(url: string, signal?: AbortSignal): Promise<string> {
  try {
    const limit = AbortSignal.timeout(DOWNLOAD_SILENCE_MS);
    const response = await fetch(url, {
      dispatcher: downloadAgent,
      signal: signal === undefined ? limit : AbortSignal.any([limit, signal]),
    });
    if (!response.ok) throw new RefusedError(`it answered ${response.status}`);
    const text = await response.text();
    if (text.length > LARGEST_DOCUMENT)
      throw new RefusedError(`it sent ${text.length} characters where a list of checksums was expected`);
    return text;
  } catch (cause) {
    signal?.throwIfAborted();
    throw asDownloadError(url, cause);
  }
}

/** The server answered, and what it answered will not change by asking again. */
class RefusedError extends Error {}

async function fetchRest(request: DownloadRequest, from: number): Promise<void> {
  const silence = new AbortController();
  const { silenceMs = DOWNLOAD_SILENCE_MS } = request;
  const timer = setTimeout(() => silence.abort(new Error(`it was silent for ${silenceMs / 1000} s`)), silenceMs);
  const heard = (): void => {
    timer.refresh();
  };
  const signal = request.signal === undefined ? silence.signal : AbortSignal.any([silence.signal, request.signal]);
  try {
    const headers: Record<string, string> = { 'accept-encoding': 'identity' };
    if (from > 0) headers['range'] = `bytes=${from}-`;
    const response = await fetch(request.url, { dispatcher: downloadAgent, headers, signal });
    heard();
    // Asked for what lies behind the end: the partial file is complete (its sum decides) or of another file.
    if (response.status === 416 && from > 0) return await response.body?.cancel();
    if (response.status >= 500 || response.status === 429) throw new Error(`it answered ${response.status}`);
    if (!response.ok || response.body === null) throw new RefusedError(`it answered ${response.status}`);
    await writeBody(request, response, from, heard, signal);
  } finally {
    clearTimeout(timer);
  }
}

async function writeBody(
  request: DownloadRequest,
  response: Response,
  from: number,
  heard: () => void,
  signal: AbortSignal,
): Promise<void> {
  const append = response.status === 206;
  const length = Number(response.headers.get('content-length') ?? 0);
  let done = append ? from : 0;
  const total = length === 0 ? 0 : done + length;
  const count = new Transform({
    transform(chunk: Buffer, _encoding, callback) {
      heard();
      done += chunk.length;
      request.onBytes?.(done, total);
      callback(null, chunk);
    },
  });
  const body = Readable.fromWeb(response.body as Parameters<typeof Readable.fromWeb>[0]);
  await pipeline(body, count, createWriteStream(request.partial, { flags: append ? 'a' : 'w' }), { signal });
  if (total > 0 && done !== total) throw new Error(`it sent ${done} of ${total} bytes`);
}

async function sizeOf(file: string): Promise<number> {
  try {
    return (await stat(file)).size;
  } catch {
    return 0;
  }
}

function asDownloadError(url: string, cause: unknown): Error {
  const reason = rootMessageOf(cause);
  return new Error(`cannot download ${url}: ${reason}`, { cause });
}
