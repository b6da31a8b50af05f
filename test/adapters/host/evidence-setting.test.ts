import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { evidenceSetting } from '../../../src/adapters/host/evidence-setting.ts';

beforeEach(() => {
  vi.stubEnv('BELAY_EVIDENCE', '');
  vi.stubEnv('BELAY_EVIDENCE_ENDPOINT', '');
});
afterEach(() => vi.unstubAllEnvs());

test('there is no store unless it is set', () => {
  expect(evidenceSetting()).toBeUndefined();
});

test.for([
  ['s3://runs', 'runs', ''],
  ['s3://runs/', 'runs', ''],
  ['s3://runs.example-1/a', 'runs.example-1', 'a/'],
  ['s3://runs/a/b_c.d/', 'runs', 'a/b_c.d/'],
] as const)('%s is a bucket and a prefix', ([text, bucket, prefix]) => {
  vi.stubEnv('BELAY_EVIDENCE', text);
  expect(evidenceSetting()).toEqual({ bucket, prefix, text });
});

test.for([
  's3:/runs',
  's3://',
  's3:///a',
  'runs',
  'https://runs',
  's3://Runs',
  's3://ab/../c',
  's3://runs/./c',
  's3://runs//c',
  's3://runs/a b',
  's3://runs?x',
  's3://10.0.0.1',
  's3://a',
])('%s is refused with what is allowed', (text) => {
  vi.stubEnv('BELAY_EVIDENCE', text);
  expect(() => evidenceSetting()).toThrow(
    `BELAY_EVIDENCE: found "${text}"; allowed is s3://<bucket> or s3://<bucket>/<prefix>`,
  );
});

test('an endpoint is an address without a password, and needs a store', () => {
  vi.stubEnv('BELAY_EVIDENCE_ENDPOINT', 'http://127.0.0.1:9000/');
  expect(() => evidenceSetting()).toThrow('BELAY_EVIDENCE_ENDPOINT is set and BELAY_EVIDENCE is not');
  vi.stubEnv('BELAY_EVIDENCE', 's3://runs');
  expect(evidenceSetting()).toMatchObject({ endpoint: 'http://127.0.0.1:9000' });
  for (const bad of ['127.0.0.1:9000', 'ftp://a', 'x']) {
    vi.stubEnv('BELAY_EVIDENCE_ENDPOINT', bad);
    expect(() => evidenceSetting()).toThrow(`BELAY_EVIDENCE_ENDPOINT: found "${bad}"; allowed is http://<host>`);
  }
  for (const secret of ['http://user:hunter2@a', 'http://a/?password=hunter2', 'http://a/#hunter2']) {
    vi.stubEnv('BELAY_EVIDENCE_ENDPOINT', secret);
    expect(() => evidenceSetting()).toThrow('found "http://…"; allowed is http://<host>');
  }
});
