import { createServer, type RequestListener } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo, Server } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { makeCertificate } from '../../../src/adapters/fleet/certificate.ts';
import { sendWebhook, WebhookError } from '../../../src/adapters/notify/send-webhook.ts';
import { notificationBody, type Notification } from '../../../src/core/campaign/notification.ts';

const servers: (Server & { closeAllConnections(): void })[] = [];

afterEach(() => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    server.close();
  }
});

async function listening(server: (typeof servers)[number]): Promise<number> {
  servers.push(server);
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  return (server.address() as AddressInfo).port;
}

const NEWS: Notification = {
  version: 1,
  event: 'verdict',
  at: '2026-11-30T02:17:00.000Z',
  id: 'dev-50-1',
  kind: 'campaign',
  profile: 'dev-50',
  substrate: 'local',
  verdict: 'fail',
  reason: 'p99 3 s',
  links: {},
};

/** Sends to an address, with less patience than a worker has. @returns why it was not taken; undefined when it was */
async function refusal(url: string, patienceMs = 10_000): Promise<WebhookError | undefined> {
  const sent = sendWebhook({ url: `${url}/hook?secret`, format: 'json' }, NEWS, AbortSignal.timeout(patienceMs));
  const error: unknown = await sent.then(
    () => undefined,
    (cause: unknown) => cause,
  );
  if (error === undefined || error instanceof WebhookError) return error;
  throw error;
}

async function refusalOf(listener: RequestListener, patienceMs?: number): Promise<WebhookError | undefined> {
  return refusal(`http://127.0.0.1:${await listening(createServer(listener))}`, patienceMs);
}

test.each<readonly [string, RequestListener, string]>([
  ['500', (_, answer) => answer.writeHead(500).end('no'), 'the webhook answered 500'],
  [
    'a redirect, which is not followed',
    (_, answer) => answer.writeHead(308, { location: 'http://127.0.0.1:1/secret' }).end(),
    'the webhook answered 308, and redirects are not followed',
  ],
  ['a cut connection', (request) => request.socket.destroy(), 'the webhook cannot be reached: UND_ERR_SOCKET'],
])('%s is named, without the address', async (_, listener, message) => {
  expect((await refusalOf(listener))?.message).toBe(message);
});

test('a receiver that hangs is left after a while, and the reason says so in words', async () => {
  const error = await refusalOf(() => undefined, 200);
  expect(error?.message).toBe('the webhook cannot be reached: no answer within 10 s');
});

/** Takes a notification, and answers without an end. */
const endless: RequestListener = (_, answer) => {
  answer.writeHead(200);
  const more = (): void => {
    while (!answer.destroyed && answer.write('x'.repeat(10_000)));
  };
  answer.on('drain', more);
  more();
};

test('a notification that was taken is taken, also if the answer never ends', async () => {
  expect(await refusalOf(endless)).toBeUndefined();
});

test('a certificate that is not trusted is named', async () => {
  const { certificatePem, keyPem } = await makeCertificate({ address: '127.0.0.1', validMs: 60_000 });
  const port = await listening(createTlsServer({ cert: certificatePem, key: keyPem }));
  expect((await refusal(`https://127.0.0.1:${port}`))?.message).toMatch(/^the webhook cannot be reached: [A-Z_]+CERT/);
});

test.each([
  ['in seconds', () => '120', 120_000],
  ['as a date', () => new Date(Date.now() + 3_600_000).toUTCString(), 3_600_000],
  ['in the past', () => 'Mon, 01 Jan 2001 00:00:00 GMT', 0],
])('Retry-After %s is understood', async (_, header, most) => {
  const error = await refusalOf((_request, answer) => answer.writeHead(429, { 'retry-after': header() }).end());
  // The date is nearer by now.
  expect(error?.retryAfterMs).toBeLessThanOrEqual(most);
  expect(error?.retryAfterMs).toBeGreaterThanOrEqual(most / 2);
});

test('a Retry-After that says nothing is none', async () => {
  expect((await refusalOf((_, answer) => answer.writeHead(429, { 'retry-after': 'soon' }).end()))?.retryAfterMs).toBe(
    undefined,
  );
});

test('a long reason is cut between two characters, and no sign of it is markup or a mention in Slack', () => {
  const reason = `<!channel> <@U1> & *bold* ${'😀'.repeat(2_000)}`;
  const { text } = JSON.parse(notificationBody({ ...NEWS, reason }, 'slack')) as { readonly text: string };
  expect(text).toMatch(
    /^\*campaign dev-50-1: FAIL\* \(dev-50 on local\)\n&lt;!channel&gt; &lt;@U1&gt; &amp; \*\u200Bbold/,
  );
  expect(text.length).toBeLessThan(3_000);
  expect(text.isWellFormed()).toBe(true);
  const plain = JSON.parse(notificationBody({ ...NEWS, reason }, 'json')) as Notification;
  expect(plain.reason.isWellFormed()).toBe(true);
  expect(plain.reason).toMatch(/^<!channel> <@U1> & \*bold\* 😀+…$/u);
  expect(Buffer.byteLength(plain.reason)).toBeLessThanOrEqual(1_000);
});
