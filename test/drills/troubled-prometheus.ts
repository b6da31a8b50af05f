import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer, request, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { writeTextFile } from '../../src/adapters/host/atomic-file.ts';
import { prometheusFolder } from '../../src/adapters/prometheus/server.ts';

/** What happens to a question: its answer is late, it has no end, or it is another answer. */
type Trouble =
  | { readonly kind: 'late'; readonly ms: number }
  | { readonly kind: 'endless' }
  | { readonly kind: 'answer'; readonly status: number; readonly body: string };

/** Decides what happens to a question. `query` is the PromQL of it. @returns undefined for one that is answered as usual */
export type TroubleOf = (query: string) => Trouble | undefined;

/** A proxy in front of a campaign's Prometheus. */
export interface TroubledPrometheus {
  /** Questions that had trouble so far, by its kind. */
  readonly troubled: Readonly<Record<Trouble['kind'], number>>;
  /** From now on every question is answered as usual. */
  heal(): void;
  close(): Promise<void>;
}

/** How often an endless answer sends another byte. */
const BYTE_EVERY_MS = 100;

/**
 * Puts a proxy between a campaign and its Prometheus. Everything that opens a connection to it afterwards goes through the proxy: the
 * soak does, if this is called before it begins. @param slug of the campaign, whose Prometheus must be up
 */
export async function troublePrometheus(slug: string, troubleOf: TroubleOf): Promise<TroubledPrometheus> {
  const path = join(prometheusFolder(slug), 'settings.json');
  const settings = JSON.parse(readFileSync(path, 'utf8')) as { readonly port: number };
  const troubled = { late: 0, endless: 0, answer: 0 };
  let isHealed = false;
  const server = createServer((incoming, outgoing) => {
    void (async () => {
      const body = await bodyOf(incoming);
      const query = new URLSearchParams(body).get('query');
      const trouble = query === null || isHealed ? undefined : troubleOf(query);
      if (trouble !== undefined) {
        troubled[trouble.kind]++;
        if (trouble.kind === 'answer') {
          outgoing.writeHead(trouble.status).end(trouble.body);
          return;
        }
        if (trouble.kind === 'endless') return await sendForEver(outgoing);
        await sleep(trouble.ms);
      }
      pass(settings.port, incoming, body, outgoing);
    })();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  writeTextFile(path, JSON.stringify({ ...settings, port: (server.address() as AddressInfo).port }));
  return {
    troubled,
    heal: () => {
      isHealed = true;
    },
    close: async () => {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
}

async function bodyOf(incoming: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of incoming) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString('utf8');
}

function pass(port: number, incoming: IncomingMessage, body: string, outgoing: ServerResponse): void {
  const { method, url, headers } = incoming;
  const onward = request({ host: '127.0.0.1', port, method, path: url, headers, agent: false }, (answer) => {
    outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
    answer.pipe(outgoing);
  });
  // Who asked may be gone, and Prometheus too.
  onward.on('error', () => outgoing.destroy());
  onward.end(body);
}

/** A correct beginning of an answer, and then one space after another. */
async function sendForEver(outgoing: ServerResponse): Promise<void> {
  outgoing.writeHead(200, { 'content-type': 'application/json' });
  outgoing.write('{"status":"success","data":');
  while (!outgoing.destroyed) {
    outgoing.write(' ');
    await sleep(BYTE_EVERY_MS);
  }
}
