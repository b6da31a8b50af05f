import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connectCluster } from '../../../src/adapters/kube/client.ts';
import type { ClusterClient } from '../../../src/adapters/kube/client.ts';

/** An API server that a test scripts, for what a real one does only now and then. */
export interface ScriptedApi {
  readonly client: ClusterClient;
  readonly server: string;
  /** Requests so far, as `GET /path`. */
  readonly seen: readonly string[];
  close(): Promise<void>;
}

export type Script = (request: IncomingMessage, response: ServerResponse, body: string) => void;

/** Starts one on a free port of loopback, with a client that reaches it by a kubeconfig of its own. */
export async function scriptedApi(script: Script, user: Readonly<Record<string, unknown>> = {}): Promise<ScriptedApi> {
  const seen: string[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      seen.push(`${request.method} ${request.url}`);
      script(request, response, Buffer.concat(chunks).toString());
    });
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const address = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const folder = mkdtempSync(join(tmpdir(), 'belay-scripted-api-'));
  const kubeconfigPath = join(folder, 'kubeconfig');
  writeFileSync(kubeconfigPath, JSON.stringify(kubeconfig(address, user)));
  const close = async (): Promise<void> => {
    server.closeAllConnections();
    await new Promise((done) => server.close(done));
  };
  const connecting = connectCluster({ kubeconfigPath, connections: 4 });
  const client = await connecting
    .catch(async (cause: unknown) => {
      await close();
      throw cause;
    })
    .finally(() => rmSync(folder, { recursive: true }));
  return {
    client,
    server: address,
    seen,
    close: async () => {
      await client.close();
      await close();
    },
  };
}

/** A kubeconfig with one cluster, one user and the context `only`. */
export function kubeconfig(server: string, user: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: 'c', cluster: { server, 'insecure-skip-tls-verify': true } }],
    users: [{ name: 'u', user }],
    contexts: [{ name: 'only', context: { cluster: 'c', user: 'u' } }],
    'current-context': 'only',
  };
}

/** Answers with JSON. */
export function answer(
  response: ServerResponse,
  status: number,
  body: unknown,
  headers: Readonly<Record<string, string>> = {},
): void {
  response.writeHead(status, { 'content-type': 'application/json', ...headers });
  response.end(JSON.stringify(body));
}

/** Answers as Kubernetes refuses. */
export function refuse(response: ServerResponse, status: number, reason: string, message = 'no'): void {
  answer(response, status, { kind: 'Status', status: 'Failure', reason, message, code: status });
}
