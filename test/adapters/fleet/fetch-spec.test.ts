import { cpSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { makeCertificate } from '../../../src/adapters/fleet/certificate.ts';
import { startEndpoint, type Endpoint } from '../../../src/adapters/fleet/endpoint.ts';
import { endpointClient } from '../../../src/adapters/fleet/endpoint-client.ts';
import { fetchSpec } from '../../../src/adapters/fleet/fetch-spec.ts';
import { campaignPassword } from '../../../src/adapters/fleet/fleet-secret.ts';
import { repositoryFolder } from '../../../src/adapters/host/folders.ts';
import type { CampaignSpec } from '../../../src/core/plan/spec.ts';
import { aSpec } from '../../workflows/make-spec.ts';
import { HASH, SECRET } from './endpoint-bench.ts';

/** What a lead answers, which any client with the namespace may have named: it is no file of this host. */

const SUBSTRATE = join('substrates', 'local.yaml');
const spec = { ...aSpec(), specHash: HASH };

let folder = '';
let certificatePem = '';
let endpoint: Endpoint;
let answered: unknown;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'belay-fetch-spec-'));
  vi.stubEnv('BELAY_HOME', join(folder, 'home'));
  vi.stubEnv('BELAY_PATH', folder);
  vi.stubEnv('BELAY_FLEET_SECRET', SECRET);
  mkdirSync(join(folder, 'substrates'));
  cpSync(join(repositoryFolder, SUBSTRATE), join(folder, SUBSTRATE));
  const made = await makeCertificate({ address: '127.0.0.1', validMs: 3_600_000 });
  ({ certificatePem } = made);
  endpoint = await startEndpoint({
    access: { certificatePem, password: campaignPassword(SECRET, spec.campaign, certificatePem) },
    keyPem: made.keyPem,
    address: '127.0.0.1',
    port: 0,
    folder,
    spec: () => answered,
    onError: (cause) => expect.fail(String(cause)),
  });
});
afterAll(async () => {
  await endpoint.close();
  vi.unstubAllEnvs();
  rmSync(folder, { recursive: true, force: true });
});

/** The specification that a lead with these settings of the substrate answers with. */
function fetched(substrate: object): Promise<CampaignSpec> {
  answered = { ...spec, substrate: { ...spec.substrate, ...substrate } };
  const { campaign, slug, specHash } = spec;
  const endpointUrl = `https://127.0.0.1:${endpoint.port}`;
  const lead = {
    host: 'a',
    endpointUrl,
    prometheusUrl: endpointUrl,
    certificatePem,
    passwordOf: 'certificate',
  } as const;
  return fetchSpec({ campaign, slug, specHash, lead, signal: new AbortController().signal });
}

const metadata = { name: 'local', description: '' };

test.each<readonly [string, object]>([
  ['no variables', {}],
  ['none by name', { local: { env: {}, nodeReadyDelaySeconds: 0 } }],
  ['those of its own file', { metadata, local: { env: { GOGC: '400' }, nodeReadyDelaySeconds: 0 } }],
])('a member takes a specification with %s', async (_, substrate) => {
  expect(await fetched(substrate)).toMatchObject({ specHash: HASH });
});

test.each<readonly [string, object]>([
  ['another variable', { metadata, local: { env: { GOGC: '400', LD_PRELOAD: './x.so' } } }],
  ['another value', { metadata, local: { env: { GOGC: 'off' } } }],
  ['variables as a list', { metadata, local: { env: ['LD_PRELOAD=./x.so'] } }],
  ['variables as a text', { metadata, local: { env: 'LD_PRELOAD=./x.so' } }],
  ['a substrate that it does not have', { metadata: { ...metadata, name: 'other' }, local: { env: { A: 'b' } } }],
  ['a path in place of a name', { metadata: { ...metadata, name: '../substrates/local' }, local: { env: { A: 'b' } } }],
])('a member refuses a specification with %s', async (_, substrate) => {
  await expect(fetched(substrate)).rejects.toThrow(/^local\.env of substrate ".*" is not that of this host's file/);
});

test('a member refuses clusters that are not local', async () => {
  await expect(fetched({ type: 'kubeconfig' })).rejects.toThrow('a substrate of type kubeconfig; allowed: local');
});

test.for<[string, (evil: string) => string, { readonly passwordOf?: 'certificate' }]>([
  ['a certificate of its own', (evil) => evil, { passwordOf: 'certificate' }],
  ["a certificate of its own before the lead's", (evil) => evil + certificatePem, { passwordOf: 'certificate' }],
  ['a certificate of its own, as an earlier version named a lead,', (evil) => evil, {}],
])('a lead that a stranger names with %s gets no password that opens the true one', async ([, pem, of]) => {
  const made = await makeCertificate({ address: '127.0.0.1', validMs: 3_600_000 });
  const offered = new Set<string>();
  const evil = createServer({ cert: made.certificatePem, key: made.keyPem }, ({ headers }, response) => {
    offered.add(headers.authorization ?? '');
    response.writeHead(400).end('{}');
  });
  await new Promise<void>((done) => evil.listen(0, '127.0.0.1', done));
  try {
    const endpointUrl = `https://127.0.0.1:${(evil.address() as AddressInfo).port}`;
    const lead = {
      host: 'a',
      endpointUrl,
      prometheusUrl: endpointUrl,
      certificatePem: pem(made.certificatePem),
      ...of,
    };
    const { campaign, slug, specHash } = spec;
    const { signal } = new AbortController();
    await expect(fetchSpec({ campaign, slug, specHash, lead, signal })).rejects.toThrow('refused with 400');
    expect(offered.size).toBe(1);
    const [password = ''] = [...offered].map((header) =>
      Buffer.from(header.slice('Basic '.length), 'base64').toString(),
    );
    const client = endpointClient(`https://127.0.0.1:${endpoint.port}`, {
      certificatePem,
      password: password.slice('belay:'.length),
    });
    await expect(client.fetchSpec(specHash, { signal, budgetMs: 10_000 })).rejects.toThrow('401: wrong password');
    await client.close();
  } finally {
    evil.close();
    evil.closeAllConnections();
  }
});

test('a lead that an earlier version opened is answered with the password of the name alone', async () => {
  const made = await makeCertificate({ address: '127.0.0.1', validMs: 3_600_000 });
  const old = await startEndpoint({
    access: { ...made, password: campaignPassword(SECRET, spec.campaign) },
    keyPem: made.keyPem,
    address: '127.0.0.1',
    port: 0,
    folder: join(folder, 'old'),
    spec: () => spec,
    onError: (cause) => expect.fail(String(cause)),
  });
  const endpointUrl = `https://127.0.0.1:${old.port}`;
  const lead = { host: 'a', endpointUrl, prometheusUrl: endpointUrl, certificatePem: made.certificatePem };
  const { campaign, slug, specHash } = spec;
  const asked = { campaign, slug, specHash, signal: new AbortController().signal };
  expect(await fetchSpec({ ...asked, lead })).toMatchObject({ specHash });
  await expect(fetchSpec({ ...asked, lead: { ...lead, passwordOf: 'certificate' } })).rejects.toThrow('401');
  await old.close();
});
