import { describe, expect, test } from 'vitest';
import { stringify } from 'yaml';
import {
  accessInWords,
  clusterAccess,
  nameOfAccess,
  type ClusterAccess,
} from '../../../src/core/kubeconfig/cluster-access.ts';
import { parseExecCredential } from '../../../src/core/kubeconfig/exec-plugin.ts';
import { isInNetwork, isLoopback, parseIp } from '../../../src/core/kubeconfig/ip-address.ts';
import { readKubeconfigText } from '../../../src/core/kubeconfig/kubeconfig-text.ts';
import { selectContext } from '../../../src/core/kubeconfig/select-context.ts';

const V1 = 'client.authentication.k8s.io/v1';
const CA = { 'certificate-authority-data': btoa('ca') };
const HTTPS = { server: 'https://192.0.2.1:6443', ...CA };

function text(cluster: unknown, user: unknown = { token: 't' }): string {
  return stringify({
    'current-context': 'x',
    contexts: [{ name: 'x', context: { cluster: 'c', user: 'u' } }],
    clusters: [{ name: 'c', cluster }],
    users: [{ name: 'u', user }],
  });
}

function access(kubeconfig: string, env: Readonly<Record<string, string>> = {}, context = ''): ClusterAccess {
  return clusterAccess(selectContext([readKubeconfigText(kubeconfig, 'F')], context), env);
}

const exec = (fields: Readonly<Record<string, unknown>>): unknown => ({
  exec: { command: 'login', apiVersion: V1, ...fields },
});
const NEVER = { interactiveMode: 'Never' };

/** Kubeconfigs that cannot be used, each with the reason. */
const REFUSED: readonly (readonly [what: string, kubeconfig: string, reason: RegExp])[] = [
  [
    'a user name and a password',
    text(HTTPS, { username: 'me', password: 'secret' }),
    /user "u": it has a user name and a password/,
  ],
  [
    'plain http elsewhere',
    text({ server: 'http://192.0.2.1:8080' }),
    /server http:\/\/192\.0\.2\.1:8080: plain http would send/,
  ],
  ['a server without a scheme and settings of TLS', text({ server: '192.0.2.1:8080' }), /plain http would send/],
  ['another scheme', text({ server: 'tcp://192.0.2.1' }), /its scheme is tcp; expected https/],
  ['no server', text(CA), /cluster "c": it has no server/],
  ['a server that is no address', text({ server: 'https://' }), /its server is no address/],
  [
    'a user in the server',
    text({ server: 'https://me:secret@192.0.2.1' }),
    /server https:\/\/192\.0\.2\.1: it holds a user name/,
  ],
  ['a query in the server', text({ server: 'https://192.0.2.1/?a=secret' }), /it has a query or a fragment/],
  [
    'a proxy of another kind',
    text({ ...HTTPS, 'proxy-url': 'ftp://p' }),
    /proxy-url: its scheme is ftp; expected one of http, https, socks5/,
  ],
  ['a proxy that is none', text({ ...HTTPS, 'proxy-url': 'http://' }), /proxy-url: it is no address/],
  [
    'a proxy of an older SOCKS',
    text({ ...HTTPS, 'proxy-url': 'socks4a://me:secret@p' }),
    /proxy-url: its scheme is socks4a; expected one of http, https, socks5, socks5h$/,
  ],
  [
    'a login with a bare %',
    text({ ...HTTPS, 'proxy-url': 'http://me:secret%@p' }),
    /proxy-url: its login has a % that begins no code; expected %25 for a %$/,
  ],
  [
    'a password without a user name',
    text({ ...HTTPS, 'proxy-url': 'socks5://:secret@p' }),
    /proxy-url: it has a password and no user name$/,
  ],
  [
    'a colon in the user name of an HTTP proxy',
    text({ ...HTTPS, 'proxy-url': 'https://secret%3Ame:x@p' }),
    /proxy-url: its user name has a colon/,
  ],
  [
    'a login that SOCKS cannot send',
    text({ ...HTTPS, 'proxy-url': `socks5://me:${'secret'.repeat(50)}@p` }),
    /proxy-url: its login is too long; SOCKS takes 255 bytes/,
  ],
  [
    'a proxy before plain http',
    text({ server: 'http://localhost:1', 'proxy-url': 'http://p:3128' }),
    /its server is plain http, which is reached directly/,
  ],
  [
    'a switch in quotes',
    text({ server: HTTPS.server, 'insecure-skip-tls-verify': 'false' }),
    /insecure-skip-tls-verify: it is a text; expected true or false/,
  ],
  [
    'no check, and a certificate to check with',
    text({ ...HTTPS, 'insecure-skip-tls-verify': true }),
    /exclude each other/,
  ],
  [
    'data that is not Base64',
    text({ server: HTTPS.server, 'certificate-authority-data': '---' }),
    /certificate-authority-data: it is not Base64/,
  ],
  [
    'a certificate without its key',
    text(HTTPS, { 'client-certificate': '/c' }),
    /it has a client-certificate and no client-key/,
  ],
  [
    'a key without its certificate',
    text(HTTPS, { 'client-key-data': 'aa' }),
    /it has a client-key and no client-certificate/,
  ],
  [
    'a token that is a number',
    text(HTTPS, { token: 12_345 }),
    /users "u": token: it is a number; expected a text \(in quotes\)$/,
  ],
  ['groups and no user to act as', text(HTTPS, { 'as-groups': ['a'] }), /no "as" that says who that is/],
  ['groups that are no list', text(HTTPS, { as: 'a', 'as-groups': 'ops' }), /as-groups: it is a text; expected a list/],
  [
    'an old provider',
    text(HTTPS, { 'auth-provider': { name: 'gcp' } }),
    /auth-provider gcp is no longer .* gke-gcloud-auth-plugin/,
  ],
  [
    'a program of an old version',
    text(HTTPS, exec({ apiVersion: 'client.authentication.k8s.io/v1alpha1' })),
    /exec\.apiVersion: it is .*v1alpha1; expected/,
  ],
  ['a program without a version', text(HTTPS, exec({ apiVersion: '' })), /exec\.apiVersion: it is empty/],
  [
    'a program without a mode',
    text(HTTPS, exec({})),
    /exec\.interactiveMode: it is empty; expected Never, IfAvailable, Always/,
  ],
  [
    'a program that needs a terminal',
    text(HTTPS, exec({ interactiveMode: 'Always' })),
    /the program login wants a terminal/,
  ],
  [
    'an argument that is a number',
    text(HTTPS, exec({ ...NEVER, args: ['a', 12345] })),
    /user "u": exec\.args\[1\]: it is a number; expected a text/,
  ],
  [
    'a variable that is a number',
    text(HTTPS, exec({ ...NEVER, env: [{ name: 'A', value: 12345 }] })),
    /exec\.env\[0\]\.value: it is a number; expected a text/,
  ],
  [
    'a cluster that comes twice',
    text(HTTPS).replace('clusters:', 'clusters:\n  - name: c\n    cluster: {server: https://192.0.2.9}'),
    /kubeconfig F: clusters\[1\]\.name: "c" comes twice; expected one entry/,
  ],
  ['a program without a name', text(HTTPS, exec({ ...NEVER, command: '' })), /exec\.command: it is empty/],
  [
    'a variable without a name',
    text(HTTPS, exec({ ...NEVER, env: [{ value: 'v' }] })),
    /exec\.env\[0\]\.name: it is empty/,
  ],
  [
    'two ways to log in',
    text(HTTPS, { ...(exec(NEVER) as object), 'auth-provider': { name: 'oidc' } }),
    /exec and auth-provider exclude/,
  ],
  ['another kind of file', 'apiVersion: v1\nkind: Secret\n', /it is Secret of v1; expected Config of v1/],
  ['a list', '- a\n', /it is a list; expected a map/],
  ['no YAML', 'a: [b\n', /kubeconfig F is not YAML: /],
  ['a tab', 'contexts:\n\t- a\n', /kubeconfig F is not YAML: /],
  [
    'a context that is a number',
    'contexts: [{name: 1, context: {cluster: c}}]\n',
    /contexts\[0\]\.name: it is a number/,
  ],
  ['contexts that are a map', 'contexts: {x: {}}\n', /contexts is a map; expected a list/],
  ['nothing', '', /it has no current context; name one of its contexts: there are none/],
  ['a context without a cluster', 'current-context: x\ncontexts: [{name: x}]\n', /context "x" names no cluster/],
  [
    'a user that is not there',
    'current-context: x\ncontexts: [{name: x, context: {cluster: c, user: v}}]\nclusters: [{name: c}]\nusers: [{name: u}]\n',
    /no "v" in its users; found: u/,
  ],
];

test.each(REFUSED)('%s is refused with the reason, and without a secret', (_what, kubeconfig, reason) => {
  let message = '';
  try {
    access(kubeconfig);
  } catch (error) {
    message = (error as Error).message;
    expect((error as Error).name).toBe('KubeconfigProblem');
  }
  expect(message).toMatch(reason);
  expect(message).not.toMatch(/secret|12345/);
});

test('a context that is not there is refused with those that are', () => {
  expect(() => access(text(HTTPS), {}, 'y')).toThrow('kubeconfig F: no "y" in its contexts; found: x');
});

test('an access in words has no secrets', () => {
  const found = access(
    text({ ...HTTPS, server: 'https://[2001:DB8::1]/k8s/clusters/c-1//', 'proxy-url': 'http://me:secret@p' }),
  );
  expect(accessInWords(nameOfAccess(found))).toBe(
    'cluster c at https://[2001:db8::1]/k8s/clusters/c-1, context x, user u',
  );
  expect(found.server).toMatchObject({ hostname: '2001:db8::1', port: 443, basePath: '/k8s/clusters/c-1' });
});

test('the last of two equal keys counts, of several documents the first, and a list may be empty', () => {
  const twice = `${text(HTTPS)}current-context: y\n---\ncurrent-context: z\n`
    .replace('name: x', 'name: y')
    .replace('users:', 'extensions:\nusers:');
  expect(access(twice).context).toBe('y');
});

function hostOf(server: string, env: Readonly<Record<string, string>>): string | undefined {
  return access(text({ ...HTTPS, server }), env).proxy?.host;
}

describe('the proxy of the environment', () => {
  const PROXY = { HTTPS_PROXY: 'http://p:3128' };
  test.each([
    ['https://192.0.2.1:6443', '', 'p:3128'],
    ['https://192.0.2.1:6443', '*', undefined],
    ['https://192.0.2.1:6443', '192.0.2.1', undefined],
    ['https://192.0.2.1:6443', '192.0.2.1:6443', undefined],
    ['https://192.0.2.1:6443', '192.0.2.1:443', 'p:3128'],
    ['https://192.0.2.1:6443', 'a, 192.0.0.0/16', undefined],
    ['https://192.0.2.1:6443', '192.0.3.0/24', 'p:3128'],
    ['https://[2001:db8::1]:6443', '2001:db8::/32', undefined],
    ['https://[2001:db8::1]:6443', '[2001:db8:0::1]:6443', undefined],
    ['https://[2001:db8::1]', '2001:db8::2', 'p:3128'],
    ['https://API.example.com', 'example.com', undefined],
    ['https://example.com', 'example.com', undefined],
    ['https://example.com', '.example.com', 'p:3128'],
    ['https://api.example.com', '*.example.com', undefined],
    ['https://myexample.com', 'example.com', 'p:3128'],
    ['https://api.example.com', '.example.com', undefined],
    ['https://api.example.com:6443', '.example.com:6443', undefined],
    ['https://api.example.com', '.example.com:6443', 'p:3128'],
    ['https://example.com', '*.example.com', 'p:3128'],
    ['https://api.example.com', 'example.*', 'p:3128'],
    ['https://api.example.com', ' , ,other, * ', undefined],
    ['https://api.example.com', '.', 'p:3128'],
    ['https://api.example.com', ':6443', 'p:3128'],
    ['https://10.1.2.3:6443', '10.0.0.0/8:6443', 'p:3128'],
    ['https://10.1.2.3:6443', '10.0.0.0/33,10.1.2', 'p:3128'],
    ['https://[::ffff:10.1.2.3]:6443', '10.0.0.0/8', undefined],
    ['https://[2001:db8::1]:6443', '[2001:db8::1]', undefined],
    ['https://[2001:db8::1]:6443', '[2001:db8::1]:443', 'p:3128'],
    ['https://127.0.0.1:6443', '', undefined],
    ['https://localhost:6443', '', undefined],
    ['https://[::1]:6443', '', undefined],
  ])('%s with NO_PROXY=%s: %s', (server, exceptions, expected) => {
    expect(hostOf(server, { ...PROXY, NO_PROXY: exceptions })).toBe(expected);
  });

  test('capitals count first, HTTP_PROXY is for plain http, an address needs no scheme, and a proxy of the file wins', () => {
    const server = 'https://192.0.2.1';
    expect(hostOf(server, { https_proxy: 'small:1', HTTPS_PROXY: 'large:1' })).toBe('large:1');
    expect(hostOf(server, { HTTP_PROXY: 'http://p', ALL_PROXY: 'http://p' })).toBeUndefined();
    expect(access(text({ ...HTTPS, 'proxy-url': 'socks5://own:1' }), { ...PROXY, NO_PROXY: '*' }).proxy?.href).toBe(
      'socks5://own:1',
    );
    expect(access(text({ ...HTTPS, 'proxy-url': '' }), PROXY).proxy?.host).toBe('p:3128');
    expect(() => access(text(HTTPS), { https_proxy: 'gopher://me:secret@p' })).toThrow(
      /^https_proxy: its scheme is gopher/,
    );
  });
});

test('what a program prints is read strictly, and not quoted', () => {
  const printed = (answer: Readonly<Record<string, unknown>>): string =>
    JSON.stringify({ kind: 'ExecCredential', apiVersion: V1, ...answer });
  for (const [stdout, reason] of [
    ['', /printed nothing/],
    ['secret', /printed no JSON object/],
    [printed({ kind: 'Status' }), /kind "Status"; expected ExecCredential/],
    [printed({ apiVersion: `${V1}beta1` }), /apiVersion ".*v1beta1"; the kubeconfig says .*v1$/],
    [printed({}), /printed no status/],
    [printed({ status: {} }), /neither a token nor a certificate/],
    [printed({ status: { clientCertificateData: 'secret' } }), /a certificate without its key/],
    [printed({ status: { token: 'secret', expirationTimestamp: 'soon' } }), /expirationTimestamp "soon"/],
  ] as const) {
    expect(() => parseExecCredential(stdout, V1)).toThrow(reason);
    expect(() => parseExecCredential(stdout, V1)).not.toThrow(/secret/);
  }
  const status = { token: 't', expirationTimestamp: '2026-01-02T03:04:05Z' };
  expect(parseExecCredential(printed({ status }), V1)).toEqual({
    token: 't',
    certificate: undefined,
    expiresAtMs: Date.UTC(2026, 0, 2, 3, 4, 5),
  });
});

test('addresses', () => {
  for (const text of ['::', '1::', '::1', '1:2:3:4:5:6:7:8', '::ffff:1.2.3.4', 'fe80::1:2'])
    expect(parseIp(text), text).toBeDefined();
  for (const text of ['', ':', '1:2', ':::', '1::2::3', '1:2:3:4:5:6:7:8:9', '::g', '1.2.3', '1.2.3.256', 'a.b'])
    expect(parseIp(text), text).toBeUndefined();
  expect(parseIp('::ffff:127.0.0.1')).toEqual(parseIp('127.0.0.1'));
  expect(isInNetwork(parseIp('10.1.2.3'), '10.0.0.0/8')).toBe(true);
  expect(isInNetwork(parseIp('::1'), '10.0.0.0/8')).toBe(false);
  expect(isInNetwork(undefined, '10.0.0.0/33')).toBeUndefined();
  expect(
    ['LocalHost', '127.9.9.9', '::1', '::ffff:127.0.0.1', '128.0.0.1', 'localhost.example'].map(isLoopback),
  ).toEqual([true, true, true, true, false, false]);
});
