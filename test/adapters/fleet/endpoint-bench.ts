import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect, type TLSSocket } from 'node:tls';
import { createHash } from 'node:crypto';
import { makeCertificate } from '../../../src/adapters/fleet/certificate.ts';
import { startEndpoint, type Endpoint } from '../../../src/adapters/fleet/endpoint.ts';
import { endpointClient, type EndpointClient } from '../../../src/adapters/fleet/endpoint-client.ts';
import { authorizationOf, type FleetAccess } from '../../../src/adapters/fleet/fleet-access.ts';
import { campaignPassword } from '../../../src/adapters/fleet/fleet-secret.ts';
import type { ListedFile } from '../../../src/adapters/host/listed-files.ts';

export const SECRET = 'the secret of this fleet';
export const HASH = 'a'.repeat(64);

/** The endpoint of a lead in a temporary folder, and clients for it. */
export interface EndpointBench {
  readonly folder: string;
  readonly access: FleetAccess;
  /** Errors that were not the client's. */
  readonly errors: unknown[];
  url(): string;
  port(): number;
  client(access?: FleetAccess): EndpointClient;
  /** Ends the endpoint, as its worker does when it ends. */
  stop(): Promise<void>;
  /** Serves again on the same port. */
  start(): Promise<void>;
  /** Sends bytes as they are, over TLS, and gives the status of the answer; 0 when there is none. */
  raw(text: string | Buffer): Promise<number>;
  /** An open TLS connection. */
  socket(): Promise<TLSSocket>;
  close(): Promise<void>;
}

export async function endpointBench(folder = mkdtempSync(join(tmpdir(), 'belay-endpoint-'))): Promise<EndpointBench> {
  const { certificatePem, keyPem } = await makeCertificate({ address: '127.0.0.1', validMs: 3_600_000 });
  const access = { certificatePem, password: campaignPassword(SECRET, 'bench-1') };
  const errors: unknown[] = [];
  const clients: EndpointClient[] = [];
  let endpoint: Endpoint | undefined;
  let port = 0;
  const bench: EndpointBench = {
    folder,
    access,
    errors,
    port: () => port,
    url: () => `https://127.0.0.1:${port}`,
    client(given = access) {
      const client = endpointClient(bench.url(), given);
      clients.push(client);
      return client;
    },
    async start() {
      endpoint = await startEndpoint({
        access,
        keyPem,
        address: '127.0.0.1',
        port,
        folder,
        spec: (hash) => (hash === HASH ? { specHash: HASH } : undefined),
        onError: (cause) => errors.push(cause),
      });
      port = endpoint.port;
    },
    async stop() {
      await endpoint?.close();
      endpoint = undefined;
    },
    socket: () =>
      new Promise((done, fail) => {
        const socket = connect({ host: '127.0.0.1', port, ca: certificatePem }, () => done(socket));
        socket.once('error', fail);
      }),
    async raw(text) {
      const socket = await bench.socket();
      return await new Promise((done) => {
        let received = '';
        socket.on('data', (chunk: Buffer) => {
          received += chunk.toString('latin1');
          const status = /^HTTP\/1\.1 (\d+)/.exec(received)?.[1];
          if (status === undefined) return;
          socket.destroy();
          done(Number(status));
        });
        socket.on('error', () => {});
        socket.on('close', () => done(0));
        socket.write(text);
      });
    },
    async close() {
      await Promise.all(clients.map((client) => client.close()));
      await bench.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
  await bench.start();
  return bench;
}

/** The head of a request with the right password. */
export function head(access: FleetAccess, line: string, headers: readonly string[] = []): string {
  const all = [`${line} HTTP/1.1`, 'host: lead', `authorization: ${authorizationOf(access)}`, ...headers];
  return `${all.join('\r\n')}\r\n\r\n`;
}

/** A file in a list of evidence. */
export function listed(path: string, content: string | Buffer): ListedFile {
  return { path, bytes: Buffer.byteLength(content), sha256: createHash('sha256').update(content).digest('hex') };
}

/** Headers of a file. */
export function announcing(content: string | Buffer): readonly string[] {
  const { bytes, sha256 } = listed('', content);
  return [`content-length: ${bytes}`, `x-belay-sha256: ${sha256}`];
}
