import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { prometheusClient } from '../../../src/adapters/prometheus/client.ts';
import { existingOpening } from '../../../src/adapters/prometheus/existing.ts';
import { remoteWriteSetting, tryRemoteWrite } from '../../../src/adapters/prometheus/remote-write.ts';

let folder = '';
let server: Server;
let url = '';
/** Bytes of the header, as they came. */
let received: Buffer[] = [];

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'belay-secrets-'));
  received = [];
  server = createServer((request, response) => {
    received.push(Buffer.from(request.headers.authorization ?? '', 'latin1'));
    response.end('ok');
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterEach(() => {
  vi.unstubAllEnvs();
  server.close();
  server.closeAllConnections();
  rmSync(folder, { recursive: true });
});

function file(text: string): string {
  const path = join(folder, 'secret');
  writeFileSync(path, text);
  return path;
}

/** An existing Prometheus and the receiver of gate series with a secret: what a request to each comes to. */
const WAYS: readonly [string, (secretFile: string, user: { readonly user?: string }) => Promise<unknown>, string][] = [
  [
    'an existing Prometheus',
    async (secretFile, user) => {
      const client = prometheusClient(url, existingOpening({ url, secretFile, ...user, jobs: {}, clusters: [] }, {}));
      const ready = await client.isReady({ signal: new AbortController().signal, budgetMs: 10_000 });
      await client.close();
      expect(ready).toBe(true);
    },
    'kubeconfig.prometheus.secretFile',
  ],
  [
    'the receiver of gate series',
    (secretFile, user) => tryRemoteWrite({ url, secretFile, ...user }, 10_000),
    'BELAY_REMOTE_WRITE_SECRET_FILE',
  ],
];

test.each(
  WAYS.flatMap(([name, ask, field]) =>
    [{}, { user: 'u' }].flatMap((user) =>
      ['hunter2\nsecond', 'hunter2\r\nsecond', 'hunter2\0', '\u{1b}[31mhunter2'].map(
        (secret) => [name, JSON.stringify(user), secret, field, ask, user] as const,
      ),
    ),
  ),
)('%s %s: a secret %j is refused by its field, and is in no message', async (...[, , secret, field, ask, user]) => {
  const path = file(`${secret}\n`);
  const ended = await Promise.resolve()
    .then(() => ask(path, user))
    .catch((error: unknown) => error);
  expect(ended).toMatchObject({
    message: `${field}: ${path} has a control character in the secret; allowed: one line without any`,
  });
  expect(received).toEqual([]);
});

test.each(['BELAY_REMOTE_WRITE_SECRET_FILE', 'BELAY_REMOTE_WRITE_CA_FILE'])(
  '%s that is a pipe without a writer is refused, and not waited for',
  (variable) => {
    const pipe = join(folder, 'pipe');
    execFileSync('mkfifo', [pipe]);
    vi.stubEnv('BELAY_REMOTE_WRITE_URL', url);
    vi.stubEnv(variable, pipe);
    expect(() => remoteWriteSetting()).toThrow(
      `${variable}: found "${pipe}"; it cannot be read: ${pipe} is a pipe; allowed: a plain file`,
    );
  },
);

test.each(WAYS)('%s gets the bytes of the file, also of letters beyond Latin', async (_, ask) => {
  await ask(file(' grüße€\n'), {});
  expect(received.map(String)).toEqual(['Bearer grüße€']);
});
