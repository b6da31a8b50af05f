import { generateKeyPairSync } from 'node:crypto';
import type { RequestListener } from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { createServer as createTcp } from 'node:net';
import { generate } from 'selfsigned';
import { stringify } from 'yaml';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { askTarget } from '../../../src/adapters/substrates/kubeconfig/ask-target.ts';
import { ownKubeconfig } from '../../../src/adapters/substrates/kubeconfig/own-kubeconfig.ts';
import { readKubeconfigText } from '../../../src/core/kubeconfig/kubeconfig-text.ts';
import { selectContext } from '../../../src/core/kubeconfig/select-context.ts';

/** A certificate that is its own authority, and its key. */
interface Pair {
  readonly cert: string;
  readonly key: string;
}

let [server, other, expired]: readonly [Pair, Pair, Pair] = [] as never;
let folder = '';
/** A pipe that has no writer, and a file that is larger than any token. */
let [pipe, large] = ['', ''];
const servers: { close(): unknown }[] = [];

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'belay-refusals-'));
  [pipe, large] = [join(folder, 'pipe'), join(folder, 'large')];
  execFileSync('mkfifo', [pipe]);
  writeFileSync(large, '');
  truncateSync(large, 8 * 1024 ** 2);
  const altNames = [{ type: 7 as const, ip: '127.0.0.1' }];
  const pair = async (dates: object = {}): Promise<Pair> => {
    const made = await generate([{ name: 'commonName', value: 'belay' }], {
      extensions: [{ name: 'subjectAltName', altNames }],
      ...dates,
    });
    return { cert: made.cert, key: made.private };
  };
  const past = { notBeforeDate: new Date('2020-01-01T00:00:00Z'), notAfterDate: new Date('2020-01-02T00:00:00Z') };
  [server, other, expired] = await Promise.all([pair(), pair(), pair(past)]);
});
afterAll(() => rmSync(folder, { recursive: true }));
afterEach(() => {
  for (const each of servers.splice(0)) each.close();
});

/** A server that answers everything in one way. @returns its port */
async function serving(answer: RequestListener): Promise<number> {
  const made = createServer({ ...server }, answer);
  servers.push({ close: () => (made.closeAllConnections(), made.close()) });
  await new Promise<void>((done) => made.listen(0, '127.0.0.1', done));
  return (made.address() as AddressInfo).port;
}

const base64 = (text: string): string => Buffer.from(text).toString('base64');
const authority = (text: string): object => ({ 'certificate-authority-data': base64(text) });
const client = ({ cert, key }: Pair): object => ({
  'client-certificate-data': base64(cert),
  'client-key-data': base64(key),
});
const exec = (script: string, more: object = {}): object => ({
  exec: {
    apiVersion: 'client.authentication.k8s.io/v1',
    interactiveMode: 'Never',
    command: 'sh',
    args: ['-c', script],
    ...more,
  },
});

/** Goes the way of the command line, from the text of a kubeconfig to the first question. */
async function ask(cluster: object, user: object): Promise<void> {
  const text = stringify({
    'current-context': 'x',
    contexts: [{ name: 'x', context: { cluster: 'c', user: 'u' } }],
    clusters: [{ name: 'c', cluster: { server: 'https://127.0.0.1:9', ...cluster } }],
    users: [{ name: 'u', user }],
  });
  const selected = selectContext([readKubeconfigText(text, 'F')], '');
  const shell = { folder: '/', env: { PATH: process.env['PATH'] ?? '' } };
  await askTarget(ownKubeconfig(selected, shell), AbortSignal.timeout(20_000));
}

const SECRET = 'secret-of-a-user';
const encrypted = (): string =>
  generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({
    type: 'pkcs8',
    format: 'pem',
    cipher: 'aes-128-cbc',
    passphrase: SECRET,
  }) as string;

/** What is wrong in a kubeconfig and known without asking the server: cluster, user, and the reason. */
const WRONG: Readonly<Record<string, () => readonly [cluster: object, user: object, reason: RegExp]>> = {
  'an authority that is no PEM': () => [
    authority('x'),
    {},
    /cluster "c": certificate-authority: it holds no certificate in PEM/,
  ],
  'an authority that is cut off': () => [
    authority(server.cert.slice(0, 300)),
    {},
    /certificate-authority: no certificate in it can be/,
  ],
  'a key in place of an authority': () => [
    authority(server.key),
    {},
    /certificate-authority: no certificate in it can be read/,
  ],
  'an authority that is an empty file': () => [
    { 'certificate-authority': '/dev/null' },
    {},
    /certificate-authority: it is empty/,
  ],
  'an authority that is a folder': () => [
    { 'certificate-authority': '/' },
    {},
    /cluster "c": certificate-authority: \/ is a folder; allowed: a plain file$/,
  ],
  'a client certificate that is a pipe': () => [
    {},
    { 'client-certificate': pipe, 'client-key': pipe },
    /user "u": client-certificate: .*pipe is a pipe; allowed: a plain file$/,
  ],
  'a client key that is a pipe': () => [
    {},
    { ...client(other), 'client-key-data': undefined, 'client-key': pipe },
    /user "u": client-key: .*pipe is a pipe; allowed/,
  ],
  'a token file that is a pipe': () => [{}, { tokenFile: pipe }, /user "u": tokenFile: .*pipe is a pipe; allowed/],
  'a token file that never ends': () => [{}, { tokenFile: '/dev/zero' }, /tokenFile: \/dev\/zero is a device; allowed/],
  'a token file that is too large': () => [{}, { tokenFile: large }, /tokenFile: .* has more than 4194304 bytes/],
  'a client certificate that is none': () => [
    {},
    client({ ...other, cert: SECRET }),
    /client-certificate: it holds no certificate/,
  ],
  'a client key that is none': () => [
    {},
    client({ ...other, key: SECRET }),
    /client-key: it holds no private key in PEM form/,
  ],
  'a client key with a passphrase': () => [
    {},
    client({ ...other, key: encrypted() }),
    /client-key: it is encrypted; expected a key without/,
  ],
  'the key of another certificate': () => [
    {},
    client({ ...other, key: server.key }),
    /client-key is not the key of client-certificate/,
  ],
  'a token with a line end at its end': () => [
    {},
    { token: `${SECRET}\n` },
    /user "u": token: it has a line end at its end, which no/,
  ],
  'a token of two lines': () => [{}, { token: `${SECRET}\n${SECRET}` }, /user "u": token: it has a control character/],
  'a token file of several lines': () => [
    {},
    { tokenFile: '/etc/passwd' },
    /tokenFile: \/etc\/passwd: it has a control character/,
  ],
  'a user to act as that adds a header': () => [
    {},
    { as: 'a\r\nX-Remote-User: b' },
    /user "u": as: it has a control character/,
  ],
  'a group to act as that adds a header': () => [
    {},
    { as: 'a', 'as-groups': ['a\nb'] },
    /as-groups: it has a control character/,
  ],
  'an extra value that adds a header': () => [
    {},
    { as: 'a', 'as-user-extra': { k: ['a\nb'] } },
    /as-user-extra\.k: it has a control/,
  ],
  'an old provider without a name': () => [{}, { 'auth-provider': {} }, /user "u": auth-provider: it has no name$/],
  'a program that is a folder': () => [{}, exec('', { command: '/' }), /exec plugin \/: .*EACCES/],
  'a program whose name has a zero byte': () => [
    {},
    exec('', { command: 'a\u0000b' }),
    /exec plugin a.b: .*null bytes/,
  ],
  'a program whose token has two lines': () => [
    {},
    exec(
      `printf '{"kind":"ExecCredential","apiVersion":"client.authentication.k8s.io/v1","status":{"token":"${SECRET}\\\\nb"}}'`,
    ),
    /exec plugin sh: it printed a token with a line end or another control character$/,
  ],
  'a program whose certificate is none': () => [
    {},
    exec(
      `printf '{"kind":"ExecCredential","apiVersion":"client.authentication.k8s.io/v1","status":{"clientCertificateData":"${SECRET}","clientKeyData":"x"}}'`,
    ),
    /client-certificate: it holds no certificate in PEM form/,
  ],
  'extensions that are none': () => [
    { extensions: [null, 'x'] },
    { ...exec('true'), extensions: [null, 'x'] },
    /it printed nothing$/,
  ],
};

test.each(Object.keys(WRONG))(
  '%s is refused by its field, before the server is asked, without what it holds',
  async (name) => {
    const [cluster, user, reason] = WRONG[name]?.() ?? [{}, {}, /^$/];
    const asking = ask(cluster, user);
    await expect(asking).rejects.toThrow(reason);
    await expect(asking).rejects.not.toThrow(SECRET);
    await expect(asking).rejects.not.toThrow(/ECONNREFUSED|BEGIN/);
  },
);

const json =
  (status: number, body: object): RequestListener =>
  (_, response) =>
    void response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
const page =
  (status: number, headers = {}): RequestListener =>
  (_, response) =>
    void response.writeHead(status, { 'content-type': 'text/html', ...headers }).end('<html>Log in</html>');

/** What answers in place of an API server, how the cluster is named, and what is said. */
const ANSWERS: Readonly<
  Record<string, () => readonly [answer: RequestListener, cluster: object, user: object, reason: RegExp]>
> = {
  'a page for a login': () => [
    page(200),
    authority(server.cert),
    {},
    /there is no API server: GET \/version answers 200: <html>Log in/,
  ],
  'a redirection to a login': () => [
    page(302, { location: 'https://sso/' }),
    authority(server.cert),
    {},
    /no API server: .* answers 302/,
  ],
  'a gateway that forbids': () => [
    page(403),
    authority(server.cert),
    {},
    /there is no API server: GET \/version answers 403: <html>/,
  ],
  'another kind of API': () => [
    json(200, { version: '2.1' }),
    authority(server.cert),
    {},
    /no API server: .* answers 200: \{"version"/,
  ],
  'an API server that is starting': () => [
    json(503, { kind: 'Status' }),
    authority(server.cert),
    {},
    /it is not ready: .* answers 503/,
  ],
  'an API server that does not know the user': () => [
    json(401, { kind: 'Status' }),
    authority(server.cert),
    client(other),
    /credentials of the user \(401\)$/,
  ],
  'an API server, and a client certificate of the past': () => [
    json(401, { kind: 'Status' }),
    authority(server.cert),
    client(expired),
    /credentials of the user \(401\); the client certificate has expired at 2020-01-02T00:00:00/,
  ],
  'a server of another authority': () => [
    page(200),
    authority(other.cert),
    {},
    /its certificate is of no authority that is trusted here; expected certificate-authority/,
  ],
  'a server of an authority that nothing names': () => [
    page(200),
    {},
    {},
    /its certificate is of no authority that is trusted here/,
  ],
  'a server under another name': () => [
    page(200),
    { ...authority(server.cert), 'tls-server-name': 'a.example' },
    {},
    /a\.example.*; tls-server-name sets another name$/,
  ],
};

test.each(Object.keys(ANSWERS))('%s is named', async (name) => {
  const [answer, cluster, user, reason] = ANSWERS[name]?.() ?? [page(500), {}, {}, /^$/];
  const port = await serving(answer);
  await expect(ask({ ...cluster, server: `https://127.0.0.1:${port}` }, user)).rejects.toThrow(reason);
});

test.each([
  [
    'answers in the clear',
    'HTTP/1.1 400 Bad Request\r\n\r\n',
    /it does not answer by TLS; expected a server that is reached by https$/,
  ],
  [
    'closes the connection',
    '',
    /it closes the connection before TLS is agreed on; expected a server that is reached by https$/,
  ],
])('a server that %s is named', async (_what, words, reason) => {
  const plain = createTcp((socket) => {
    socket.on('error', () => undefined);
    socket.once('data', () => socket.end(words));
  });
  servers.push(plain);
  await new Promise<void>((done) => plain.listen(0, '127.0.0.1', done));
  await expect(ask({ server: `https://127.0.0.1:${(plain.address() as AddressInfo).port}` }, {})).rejects.toThrow(
    reason,
  );
});
