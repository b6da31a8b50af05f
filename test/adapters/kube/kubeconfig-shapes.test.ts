import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { stringify } from 'yaml';
import { connectCluster, type ClusterClient } from '../../../src/adapters/kube/client.ts';
import { readAccess } from '../../../src/adapters/kube/credentials.ts';
import { readContext } from '../../../src/adapters/kube/kubeconfig-files.ts';
import type { Within } from '../../../src/adapters/kube/api-request.ts';
import { ownKubeconfig } from '../../../src/adapters/substrates/kubeconfig/own-kubeconfig.ts';
import { clusterAccess } from '../../../src/core/kubeconfig/cluster-access.ts';
import { clusterOfFile } from '../../cluster-of-file.ts';
import {
  connectProxy,
  connectProxyOverTls,
  ipv6Door,
  issuer,
  reverseProxy,
  socksProxy,
  type Door,
} from './cluster-doors.ts';

const file = clusterOfFile();
const folder = mkdtempSync(join(tmpdir(), 'belay-kubeconfigs-'));
const V1 = 'client.authentication.k8s.io/v1';
const V1BETA1 = 'client.authentication.k8s.io/v1beta1';

/** The cluster as its own kubeconfig has it. */
let real: { readonly port: number; readonly ca: string; readonly cert: string; readonly key: string };
/** The token of a ServiceAccount. */
let token: string;
const doors: Door[] = [];

beforeAll(async () => {
  const { server, tls } = clusterAccess(readContext(file.cluster.kubeconfigPath, ''), {});
  const text = (held: typeof tls.ca): string =>
    held === undefined ? '' : 'text' in held ? held.text : readFileSync(held.file, 'utf8');
  real = { port: server.port, ca: text(tls.ca), cert: text(tls.cert), key: text(tls.key) };
  const asked = await file.client.request(
    {
      method: 'POST',
      path: '/api/v1/namespaces/default/serviceaccounts/default/token',
      body: '{"apiVersion":"authentication.k8s.io/v1","kind":"TokenRequest","spec":{}}',
    },
    within(),
  );
  token = (JSON.parse(asked.body) as { status: { token: string } }).status.token;
});

afterAll(async () => {
  await Promise.all(doors.map((door) => door.close()));
  rmSync(folder, { recursive: true });
});

const ADMIN = 'kwok-admin';
const ACCOUNT = 'system:serviceaccount:default:default';

/** A cluster and a user of a kubeconfig, and the environment that it is used in. Absent: the usual ones. */
interface Shape {
  readonly cluster?: Readonly<Record<string, unknown>>;
  readonly user?: Readonly<Record<string, unknown>>;
  readonly env?: Readonly<Record<string, string>>;
}

/** The shapes that reach the cluster, with whom it sees. Each is made when its test runs. */
const SHAPES: Readonly<Record<string, () => Shape | Promise<Shape>>> = {
  'certificates within': () => ({}),
  'certificate files beside the kubeconfig': () => {
    for (const [name, text] of Object.entries(real)) writeFileSync(join(folder, `${name}.pem`), String(text));
    return {
      cluster: { server: address(), 'certificate-authority': 'ca.pem' },
      user: { 'client-certificate': './cert.pem', 'client-key': '../' + folder.split('/').at(-1) + '/key.pem' },
    };
  },
  'a token': () => ({ user: { token } }),
  'a token file': () => {
    writeFileSync(join(folder, 'token'), `${token}\n`);
    return { user: { tokenFile: 'token', token: 'not-this-one' } };
  },
  'a token beside a program': () => ({ user: { token, exec: { command: '/not-there', apiVersion: V1BETA1 } } }),
  'a server without a scheme': () => ({ cluster: { ...trusted(), server: `127.0.0.1:${real.port}` } }),
  'a server with a slash at its end': () => ({ cluster: { ...trusted(), server: `${address()}/` } }),
  'a server by name': () => ({ cluster: { ...trusted(), server: `https://localhost:${real.port}` } }),
  'another name in the certificate': () => ({ cluster: { ...trusted(), 'tls-server-name': 'kubernetes' } }),
  'no check of the certificate': () => ({ cluster: { server: address(), 'insecure-skip-tls-verify': true } }),
  'an empty proxy-url, and proxies in the environment': () => ({
    cluster: { ...trusted(), 'proxy-url': '' },
    env: { HTTPS_PROXY: 'http://127.0.0.1:9', https_proxy: 'http://127.0.0.1:9', HTTP_PROXY: 'http://127.0.0.1:9' },
  }),
  IPv6: async () => {
    const door = await open(ipv6Door(real.port));
    return { cluster: { ...trusted(), server: `https://[::1]:${door.port}`, 'tls-server-name': 'localhost' } };
  },
  'a path below https': () => below('/k8s/clusters/c-1'),
  'a path with colons, as of kcp': () => below('/clusters/root:org:ws'),
  'a path with codes in it': () => below('/k8s/a%2Fb/c%20d'),
  'a server in capitals, with space around it': () => ({
    cluster: { ...trusted(), server: ` HTTPS://LOCALHOST:${real.port}/\n` },
  }),
  'an address in place of the name in the certificate': () => ({
    cluster: { ...trusted(), server: `https://localhost:${real.port}`, 'tls-server-name': '127.0.0.1' },
  }),
  'an authority among others, with remarks': async () => {
    const door = await open(connectProxyOverTls(real.port));
    return { cluster: { server: address(), 'certificate-authority-data': base64(`# Wurzel\n${door.ca}\n${real.ca}`) } };
  },
  'certificate and key in one file': () => {
    writeFileSync(join(folder, 'both.pem'), `${real.key}\n${real.cert}`);
    return { user: { 'client-certificate': 'both.pem', 'client-key': 'both.pem' } };
  },
  'fields and extensions that nothing here knows': () => ({
    cluster: { ...trusted(), 'disable-compression': true, region: [1], extensions: [null, { name: 'minikube.io' }] },
    user: { ...admin(), extensions: [null], 'as-groups': [] },
  }),
  'plain http on this machine, as of kubectl proxy': async () => {
    const access = await readAccess(file.cluster.kubeconfigPath, '');
    const door = await open(reverseProxy(access, { below: '', tls: false }));
    return { cluster: { server: `http://localhost:${door.port}` }, user: {} };
  },
  'a proxy': async () => {
    const door = await open(connectProxy(real.port));
    return { cluster: { ...trusted(), 'proxy-url': `http://127.0.0.1:${door.port}` } };
  },
  'a proxy with a login, for a name that only it knows': async () => {
    const door = await open(connectProxy(real.port, 'me:p@ss'));
    return { cluster: { ...elsewhere(), 'proxy-url': `http://me:p%40ss@127.0.0.1:${door.port}/` } };
  },
  'a SOCKS proxy': async () => {
    const door = await open(socksProxy(real.port));
    return { cluster: { ...elsewhere(), 'proxy-url': `socks5://127.0.0.1:${door.port}` } };
  },
  'a SOCKS proxy with a login': async () => {
    const door = await open(socksProxy(real.port, 'me:p@ss'));
    return { cluster: { ...elsewhere(), 'proxy-url': `socks5://me:p%40ss@127.0.0.1:${door.port}` } };
  },
  'a SOCKS proxy that resolves names, as curl writes it': async () => {
    const door = await open(socksProxy(real.port));
    return { cluster: { ...elsewhere(), 'proxy-url': `socks5h://127.0.0.1:${door.port}` } };
  },
  'a proxy reached by TLS, whose certificate is in the file of the cluster': async () => {
    const door = await open(connectProxyOverTls(real.port, 'me:p@ss'));
    const both = { 'certificate-authority-data': base64(`${real.ca}\n${door.ca}`) };
    return { cluster: { ...elsewhere(), ...both, 'proxy-url': `https://me:p%40ss@127.0.0.1:${door.port}` } };
  },
  'a proxy reached by TLS, without a check of certificates': async () => {
    const door = await open(connectProxyOverTls(real.port));
    const { server } = elsewhere();
    return { cluster: { server, 'insecure-skip-tls-verify': true, 'proxy-url': `https://127.0.0.1:${door.port}` } };
  },
  'the proxy of the environment': async () => {
    const door = await open(connectProxy(real.port));
    return {
      cluster: elsewhere(),
      env: { https_proxy: `127.0.0.1:${door.port}`, NO_PROXY: '.example.org,10.0.0.0/8' },
    };
  },
  'a program that gives a token': () => ({
    user: { exec: plugin('token', `{"token":"${token}"}`, { apiVersion: V1, interactiveMode: 'Never' }) },
  }),
  'a program that gives a certificate': () => ({
    user: {
      exec: plugin('cert', JSON.stringify({ clientCertificateData: real.cert, clientKeyData: real.key }), {}),
    },
  }),
  'a program of the PATH that gives a token, whose own PATH leads nowhere': () => ({
    user: {
      exec: {
        command: 'sh',
        args: ['-c', `printf '{"kind":"ExecCredential","apiVersion":"${V1}","status":{"token":"%s"}}' "$T"`],
        env: [
          { name: 'PATH', value: '/nowhere' },
          { name: 'T', value: 'not-this-one' },
          { name: 'T', value: token },
        ],
        apiVersion: V1,
        interactiveMode: 'Never',
      },
    },
    env: { PATH: '/usr/bin:/bin' },
  }),
  'a program that gives a token and a certificate, which counts': () => ({
    user: {
      exec: plugin('both', JSON.stringify({ token, clientCertificateData: real.cert, clientKeyData: real.key }), {}),
    },
  }),
  'a client certificate beside a program, which is run and does not count': () => ({
    user: { ...admin(), exec: plugin('beside', `{"token":"${token}"}`, {}) },
  }),
  'the certificate of the server itself as its authority': () => ({
    cluster: { server: address(), 'certificate-authority-data': base64(real.cert) },
  }),
  'data with line breaks in it': () => ({
    cluster: { server: address(), 'certificate-authority-data': base64(real.ca).replaceAll(/(.{64})/g, '$1\n') },
  }),
  'certificates with line ends of Windows': () => ({
    cluster: { server: address(), 'certificate-authority-data': base64(windows(real.ca)) },
    user: { 'client-certificate-data': base64(windows(real.cert)), 'client-key-data': base64(windows(real.key)) },
  }),
  'remarks before certificate and key': () => ({
    user: {
      'client-certificate-data': base64(`subject=CN = x\n${real.cert}`),
      'client-key-data': base64(`Bag Attributes\n${real.key}`),
    },
  }),
  'a chain in place of a client certificate': () => ({
    user: { 'client-certificate-data': base64(`${real.cert}\n${real.ca}`), 'client-key-data': base64(real.key) },
  }),
  'a token file with the line end of Windows': () => {
    writeFileSync(join(folder, 'token'), `${token}\r\n`);
    return { user: { tokenFile: 'token' } };
  },
  'an empty token file beside a token': () => {
    writeFileSync(join(folder, 'token'), '');
    return { user: { tokenFile: 'token', token } };
  },
  'a missing token file beside a token': () => ({ user: { tokenFile: 'not-there', token } }),
  'a server with several slashes at its end': () => ({ cluster: { ...trusted(), server: `${address()}///` } }),
  'a server with dots in its path': () => ({ cluster: { ...trusted(), server: `${address()}/a/../` } }),
  'another name, and no check of the certificate': () => ({
    cluster: { server: address(), 'insecure-skip-tls-verify': true, 'tls-server-name': 'x.example' },
  }),
  'proxies of the environment that are not for servers of https': () => ({
    env: { ALL_PROXY: 'http://127.0.0.1:9', http_proxy: 'http://127.0.0.1:9', FTP_PROXY: 'http://127.0.0.1:9' },
  }),
  'an old provider whose issuer renews its token': async () => {
    const door = await open(issuer({ 'me:s3/cret': token }));
    const config = {
      'id-token': tokenOf(1_600_000_000),
      'refresh-token': 'once',
      'client-id': 'me',
      'client-secret': 's3/cret',
      'idp-issuer-url': `https://127.0.0.1:${door.port}/realm/`,
      'idp-certificate-authority-data': base64(door.ca),
    };
    return { user: { 'auth-provider': { name: 'oidc', config } } };
  },
  'an old provider with a valid token': () => ({
    user: { 'auth-provider': { name: 'oidc', config: { 'id-token': token, 'client-id': 'x', 'idp-issuer-url': 'x' } } },
  }),
};

/** The cluster below a path, as of a gateway with a certificate of its own. */
async function below(path: string): Promise<Shape> {
  const access = await readAccess(file.cluster.kubeconfigPath, '');
  const door = await open(reverseProxy(access, { below: path, tls: true }));
  const server = `https://127.0.0.1:${door.port}${path}/`;
  return { cluster: { server, 'certificate-authority-data': base64(door.ca) } };
}

const OF_ACCOUNT = /token(?! and a certificate)|old provider/;

test.each(Object.keys(SHAPES))('%s: the cluster is reached, and sees its user', async (name) => {
  const { cluster = trusted(), user = admin(), env = {} } = (await SHAPES[name]?.()) ?? {};
  const seen = await whoAmI(write('config', { cluster, user }), env);
  expect(seen.username).toBe(OF_ACCOUNT.test(name) ? ACCOUNT : ADMIN);
});

test('what goes through a proxy or below a path is seen there', () => {
  const used = doors.filter(({ seen }) => seen.length > 0);
  expect(used.length).toBe(13);
  expect(used.flatMap(({ seen }) => seen)).toEqual(
    expect.arrayContaining([
      'cluster.example:6443',
      'cluster.example',
      expect.stringMatching(/^\/k8s\/clusters\/c-1\/apis/),
      expect.stringMatching(/^\/clusters\/root:org:ws\/apis/),
      expect.stringMatching(/^\/k8s\/a%2Fb\/c%20d\/apis/),
    ]),
  );
});

test('a user acts as another one, with UID, groups and extra values', async () => {
  const user = {
    ...admin(),
    as: 'anna',
    'as-uid': '17',
    'as-groups': ['ops', 'système'],
    'as-user-extra': { 'Example.org/Scopes': ['a', 'b'], 'odd key%': ['c'] },
  };
  const seen = await whoAmI(write('config', { cluster: trusted(), user }));
  expect(seen).toMatchObject({
    username: 'anna',
    uid: '17',
    groups: ['ops', 'système', 'system:authenticated'],
    extra: { 'example.org/scopes': ['a', 'b'], 'odd key%': ['c'] },
  });
});

test('several files are one kubeconfig: the first of a name counts, merge keys are followed, and JSON is YAML', async () => {
  const one = join(folder, 'one');
  const two = join(folder, 'two.json');
  writeFileSync(
    one,
    `\uFEFFapiVersion: v1\nkind: Config\nbase: &base {server: "${address()}"}\nclusters: [{name: c, cluster: {<<: *base, certificate-authority-data: ${base64(real.ca)}}}]\ncurrent-context: x\n`,
  );
  const rest = { cluster: { server: 'https://127.0.0.1:9' }, user: admin() };
  writeFileSync(two, JSON.stringify(kubeconfig(rest)));
  const env = { KUBECONFIG: `${join(folder, 'missing')}:${one}::${two}:${one}` };
  expect((await whoAmI('', env)).username).toBe(ADMIN);
});

test('one kubeconfig in two files: an empty one, line ends of Windows, and the current context of the other', async () => {
  const [empty, one, two] = ['empty', 'contexts', 'current'].map((name) => join(folder, name));
  writeFileSync(empty ?? '', '');
  const { 'current-context': current, ...rest } = kubeconfig({ cluster: trusted(), user: admin() }) as {
    readonly 'current-context': string;
  };
  writeFileSync(one ?? '', windows(stringify(rest)));
  writeFileSync(two ?? '', stringify({ 'current-context': current }));
  expect((await whoAmI('', { KUBECONFIG: `${empty}:${one}:${two}` })).username).toBe(ADMIN);
});

test('a program is run as kubectl runs it: once while its answer is valid, with the shell, and with what it asks for', async () => {
  const notes = join(folder, 'notes');
  const exec = plugin('noted', `{"token":"${token}"}`, {
    apiVersion: V1,
    interactiveMode: 'IfAvailable',
    provideClusterInfo: true,
    args: ['--cluster', 'a b'],
    env: [{ name: 'OWN', value: 'of the file' }],
    before: `pwd > ${notes}; echo "$AWS_PROFILE/$OWN/$1/$2/$UNSET" >> ${notes}; echo "$KUBERNETES_EXEC_INFO" >> ${notes}`,
  });
  writeFileSync(join(folder, 'ca.pem'), real.ca);
  const cluster = {
    server: address(),
    'certificate-authority': 'ca.pem',
    'tls-server-name': 'kubernetes',
    extensions: [{ name: 'client.authentication.k8s.io/exec', extension: { audience: 'x' } }],
  };
  process.env['UNSET'] = 'of this process';
  const path = write('config', { cluster, user: { exec } });
  const env = { AWS_PROFILE: 'dev', OWN: 'of the shell', PATH: process.env['PATH'] ?? '', TEMPORAL_API_KEY: 'secret' };
  expect((await whoAmI(path, env, { times: 3 })).username).toBe(ACCOUNT);
  delete process.env['UNSET'];
  const [where, words, info = '', ...more] = readFileSync(notes, 'utf8').trim().split('\n');
  expect(more).toEqual([]);
  expect(where).toBe(folder);
  expect(words).toBe('dev/of the file/--cluster/a b/');
  expect(JSON.parse(info)).toEqual({
    kind: 'ExecCredential',
    apiVersion: V1,
    spec: {
      interactive: false,
      cluster: {
        server: address(),
        'tls-server-name': 'kubernetes',
        'certificate-authority-data': base64(real.ca),
        config: { audience: 'x' },
      },
    },
  });
  expect(readFileSync(join(folder, 'own'), 'utf8')).not.toContain('secret');
});

test('credentials are renewed: a program when they expire or are refused, a certificate on new connections, and a token file', async () => {
  const runs = join(folder, 'runs');
  const answers = join(folder, 'answers');
  const say = (status: Readonly<Record<string, string>>): void => writeFileSync(answers, JSON.stringify(status));
  const exec = plugin('turns', '', { before: `echo run >> ${runs}; status=$(cat ${answers})` });
  const path = write('config', { cluster: trusted(), user: { exec } });
  const past = new Date(Date.now() - 1_000).toISOString();
  const client = await connectCluster({ kubeconfigPath: own(path, { PATH: process.env['PATH'] ?? '' }) });
  try {
    say({ token, expirationTimestamp: past });
    expect((await asked(client)).username).toBe(ACCOUNT);
    // It has expired, and the next one is a certificate: it has to be on a connection of its own.
    say({ clientCertificateData: real.cert, clientKeyData: real.key, expirationTimestamp: past });
    expect((await asked(client)).username).toBe(ADMIN);
    say({ token });
    expect((await asked(client)).username).toBe(ACCOUNT);
    expect((await asked(client)).username).toBe(ACCOUNT);
    expect(readFileSync(runs, 'utf8')).toBe('run\n'.repeat(3));
  } finally {
    await client.close();
  }
  const tokenFile = join(folder, 'turning-token');
  writeFileSync(tokenFile, 'wrong');
  const other = await connectCluster({
    kubeconfigPath: own(write('config', { cluster: trusted(), user: { tokenFile } })),
  });
  try {
    await expect(asked(other)).rejects.toThrow(/401/);
    writeFileSync(tokenFile, token);
    expect((await asked(other)).username).toBe(ACCOUNT);
  } finally {
    await other.close();
  }
});

/** Proxies that do not let Belay through: how each is opened, its scheme and login, and what is said of it. */
const REFUSING: Readonly<Record<string, readonly [() => Promise<Door>, string, RegExp]>> = {
  'that wants another login': [
    () => connectProxy(real.port, 'me:right'),
    'http://me:wrong@',
    /it answers 407 Login to CONNECT cluster\.example:6443$/,
  ],
  'of SOCKS that wants another login': [
    () => socksProxy(real.port, 'me:right'),
    'socks5://me:wrong@',
    /it refuses the user name and the password$/,
  ],
  'of SOCKS that wants a login': [
    () => socksProxy(real.port, 'me:right'),
    'socks5://',
    /it wants a login that its address does not have$/,
  ],
  'whose certificate nothing here trusts': [
    () => connectProxyOverTls(real.port),
    'https://me:wrong@',
    /self-signed certificate/,
  ],
  'that is reached by TLS only': [
    () => connectProxyOverTls(real.port),
    'http://me:wrong@',
    /it closes the connection; expected https:\/\/ if/,
  ],
  'that is not reached by TLS': [
    () => connectProxy(real.port),
    'https://me:wrong@',
    /it does not answer by TLS; expected http:\/\/ for such a proxy$/,
  ],
  'that is another kind of server': [() => connectProxy(real.port), 'socks5://me:wrong@', /it is no SOCKS 5 proxy$/],
};

test.each(Object.keys(REFUSING))('a proxy %s is named with the reason, without its password', async (name) => {
  const [opening, address, reason] = REFUSING[name] ?? [];
  if (opening === undefined || address === undefined) throw new Error(name);
  const door = await open(opening());
  const cluster = { ...elsewhere(), 'proxy-url': `${address}127.0.0.1:${door.port}` };
  const asking = whoAmI(write('config', { cluster, user: admin() }));
  await expect(asking).rejects.toThrow(
    new RegExp(`proxy ${address.replace(/\/\/.*/, '//')}127\\.0\\.0\\.1:${door.port}: ${reason?.source ?? ''}`),
  );
  await expect(asking).rejects.not.toThrow('wrong');
});

test('an old provider without a valid token is refused with the reason, and without a token', async () => {
  const expired = tokenOf(1_600_000_000);
  const refresh = { 'refresh-token': 'secret', 'client-id': 'belay' };
  for (const [config, reason] of [
    [
      {},
      /auth-provider oidc: it has no id-token and no refresh-token, client-id, idp-issuer-url to refresh it with; log in/,
    ],
    [{ 'id-token': expired }, /its id-token has expired and no refresh-token, client-id, idp-issuer-url to refresh/],
    [{ 'id-token': 'secret', ...refresh }, /its id-token has expired and no idp-issuer-url to refresh it with/],
    [
      { 'id-token': expired, ...refresh, 'idp-issuer-url': 'https://127.0.0.1:9' },
      /has expired, and https:\/\/127\.0\.0\.1:9 does not refresh it: connect ECONNREFUSED .*; log in again$/,
    ],
    [
      { 'id-token': expired, ...refresh, 'idp-issuer-url': 'http://192.0.2.1' },
      /does not refresh it: idp-issuer-url is http, which would send its tokens in the clear; expected https; log in/,
    ],
  ] as const) {
    const user = { 'auth-provider': { name: 'oidc', config } };
    const asking = whoAmI(write('config', { cluster: trusted(), user }));
    await expect(asking, JSON.stringify(config)).rejects.toThrow(reason);
    await expect(asking).rejects.not.toThrow(/secret|e30/);
  }
});

/** Whom the cluster sees. */
interface UserInfo {
  readonly username: string;
  readonly uid?: string;
  readonly groups: readonly string[];
  readonly extra?: unknown;
}

/** Goes the way of a campaign: from the user's kubeconfig to a copy of our own, and from there to the cluster. */
async function whoAmI(path: string, env: Readonly<Record<string, string>> = {}, { times = 1 } = {}): Promise<UserInfo> {
  const copy = own(path, env);
  let seen: UserInfo | undefined;
  for (let index = 0; index < times; index++) {
    const client = await connectCluster({ kubeconfigPath: copy, connections: 1 });
    try {
      seen = await asked(client);
    } finally {
      await client.close();
    }
  }
  if (seen === undefined) throw new Error('nothing was asked');
  return seen;
}

function own(path: string, env: Readonly<Record<string, string>> = {}): string {
  const { text } = ownKubeconfig(readContext(path, '', env), { folder, env });
  const copy = join(folder, 'own');
  writeFileSync(copy, text);
  return copy;
}

async function asked(client: ClusterClient): Promise<UserInfo> {
  const body = '{"apiVersion":"authentication.k8s.io/v1","kind":"SelfSubjectReview"}';
  const path = '/apis/authentication.k8s.io/v1/selfsubjectreviews';
  const answer = await client.ask({ method: 'POST', path, body }, within());
  if (answer.status !== 201) throw new Error(`${answer.status} ${answer.body}`);
  return (JSON.parse(answer.body) as { status: { userInfo: UserInfo } }).status.userInfo;
}

function within(): Within {
  return { signal: AbortSignal.timeout(20_000), budgetMs: 20_000 };
}

async function open<D extends Door>(opening: Promise<D>): Promise<D> {
  const door = await opening;
  doors.push(door);
  return door;
}

/** A program in a folder of its own, that prints a status, as the field `exec` of a user. */
function plugin(
  name: string,
  status: string,
  { before = `status='${status}'`, ...exec }: Readonly<Record<string, unknown>> & { readonly before?: string },
): Readonly<Record<string, unknown>> {
  const path = join(folder, 'plugins', name);
  mkdirSync(dirname(path), { recursive: true });
  const apiVersion = typeof exec['apiVersion'] === 'string' ? exec['apiVersion'] : V1BETA1;
  writeFileSync(
    path,
    `#!/bin/sh\n${status === '' ? before : `status='${status}'\n${before}`}\nprintf '{"kind":"ExecCredential","apiVersion":"${apiVersion}","status":%s}' "$status"\n`,
  );
  chmodSync(path, 0o755);
  return { command: `./plugins/${name}`, apiVersion, ...exec };
}

function address(): string {
  return `https://127.0.0.1:${real.port}`;
}

function trusted(): Readonly<Record<string, unknown>> {
  return { server: address(), 'certificate-authority-data': base64(real.ca) };
}

/** The cluster under a name that nothing on this machine knows. */
function elsewhere(): Readonly<Record<string, unknown>> {
  return { ...trusted(), server: 'https://cluster.example:6443', 'tls-server-name': 'localhost' };
}

function windows(text: string): string {
  return text.replaceAll('\n', '\r\n');
}

function admin(): Readonly<Record<string, unknown>> {
  return { 'client-certificate-data': base64(real.cert), 'client-key-data': base64(real.key) };
}

function write(name: string, entries: { readonly cluster: unknown; readonly user: unknown }): string {
  const path = join(folder, name);
  writeFileSync(path, stringify(kubeconfig(entries)));
  return path;
}

function kubeconfig({ cluster, user }: { readonly cluster: unknown; readonly user: unknown }): unknown {
  return {
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': 'x',
    contexts: [{ name: 'x', context: { cluster: 'c', user: 'u', namespace: 'theirs' } }],
    clusters: [{ name: 'c', cluster }],
    users: [{ name: 'u', user }],
  };
}

/** A token that says when it expires. */
function tokenOf(exp: number): string {
  return ['{}', JSON.stringify({ exp }), 'secret'].map(urlBase64).join('.');
}

function urlBase64(text: string): string {
  return Buffer.from(text).toString('base64url');
}

function base64(text: string): string {
  return Buffer.from(text).toString('base64');
}
