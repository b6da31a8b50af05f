import { EnvHttpProxyAgent } from 'undici';
import { expect, test } from 'vitest';
import { downloadProxies, isLoopback, parseProxy, proxyOf } from '../../../src/core/model/proxy.ts';

const PROXY = 'http://proxy.example:3128';

test.each<[host: string, port: number, environment: Record<string, string>, used: boolean]>([
  ['temporal.example', 7233, {}, false],
  ['temporal.example', 7233, { https_proxy: PROXY }, true],
  ['temporal.example', 7233, { HTTPS_PROXY: PROXY }, true],
  ['temporal.example', 7233, { HTTP_PROXY: PROXY }, true],
  ['temporal.example', 7233, { ALL_PROXY: PROXY }, true],
  ['temporal.example', 7233, { grpc_proxy: PROXY }, true],
  ['temporal.example', 7233, { https_proxy: '', HTTPS_PROXY: ' ' }, false],
  ['temporal.example', 7233, { https_proxy: 'proxy.example:3128' }, true],
  ['temporal.example', 7233, { ALL_PROXY: 'socks5h://proxy.example:1080' }, false],
  ['temporal.example', 7233, { https_proxy: 'socks5://proxy.example:1080', http_proxy: PROXY }, true],
  ['temporal.example', 7233, { https_proxy: PROXY, no_proxy: 'other,.example' }, false],
  ['temporal.example', 7233, { https_proxy: PROXY, NO_PROXY: '*' }, false],
  ['temporal.example', 7233, { https_proxy: PROXY, NO_PROXY: '*.EXAMPLE' }, false],
  ['temporal.example.', 7233, { https_proxy: PROXY, no_proxy: 'temporal.example' }, false],
  ['temporal.example', 7233, { https_proxy: PROXY, no_proxy: 'temporal.example:7233' }, false],
  ['temporal.example', 7233, { https_proxy: PROXY, no_proxy: 'temporal.example:443' }, true],
  ['nottemporal.example', 7233, { https_proxy: PROXY, no_proxy: 'temporal.example' }, true],
  ['10.1.2.3', 7233, { https_proxy: PROXY, no_proxy: '192.168.0.0/16 10.0.0.0/8' }, false],
  ['11.1.2.3', 7233, { https_proxy: PROXY, no_proxy: '10.0.0.0/8' }, true],
  ['[fd00::1]', 7233, { https_proxy: PROXY, no_proxy: 'fd00::1' }, false],
  ['127.0.0.1', 7233, { https_proxy: PROXY, HTTPS_PROXY: PROXY, all_proxy: PROXY, grpc_proxy: PROXY }, false],
  ['localhost', 7233, { grpc_proxy: PROXY, no_proxy: 'nothing' }, false],
  ['[::1]', 7233, { https_proxy: PROXY }, false],
])('a connection to %s:%i with %j goes through the proxy: %s', (host, port, environment, used) => {
  const proxy = proxyOf('grpc', { host, port }, environment);
  expect(proxy).toEqual(used ? { address: 'proxy.example:3128' } : undefined);
});

test('an HTTP connection takes the proxy of its own scheme', () => {
  const environment = { http_proxy: 'a:1', https_proxy: 'b:2', all_proxy: 'c:3' };
  const target = { host: 'example.org', port: 80 };
  expect(proxyOf('http', target, environment)?.address).toBe('a:1');
  expect(proxyOf('https', target, environment)?.address).toBe('b:2');
  expect(proxyOf('https', target, { HTTP_PROXY: 'a:1' })).toBeUndefined();
});

test.each([
  'localhost',
  'a.localhost',
  '127.0.0.1',
  '127.255.3.4',
  '::1',
  '[::1]',
  '0:0:0:0:0:0:0:1',
  '::ffff:127.0.0.1',
])('%s is this machine', (host) => expect(isLoopback(host)).toBe(true));

test.each([
  '127.0.0.1.example.org',
  '128.0.0.1',
  '::2',
  '1',
  'localhost.example.org',
  '10.0.0.1',
  '::ffff:10.0.0.1',
  '::11',
])('%s is another machine', (host) => expect(isLoopback(host)).toBe(false));

test('a proxy with a password, and what is no proxy', () => {
  expect(parseProxy('http://us%40er:p%3Aw@proxy')).toEqual({ address: 'proxy:80', user: 'us@er', password: 'p:w' });
  expect(parseProxy('[::1]:3128')).toEqual({ address: '[::1]:3128' });
  for (const text of ['https://proxy:1', 'socks5://proxy:1', '::::', 'http://', ''])
    expect(parseProxy(text), text).toBeUndefined();
});

test.each<[Record<string, string>, readonly [http: string, https: string, excepted: string]]>([
  [{}, ['', '', 'localhost,127.0.0.1,[::1]']],
  [{ HTTPS_PROXY: 'proxy:3128' }, ['', 'http://proxy:3128/', 'localhost,127.0.0.1,[::1]']],
  [{ all_proxy: 'socks5h://proxy:1' }, ['socks5://proxy:1', 'socks5://proxy:1', 'localhost,127.0.0.1,[::1]']],
  [
    { https_proxy: '::::', HTTP_PROXY: 'https://p', NO_PROXY: 'a,b' },
    ['https://p/', '', 'a,b,localhost,127.0.0.1,[::1]'],
  ],
  [{ https_proxy: 'http://p', no_proxy: '*' }, ['', 'http://p/', '*']],
])('downloads of an environment %j', (environment, [httpProxy, httpsProxy, noProxy]) => {
  const proxies = downloadProxies(environment);
  expect(proxies).toEqual({ httpProxy, httpsProxy, noProxy });
  expect(() => new EnvHttpProxyAgent(proxies)).not.toThrow();
});
