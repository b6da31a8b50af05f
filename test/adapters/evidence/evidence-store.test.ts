import { PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { createServer } from 'node:http';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { collectGroups, tryStore, uploadGroup, uploadRun } from '../../../src/adapters/evidence/evidence-store.ts';
import { manifestProblems, writeManifest } from '../../../src/adapters/evidence/manifest.ts';
import { s3Objects } from '../../../src/adapters/evidence/s3-objects.ts';
import { endpointBench, type EndpointBench } from '../fleet/endpoint-bench.ts';
import { closed, listen } from '../prometheus/metrics-server.ts';
import { BUCKET, s3Server, useStore, type S3Server } from './s3-server.ts';

const SIGNAL = new AbortController().signal;
const LIMITS = { signal: SIGNAL, budgetMs: 60_000 };
const CAMPAIGN = 'fleet-1';

const CONTENT: Readonly<Record<string, string>> = {
  'spec.json': '{}',
  'timeline.jsonl': '{"a":1}\n',
  'logs/etcd 0%+ü.log': 'a line\n',
  'logs/empty.log': '',
  'prometheus/series/big.json': 'x'.repeat(2_000_000),
};

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'belay-evidence-'));
  for (const name of ['BELAY_EVIDENCE', 'BELAY_EVIDENCE_ENDPOINT']) vi.stubEnv(name, '');
});
afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(folder, { recursive: true });
});

/** A run folder with files. */
function runFolder(name: string, content = CONTENT): string {
  for (const [path, text] of Object.entries(content)) {
    mkdirSync(dirname(join(folder, name, path)), { recursive: true });
    writeFileSync(join(folder, name, path), text);
  }
  // On its way when everything was listed.
  writeFileSync(join(folder, name, 'spec.json.1234.tmp'), '{');
  return join(folder, name);
}

/** What the lead has of a group. */
function collected(lead: string, group: string): Readonly<Record<string, string>> {
  const root = join(lead, 'groups', group);
  return Object.fromEntries(
    readdirSync(root, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile() && entry.name !== 'MANIFEST.json')
      .map((entry) => {
        const path = join(entry.parentPath, entry.name);
        return [path.slice(root.length + 1), readFileSync(path, 'utf8')];
      }),
  );
}

describe('through the endpoint of the lead', () => {
  let bench: EndpointBench;
  beforeEach(async () => {
    bench = await endpointBench();
  });
  afterEach(async () => {
    await bench.close();
  });
  const lead = (): { endpointUrl: string; access: EndpointBench['access'] } => ({
    endpointUrl: bench.url(),
    access: bench.access,
  });

  test('all files arrive, once, and what did not come is named', async () => {
    const member = { ...LIMITS, campaign: CAMPAIGN, folder: runFolder('member'), group: 'g1', lead: lead() };
    const progress: string[] = [];
    const moved = await uploadGroup({ ...member, onFile: (_, done, total) => progress.push(`${done}/${total}`) });
    expect(moved).toMatchObject({ files: 5, sent: 5 });
    expect(progress.at(-1)).toBe('5/5');
    expect(collected(bench.folder, 'g1')).toEqual(CONTENT);
    expect(await uploadGroup(member)).toMatchObject({ files: 5, sent: 0 });
    writeFileSync(join(member.folder, 'timeline.jsonl'), '{"a":1}\n{"b":2}\n');
    expect(await uploadGroup(member)).toMatchObject({ files: 5, sent: 1 });

    const groups = { ...LIMITS, campaign: CAMPAIGN, folder: bench.folder, groups: ['g1', 'g2'] };
    expect(await collectGroups(groups)).toEqual([
      { what: 'evidence of group g1', ok: true },
      { what: 'evidence of group g2', ok: false, error: expect.stringContaining('its host did not send it') },
    ]);
    writeFileSync(join(bench.folder, 'groups/g1/spec.json'), '{ }');
    expect((await collectGroups({ ...groups, groups: ['g1'] }))[0]).toMatchObject({
      ok: false,
      error: expect.stringContaining('was changed'),
    });
  });

  test('an upload goes on where the worker of the lead ended', async () => {
    const member = { ...LIMITS, campaign: CAMPAIGN, folder: runFolder('member'), group: 'g1', lead: lead() };
    let restarted: Promise<void> | undefined;
    const moved = await uploadGroup({
      ...member,
      onFile: () => {
        restarted ??= bench.stop().then(() => bench.start());
      },
    });
    await restarted;
    expect(moved).toMatchObject({ files: 5, sent: 5 });
    expect(collected(bench.folder, 'g1')).toEqual(CONTENT);
  });

  test('an upload that is stopped throws the reason, and leaves whole files', async () => {
    const stop = new AbortController();
    const member = { campaign: CAMPAIGN, folder: runFolder('member'), group: 'g1', lead: lead() };
    const uploading = uploadGroup({
      ...member,
      signal: stop.signal,
      budgetMs: 60_000,
      onFile: () => stop.abort(new Error('stopped')),
    });
    await expect(uploading).rejects.toThrow('stopped');
    for (const [path, text] of Object.entries(collected(bench.folder, 'g1'))) expect(text).toBe(CONTENT[path]);
  });
});

describe('through an S3 server', () => {
  let server: S3Server;
  beforeAll(async () => {
    server = await s3Server();
  }, 1_800_000);
  afterAll(() => server.close());
  const nowhere = { endpointUrl: 'https://127.0.0.1:1', access: { certificatePem: '', password: '' } };

  test('a group goes up, comes down checked, and the whole run goes up once more without its files being sent twice', async () => {
    useStore(server, 'nightly/a');
    const member = { ...LIMITS, campaign: CAMPAIGN, folder: runFolder('member'), group: 'g1', lead: nowhere };
    expect(await uploadGroup(member)).toMatchObject({ files: 5, sent: 5 });
    expect(await uploadGroup(member)).toMatchObject({ files: 5, sent: 0 });

    const lead = runFolder('lead', { 'summary.json': '{"verdict":"pass"}' });
    const transfer = { ...LIMITS, campaign: CAMPAIGN, folder: lead };
    expect(await collectGroups({ ...transfer, groups: ['g1', 'g2'] })).toEqual([
      { what: 'evidence of group g1', ok: true },
      { what: 'evidence of group g2', ok: false, error: expect.stringContaining('no list of its files') },
    ]);
    expect(collected(lead, 'g1')).toEqual(CONTENT);
    await writeManifest(lead);
    expect(await manifestProblems(lead)).toEqual([]);

    // The list of the group has no sha256 beside it, and is sent again.
    expect(await uploadRun(transfer)).toMatchObject({ files: 7, sent: 2, to: `s3://${BUCKET}/nightly/a/${CAMPAIGN}/` });
    expect(await uploadRun(transfer)).toMatchObject({ files: 7, sent: 0 });
    expect(server.keys()).toEqual(
      [
        'MANIFEST.json',
        'summary.json',
        'groups/g1/MANIFEST.json',
        ...Object.keys(CONTENT).map((path) => `groups/g1/${path}`),
      ]
        .map((path) => `nightly/a/${CAMPAIGN}/${path}`)
        .sort(),
    );
    expect(readFileSync(server.file(`nightly/a/${CAMPAIGN}/MANIFEST.json`), 'utf8')).toBe(
      readFileSync(join(lead, 'MANIFEST.json'), 'utf8'),
    );
  });

  test('a server that ends meanwhile is waited for', async () => {
    useStore(server, 'restarted');
    const member = { ...LIMITS, campaign: CAMPAIGN, folder: runFolder('member'), group: 'g1', lead: nowhere };
    await server.kill();
    const uploading = uploadGroup(member);
    await new Promise((done) => setTimeout(done, 1_000));
    await server.start();
    expect(await uploading).toMatchObject({ files: 5, sent: 5 });
  });

  test('objects that were changed, and lists that lead elsewhere, are not taken', async () => {
    useStore(server);
    const member = { ...LIMITS, campaign: 'changed-1', folder: runFolder('member'), group: 'g1', lead: nowhere };
    await uploadGroup(member);
    const client = new S3Client({
      endpoint: server.endpoint,
      credentials: server.credentials,
      region: 'us-east-1',
      forcePathStyle: true,
    });
    const put = (Key: string, Body: string): Promise<unknown> =>
      client.send(new PutObjectCommand({ Bucket: BUCKET, Key, Body }));
    await put('changed-1/groups/g1/spec.json', '[]');
    const lead = join(folder, 'lead');
    const collect = { signal: SIGNAL, budgetMs: 2_000, campaign: 'changed-1', folder: lead, groups: ['g1'] };
    expect(await collectGroups(collect)).toEqual([
      { what: 'evidence of group g1', ok: false, error: expect.stringContaining('2 bytes with sha256') },
    ]);
    expect(Object.keys(collected(lead, 'g1'))).not.toContain('spec.json');

    const sha256 = '0'.repeat(64);
    for (const path of ['../../escaped', '/etc/escaped', 'a/../../../b', 'a\u0000b']) {
      await put('changed-1/groups/g1/MANIFEST.json', JSON.stringify({ files: [{ path, bytes: 0, sha256 }] }));
      expect((await collectGroups(collect))[0]).toMatchObject({
        ok: false,
        error: expect.stringContaining('not allowed'),
      });
    }
    for (const text of ['{', '[]', '{"files":[{}]}']) {
      await put('changed-1/groups/g1/MANIFEST.json', text);
      expect((await collectGroups(collect))[0]).toMatchObject({ ok: false });
    }
    client.destroy();
    expect(readdirSync(folder).sort()).toEqual(['lead', 'member']);
  });

  test('what cannot work is refused at once, with the settings that decide it', async () => {
    useStore(server);
    await expect(tryStore('belay-doctor', LIMITS)).resolves.toBeUndefined();
    expect(server.keys().filter((key) => key.includes('doctor'))).toEqual([]);

    vi.stubEnv('BELAY_EVIDENCE', 's3://nobucket');
    const missing = tryStore('belay-doctor', LIMITS);
    await expect(missing).rejects.toThrow('BELAY_EVIDENCE is "s3://nobucket"');
    await expect(missing).rejects.toThrow('the bucket must exist');
    useStore(server);
    vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'not the secret');
    const refused = tryStore('belay-doctor', LIMITS);
    await expect(refused).rejects.toThrow('(403)');
    await expect(refused).rejects.toThrow('must be allowed to get, put and delete');
    await expect(refused).rejects.not.toThrow('not the secret');
    for (const [name, secret] of [
      ['AWS_ACCESS_KEY_ID', 'hunter2\r\nx-amz-acl: public-read'],
      ['AWS_ACCESS_KEY_ID', 'hünter2€'],
      ['AWS_SESSION_TOKEN', 'hunter2\n'],
    ] as const) {
      useStore(server);
      vi.stubEnv(name, secret);
      // The budget is that of a campaign's end: only what is refused at once is in time.
      const unsendable = tryStore('belay-doctor', { ...LIMITS, budgetMs: 600_000 });
      await expect(unsendable).rejects.toThrow(/AWS_ACCESS_KEY_ID and AWS_SESSION_TOKEN, or .* on one line$/);
      await expect(unsendable).rejects.not.toThrow(/h.nter2/);
      vi.stubEnv(name, undefined);
    }
    for (const name of ['AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY', 'AWS_PROFILE']) vi.stubEnv(name, undefined);
    vi.stubEnv('AWS_SHARED_CREDENTIALS_FILE', join(folder, 'none'));
    vi.stubEnv('AWS_CONFIG_FILE', join(folder, 'none'));
    await expect(tryStore('belay-doctor', LIMITS)).rejects.toThrow('set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY');
    useStore(server);
    vi.stubEnv('BELAY_EVIDENCE_ENDPOINT', 'http://127.0.0.1:1');
    const alone = tryStore('belay-doctor', { ...LIMITS, budgetMs: 500 });
    await expect(alone).rejects.toThrow(
      /did not succeed within 500 ms.*ECONNREFUSED.*BELAY_EVIDENCE_ENDPOINT is "http:/,
    );
  });

  test('a file that the disk no longer has is named', async () => {
    useStore(server);
    const lead = runFolder('lead');
    await writeManifest(lead);
    rmSync(join(lead, 'spec.json'));
    await expect(uploadRun({ ...LIMITS, campaign: 'gone-1', folder: lead })).rejects.toThrow('ENOENT');
    await expect(uploadRun({ ...LIMITS, campaign: 'gone-1', folder: join(folder, 'none') })).rejects.toThrow(
      'no MANIFEST.json',
    );
  });
});

test('a store that never answers is given up at the budget, and at the signal', async () => {
  const server = createServer(() => {});
  const port = await listen(server);
  try {
    vi.stubEnv('BELAY_EVIDENCE', 's3://silent');
    vi.stubEnv('BELAY_EVIDENCE_ENDPOINT', `http://127.0.0.1:${port}`);
    vi.stubEnv('AWS_ACCESS_KEY_ID', 'a');
    vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'b');
    vi.stubEnv('AWS_EC2_METADATA_DISABLED', 'true');
    await expect(tryStore('a', { signal: SIGNAL, budgetMs: 700 })).rejects.toThrow('did not succeed within 700 ms');
    const stop = new AbortController();
    const tried = tryStore('a', { signal: stop.signal, budgetMs: 60_000 });
    setTimeout(() => stop.abort(new Error('stopped')), 100);
    await expect(tried).rejects.toThrow('stopped');
  } finally {
    await closed(server);
  }
});

test('a store that lists campaigns without end is given up', async () => {
  const server = createServer((_, response) =>
    response.end(
      '<ListBucketResult><IsTruncated>true</IsTruncated><NextContinuationToken>a</NextContinuationToken></ListBucketResult>',
    ),
  );
  const endpoint = `http://127.0.0.1:${await listen(server)}`;
  vi.stubEnv('AWS_ACCESS_KEY_ID', 'a');
  vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'b');
  const store = await s3Objects({ bucket: 'endless', prefix: '', endpoint, text: 's3://endless' });
  try {
    await expect(store.folders(LIMITS)).rejects.toThrow('s3://endless: the store lists one page again and again');
  } finally {
    store.close();
    await closed(server);
  }
});

test('without a setting nothing is uploaded', async () => {
  expect(await uploadRun({ ...LIMITS, campaign: 'a', folder })).toBeUndefined();
});
