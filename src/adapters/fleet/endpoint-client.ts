import { createReadStream } from 'node:fs';
import { Agent, request } from 'undici';
import {
  ENDPOINT_CALL_MS,
  ENDPOINT_FILE_MS,
  EVIDENCE_FILES_AT_ONCE,
  EVIDENCE_LIST_BYTES,
} from '../../core/plan/limits.ts';
import type { ListedFile } from '../host/listed-files.ts';
import { limitedText, TooLarge } from '../host/limited-text.ts';
import { tryAgain, type CallLimits } from '../host/try-again.ts';
import { SHA256_HEADER } from './endpoint.ts';
import { authorizationOf, connectOptions, type FleetAccess } from './fleet-access.ts';

/** The endpoint of a campaign's lead, as a member calls it. Calls are sent again until they are answered or their budget has passed. */
export interface EndpointClient {
  /** @returns how much the lead's clock is ahead of this host's, ms, to about a second. @throws Error with the reason */
  clockAheadMs(limits: CallLimits): Promise<number>;
  /** The specification with this hash, as it is stored on the lead. @throws Error with the reason */
  fetchSpec(hash: string, limits: CallLimits): Promise<unknown>;
  /** Sends the file at `source`; of one that has grown, what is listed. @throws Error with the reason */
  putFile(group: string, file: ListedFile, source: string, limits: CallLimits): Promise<void>;
  /** Says which files the group has. @returns paths that the lead does not have, or has otherwise. @throws Error with the reason */
  complete(group: string, files: readonly ListedFile[], limits: CallLimits): Promise<readonly string[]>;
  close(): Promise<void>;
}

/** The endpoint of the lead refused a call, and would again. */
class Refused extends Error {
  override readonly name = 'Refused';
}

interface Answer {
  readonly status: number;
  readonly body: unknown;
  readonly dateMs: number;
}

interface Call {
  readonly method: 'GET' | 'PUT' | 'POST';
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Made anew for each attempt. */
  body?(): string | NodeJS.ReadableStream;
  readonly attemptMs: number;
  /** Statuses that are answers, beside 200. */
  readonly expected?: readonly number[];
}

/** Statuses after which the same request may succeed. */
const PASSING = new Set([408, 429, 500, 502, 503, 504]);

/** A client for the endpoint at `url`. It trusts the certificate of the access and no other. */
export function endpointClient(url: string, access: FleetAccess): EndpointClient {
  const agent = new Agent({ connections: EVIDENCE_FILES_AT_ONCE, pipelining: 1, connect: connectOptions(access) });
  const authorization = authorizationOf(access);

  const attempt = async (call: Call, signal: AbortSignal): Promise<Answer> => {
    const body = call.body?.();
    try {
      const response = await request(url + call.path, {
        dispatcher: agent,
        method: call.method,
        signal,
        headersTimeout: 0,
        bodyTimeout: 0,
        headers: { authorization, ...call.headers },
        ...(body === undefined ? {} : { body: body as string }),
      });
      // No answer of the endpoint is larger than a specification or a list of paths.
      const text = await limitedText(response.body, EVIDENCE_LIST_BYTES, 'an answer');
      return { status: response.statusCode, body: jsonOf(text), dateMs: Date.parse(String(response.headers['date'])) };
    } finally {
      if (body !== undefined && typeof body !== 'string') (body as { destroy?: () => void }).destroy?.();
    }
  };

  const send = async (call: Call, limits: CallLimits): Promise<Answer> => {
    const what = url + call.path;
    return await tryAgain({ ...limits, what, attemptMs: call.attemptMs, isFinal }, async (signal) => {
      const answer = await attempt(call, signal);
      if (answer.status === 200 || call.expected?.includes(answer.status) === true) return answer;
      const problem = `${what} refused with ${answer.status}: ${errorIn(answer.body)}`;
      throw PASSING.has(answer.status) ? new Error(problem) : new Refused(problem);
    });
  };

  return {
    async clockAheadMs(limits) {
      const beganMs = Date.now();
      const { dateMs } = await send({ method: 'GET', path: '/health', attemptMs: ENDPOINT_CALL_MS }, limits);
      const hereMs = (beganMs + Date.now()) / 2;
      // The header has whole seconds, rounded down.
      return Number.isNaN(dateMs) ? 0 : Math.round(dateMs + 500 - hereMs);
    },
    async fetchSpec(hash, limits) {
      return (await send({ method: 'GET', path: `/spec/${hash}`, attemptMs: ENDPOINT_CALL_MS }, limits)).body;
    },
    async putFile(group, { path, bytes, sha256 }, source, limits) {
      const encoded = path
        .split('/')
        .map((segment) => encodeURIComponent(segment))
        .join('/');
      const call: Call = {
        method: 'PUT',
        path: `/evidence/${group}/${encoded}`,
        headers: { 'content-length': String(bytes), [SHA256_HEADER]: sha256 },
        body: () => (bytes === 0 ? '' : createReadStream(source, { end: bytes - 1 })),
        attemptMs: ENDPOINT_FILE_MS,
      };
      await send(call, limits);
    },
    async complete(group, files, limits) {
      const { status, body } = await send(
        {
          method: 'POST',
          path: `/evidence/${group}/done`,
          headers: { 'content-type': 'application/json' },
          body: () => JSON.stringify({ files }),
          attemptMs: ENDPOINT_FILE_MS,
          expected: [409],
        },
        limits,
      );
      if (status === 200) return [];
      const missing = (body as { readonly missing?: unknown } | undefined)?.missing;
      if (!Array.isArray(missing)) throw new Refused(`${url} refused the list of files: ${errorIn(body)}`);
      return missing.map(String);
    },
    close: () => agent.destroy(),
  };
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function errorIn(body: unknown): string {
  const error = (body as { readonly error?: unknown } | null | undefined)?.error;
  return typeof error === 'string' ? error : 'no reason was given';
}

/** A file of our own that cannot be read is no fault of the lead. */
function isFinal(cause: unknown): boolean {
  return cause instanceof Refused || cause instanceof TooLarge || isOfDisk(cause);
}

function isOfDisk(cause: unknown): boolean {
  return ['ENOENT', 'EACCES', 'EIO', 'EISDIR'].includes((cause as NodeJS.ErrnoException).code ?? '');
}
