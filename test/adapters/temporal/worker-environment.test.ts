import { join } from 'node:path';
import { expect, test } from 'vitest';
import { workerEnvironment } from '../../../src/adapters/temporal/worker-environment.ts';

test('settings are passed on, secrets of others are not, and paths hold in any folder', () => {
  const here = process.cwd();
  expect(
    workerEnvironment({
      BELAY_HOME: 'state',
      BELAY_PATH: 'a::/b',
      BELAY_TOOL_ETCD: '/opt/etcd',
      BELAY_CACHE: '',
      KUBECONFIG: 'one:/two',
      TEMPORAL_ADDRESS: 'temporal.example.com:7233',
      TEMPORAL_TLS_CLIENT_CERT_PATH: 'client.pem',
      TEMPORAL_TLS_CLIENT_CERT_DATA: 'not a path',
      HTTPS_PROXY: 'http://proxy:3128',
      AWS_SECRET_ACCESS_KEY: 'secret',
      GITHUB_TOKEN: 'secret',
      HOME: '/home/u',
    }),
  ).toEqual({
    BELAY_HOME: join(here, 'state'),
    BELAY_PATH: `${join(here, 'a')}:/b`,
    BELAY_TOOL_ETCD: '/opt/etcd',
    KUBECONFIG: `${join(here, 'one')}:/two`,
    TEMPORAL_ADDRESS: 'temporal.example.com:7233',
    TEMPORAL_TLS_CLIENT_CERT_PATH: join(here, 'client.pem'),
    TEMPORAL_TLS_CLIENT_CERT_DATA: 'not a path',
    HTTPS_PROXY: 'http://proxy:3128',
  });
});

test('what opens the store of evidence is passed on where a store is set', () => {
  const store = { AWS_ACCESS_KEY_ID: 'key', AWS_SHARED_CREDENTIALS_FILE: 'aws/credentials' };
  expect(workerEnvironment(store)).toEqual({});
  expect(workerEnvironment({ ...store, BELAY_EVIDENCE: 's3://b', BELAY_FLEET_SECRET_FILE: 'secret' })).toEqual({
    AWS_ACCESS_KEY_ID: 'key',
    AWS_SHARED_CREDENTIALS_FILE: join(process.cwd(), 'aws/credentials'),
    BELAY_EVIDENCE: 's3://b',
    BELAY_FLEET_SECRET_FILE: join(process.cwd(), 'secret'),
  });
});
