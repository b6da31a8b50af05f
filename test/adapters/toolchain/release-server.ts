import { createHash } from 'node:crypto';
import { createServer } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** One request as the server saw it. */
interface SeenRequest {
  readonly method: string;
  readonly path: string;
  readonly range: string | undefined;
}

/** How a path is answered; `attempt` counts its GETs from 1. */
export type Answer = (request: IncomingMessage, response: ServerResponse, attempt: number) => void;

/** A server of releases on loopback. */
export interface ReleaseServer {
  readonly url: string;
  readonly seen: readonly SeenRequest[];
  readonly close: () => Promise<void>;
}

/** Serves `answers` by path; anything else is 404, except HEAD, which is always answered. */
export async function serveReleases(answers: Readonly<Record<string, Answer>>): Promise<ReleaseServer> {
  const seen: SeenRequest[] = [];
  const attempts = new Map<string, number>();
  const server = createServer((request, response) => {
    const { method = '', url: path = '' } = request;
    seen.push({ method, path, range: request.headers.range });
    if (method === 'HEAD') {
      response.writeHead(200).end();
      return;
    }
    const attempt = (attempts.get(path) ?? 0) + 1;
    attempts.set(path, attempt);
    const answer = answers[path];
    if (answer === undefined) response.writeHead(404).end('no such file');
    else answer(request, response, attempt);
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    seen,
    close: async () => {
      server.closeAllConnections();
      await new Promise((done) => server.close(done));
    },
  };
}

/** Answers with a whole body, or with the rest of it where a range is asked for. */
export function body(content: Buffer | string): Answer {
  const whole = Buffer.from(content);
  return (request, response) => {
    const from = Number(/^bytes=(\d+)-$/.exec(request.headers.range ?? '')?.[1] ?? 0);
    if (from >= whole.length) {
      response.writeHead(416).end();
      return;
    }
    const rest = whole.subarray(from);
    const range = from === 0 ? {} : { 'content-range': `bytes ${from}-${whole.length - 1}/${whole.length}` };
    response.writeHead(from === 0 ? 200 : 206, { 'content-length': rest.length, ...range }).end(rest);
  };
}

/** Promises the whole body and hangs up after `bytes` of it, the first `times` times, each time once `arrived` resolves. */
export function cutAfter(
  content: Buffer,
  bytes: number,
  times: number,
  arrived: () => Promise<unknown> = () => Promise.resolve(),
): Answer {
  const whole = body(content);
  return (request, response, attempt) => {
    if (attempt > times) {
      whole(request, response, attempt);
      return;
    }
    response.writeHead(200, { 'content-length': content.length });
    // A proper end of the connection: a reset would take back what is on the way.
    response.write(content.subarray(0, bytes), () => void arrived().then(() => response.socket?.end()));
  };
}

/** sha256 in hex. */
export function sha256(content: Buffer | string): string {
  return createHash('sha256').update(content).digest('hex');
}
