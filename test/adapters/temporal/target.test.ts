import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { expect, test, vi } from 'vitest';
import { connect, isHealthy } from '../../../src/adapters/temporal/client.ts';
import { externalTarget, temporalTarget } from '../../../src/adapters/temporal/target.ts';
import { freshStackHome } from './stack-home.ts';

const home = freshStackHome();

test('no server is named by a namespace or a key alone', () => {
  vi.stubEnv('TEMPORAL_NAMESPACE', 'team');
  vi.stubEnv('TEMPORAL_API_KEY', 'secret');
  expect(externalTarget()).toBeUndefined();
  expect(() => temporalTarget()).toThrow('"./belay up" starts one here');
});

test('an address names a server; an API key turns TLS on', () => {
  vi.stubEnv('TEMPORAL_ADDRESS', 'temporal.example.com:7233');
  expect(externalTarget()).toEqual({
    external: true,
    address: 'temporal.example.com:7233',
    namespace: 'default',
    connection: { address: 'temporal.example.com:7233' },
  });
  vi.stubEnv('TEMPORAL_NAMESPACE', 'team.a1b2c');
  vi.stubEnv('TEMPORAL_API_KEY', 'secret');
  expect(temporalTarget()).toMatchObject({ namespace: 'team.a1b2c', connection: { apiKey: 'secret', tls: true } });
});

test('a profile of a config file names a server', () => {
  const file = join(home.folder, 'temporal.toml');
  writeFileSync(
    file,
    '[profile.staging]\naddress = "staging.example.com:7233"\nnamespace = "scale"\n[profile.staging.tls]\nserver_name = "staging"\n',
  );
  vi.stubEnv('TEMPORAL_CONFIG_FILE', file);
  vi.stubEnv('TEMPORAL_PROFILE', 'staging');
  expect(externalTarget()).toMatchObject({
    address: 'staging.example.com:7233',
    namespace: 'scale',
    connection: { tls: { serverNameOverride: 'staging' } },
  });
});

test('what cannot be read is said with the variables that named it', () => {
  const file = join(home.folder, 'temporal.toml');
  writeFileSync(file, 'this is = not [ toml');
  vi.stubEnv('TEMPORAL_CONFIG_FILE', file);
  expect(() => externalTarget()).toThrow('the Temporal server named by TEMPORAL_CONFIG_FILE cannot be read');
});

test.each([
  ['TEMPORAL_CONFIG_FILE', ''],
  ['TEMPORAL_TLS_CLIENT_CERT_PATH', ''],
  ['TEMPORAL_TLS_CLIENT_KEY_PATH', ''],
  ['TEMPORAL_TLS_SERVER_CA_CERT_PATH', ''],
  ['server_ca_cert_path', '[profile.default.tls]\nserver_ca_cert_path = '],
])('%s that is a pipe without a writer is not waited for', (variable, config) => {
  const pipe = join(home.folder, 'pipe');
  execFileSync('mkfifo', [pipe]);
  const file = join(home.folder, 'temporal.toml');
  if (config !== '') writeFileSync(file, `${config}"${pipe}"\n`);
  vi.stubEnv('TEMPORAL_ADDRESS', 'temporal.example.com:7233');
  if (config === '') vi.stubEnv(variable, pipe);
  else vi.stubEnv('TEMPORAL_CONFIG_FILE', file);
  expect(() => externalTarget()).toThrow(`cannot be read: ${pipe} is a pipe; allowed: a plain file`);
});

test('certificates are read from the files that are named', () => {
  const file = join(home.folder, 'ca.pem');
  writeFileSync(file, 'a certificate');
  vi.stubEnv('TEMPORAL_ADDRESS', 'temporal.example.com:7233');
  vi.stubEnv('TEMPORAL_TLS_SERVER_CA_CERT_PATH', file);
  const { tls } = externalTarget()?.connection ?? {};
  expect(String(Buffer.from((tls as { serverRootCACertificate: Uint8Array }).serverRootCACertificate))).toBe(
    'a certificate',
  );
});

test('what TLS would need is not read where TLS is switched off', () => {
  vi.stubEnv('TEMPORAL_ADDRESS', 'temporal.example.com:7233');
  vi.stubEnv('TEMPORAL_TLS_SERVER_CA_CERT_PATH', join(home.folder, 'none.pem'));
  expect(() => externalTarget()).toThrow('ENOENT');
  vi.stubEnv('TEMPORAL_TLS', 'false');
  expect(externalTarget()?.connection).toEqual({ address: 'temporal.example.com:7233', tls: false });
});

test('a server that accepts and never answers is given up by the deadline, and is not healthy', async () => {
  const silent = createServer();
  await new Promise<void>((done) => silent.listen(0, '127.0.0.1', done));
  const { port } = silent.address() as AddressInfo;
  const address = `127.0.0.1:${port}`;
  const target = { external: true, address, namespace: 'default', connection: { address } };
  try {
    await expect(connect(target, 300)).rejects.toThrow(`the Temporal server at ${address} does not answer`);
    await expect(isHealthy(target, 300)).resolves.toBe(false);
  } finally {
    silent.close();
  }
});
