import { createHash, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { z } from 'zod';
import {
  ENDPOINT_CONNECTIONS,
  ENDPOINT_FILE_MS,
  ENDPOINT_HANDSHAKE_MS,
  ENDPOINT_HEADERS_MS,
  ENDPOINT_REFUSED_MS,
  ENDPOINT_SILENCE_MS,
  EVIDENCE_LIST_BYTES,
} from '../../core/plan/limits.ts';
import type { ListedFile } from '../host/listed-files.ts';
import { listenAddress } from './advertised-address.ts';
import { evidencePath, routeOf, type Route } from './endpoint-route.ts';
import { evidenceInbox, removeUnfinished, takenGroups, type EvidenceInbox } from './evidence-inbox.ts';
import { authorizationOf, type FleetAccess } from './fleet-access.ts';
import { Refusal } from './refusal.ts';

/** The header that announces the sha256 of a file, in hex. */
export const SHA256_HEADER = 'x-belay-sha256';

const SHA256 = /^[0-9a-f]{64}$/;

/** What the endpoint of a campaign's lead serves, and where. */
export interface EndpointOptions {
  readonly access: FleetAccess;
  /** The private key of the access' certificate. */
  readonly keyPem: string;
  /** The advertised address. */
  readonly address: string;
  /** 0 = any free port. */
  readonly port: number;
  /** `runs/<campaign>/` of the lead. */
  readonly folder: string;
  /** The campaign's specification with this hash, as it is stored; undefined if there is none. */
  spec(hash: string): unknown;
  /** Called with errors that are not the client's. */
  onError(cause: unknown): void;
}

/** An endpoint that serves. */
export interface Endpoint {
  readonly port: number;
  close(): Promise<void>;
}

/**
 * Serves the members of a campaign over TLS, with the campaign's password: specifications by their hash, and a place for their
 * evidence. Paths, sizes and times are limited, and a file is whole or not there.
 * @throws Error when it cannot listen
 */
export async function startEndpoint(options: EndpointOptions): Promise<Endpoint> {
  await removeUnfinished(options.folder);
  const inbox = evidenceInbox(options.folder);
  const server = createServer({
    cert: options.access.certificatePem,
    key: options.keyPem,
    minVersion: 'TLSv1.2',
    handshakeTimeout: ENDPOINT_HANDSHAKE_MS,
    headersTimeout: ENDPOINT_HEADERS_MS,
    requestTimeout: ENDPOINT_FILE_MS,
    connectionsCheckingInterval: ENDPOINT_REFUSED_MS,
  });
  server.maxConnections = ENDPOINT_CONNECTIONS;
  server.timeout = ENDPOINT_SILENCE_MS;
  server.on('request', (request: IncomingMessage, response: ServerResponse) => {
    void handle(options, inbox, request, response);
  });
  await new Promise<void>((done, fail) => {
    server.once('error', fail);
    server.listen(options.port, listenAddress(options.address), done);
  });
  return {
    port: (server.address() as AddressInfo).port,
    close: async () => {
      const closed = new Promise<void>((done) => {
        server.close(() => done());
      });
      server.closeAllConnections();
      await closed;
    },
  };
}

async function handle(
  options: EndpointOptions,
  inbox: EvidenceInbox,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const gone = new AbortController();
  response.once('close', () => gone.abort(new Error('the client has gone')));
  try {
    requirePassword(options.access, request);
    const route = routeOf(request.method ?? '', request.url ?? '');
    answer(request, response, 200, await carriedOut(options, inbox, route, request, gone.signal));
  } catch (cause) {
    if (request.destroyed && !request.complete) return;
    if (cause instanceof Refusal) {
      answer(request, response, cause.status, { ...cause.details, error: cause.message });
      return;
    }
    options.onError(cause);
    answer(request, response, 500, { error: 'the lead could not carry it out; the log of its worker says why' });
  }
}

async function carriedOut(
  options: EndpointOptions,
  inbox: EvidenceInbox,
  route: Route,
  request: IncomingMessage,
  signal: AbortSignal,
): Promise<unknown> {
  switch (route.kind) {
    case 'health':
      return { ok: true };
    case 'spec': {
      const spec = options.spec(route.hash);
      if (spec === undefined) throw new Refusal(404, `the lead has no specification ${route.hash.slice(0, 12)}`);
      return spec;
    }
    case 'file':
      refuseLate(options.folder, route.group);
      await inbox.receive(route.group, announced(route.path, request), request);
      return { ok: true };
    case 'done': {
      refuseLate(options.folder, route.group);
      const files = await listOf(request);
      // Hashing what is there may take longer than a client may be silent, and the client has nothing to say.
      request.socket.setTimeout(0);
      const missing = await inbox.complete(route.group, files, signal).finally(() => {
        request.socket.setTimeout(ENDPOINT_SILENCE_MS);
      });
      if (missing.length > 0) throw new Refusal(409, `${missing.length} files are missing or different`, { missing });
      return { ok: true };
    }
  }
}

/** When the lead has collected the evidence of all groups, it has said where that of the others is. */
function refuseLate(folder: string, group: string): void {
  if (takenGroups(folder)?.includes(group) === false)
    throw new Refusal(410, `the evidence of the campaign is collected, without that of ${group}`);
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}

/** Compares in constant time, also for a header of another length. */
function requirePassword(access: FleetAccess, request: IncomingMessage): void {
  if (timingSafeEqual(digest(request.headers.authorization ?? ''), digest(authorizationOf(access)))) return;
  throw new Refusal(401, 'wrong password: all hosts need the same fleet secret, and the password is of one campaign');
}

function announced(path: string, request: IncomingMessage): ListedFile {
  const length = request.headers['content-length'];
  const sha256 = request.headers[SHA256_HEADER];
  if (length === undefined) throw new Refusal(411, 'content-length is needed');
  if (typeof sha256 !== 'string' || !SHA256.test(sha256))
    throw new Refusal(400, `${SHA256_HEADER} must be the sha256 of the file in hex`);
  return { path, bytes: Number(length), sha256 };
}

const LIST = z.strictObject({
  files: z.array(z.strictObject({ path: z.string(), bytes: z.int().nonnegative(), sha256: z.string().regex(SHA256) })),
});

async function listOf(request: IncomingMessage): Promise<readonly ListedFile[]> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request.iterator({ destroyOnReturn: false })) {
    bytes += (chunk as Buffer).length;
    if (bytes > EVIDENCE_LIST_BYTES) throw new Refusal(413, `a list of files has at most ${EVIDENCE_LIST_BYTES} bytes`);
    chunks.push(chunk as Buffer);
  }
  const parsed = LIST.safeParse(jsonOf(Buffer.concat(chunks).toString('utf8')));
  if (!parsed.success) throw new Refusal(400, `not a list of files: ${parsed.error.issues[0]?.message ?? ''}`);
  for (const { path } of parsed.data.files) evidencePath(path);
  return parsed.data.files;
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function answer(request: IncomingMessage, response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, {
    'content-type': 'application/json',
    ...(status === 401 ? { 'www-authenticate': 'Basic realm="belay"' } : {}),
  });
  response.end(JSON.stringify(body));
  if (request.complete) return;
  // A client that is still sending reads the answer only if its bytes are taken. One that goes on and on is cut off.
  request.resume();
  setTimeout(() => {
    if (!request.complete) request.socket.destroy();
  }, ENDPOINT_REFUSED_MS).unref();
}
