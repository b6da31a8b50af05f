import { expect, test } from 'vitest';
import { countedClasses } from '../../../src/core/identity/counted-classes.ts';
import { identityLine, identityRows } from '../../../src/core/identity/describe-identity.ts';
import { identityOf } from '../../../src/core/identity/identity-of.ts';
import {
  identityFindingSchema,
  identitySchema,
  type IdentityFinding,
  type StageFinding,
} from '../../../src/core/identity/identity-schema.ts';
import { anIdentity, hashOf } from './make-identity.ts';

const WHOLE = anIdentity();

/** What the stages of a campaign with this identity found out. */
function findings(): readonly IdentityFinding[] {
  const { code, hosts, temporal, tools, clusters, system, images } = WHOLE;
  return [
    ...code.map((one, index): IdentityFinding => {
      const host = hosts[index];
      return { kind: 'worker', code: one, ...(host === undefined ? {} : { host }), unknown: [] };
    }),
    stage('provision', { tools: tools.slice(0, 1), clusters, ...(temporal === null ? {} : { temporal }) }),
    stage('install', { tools: tools.slice(1), ...(system === null ? {} : { system }) }),
    stage('snapshot', { images }),
  ];
}

function stage(name: string, found: Partial<StageFinding>): StageFinding {
  return { kind: 'stage', stage: name, unknown: [], ...found };
}

test('the findings of all stages together are the identity', () => {
  expect(identityOf(findings())).toEqual(WHOLE);
  expect(identitySchema.parse(identityOf(findings()))).toEqual(WHOLE);
  for (const finding of findings()) expect(identityFindingSchema.parse(finding)).toEqual(finding);
});

test('a stage that ran again replaces what it found before; every worker counts', () => {
  const [worker] = WHOLE.code;
  if (worker === undefined) throw new Error('no code');
  const changed = { ...worker, contentSha256: hashOf('d') };
  const tool = { name: 'karpenter', version: '1', sha256: hashOf('p') };
  const identity = identityOf([
    ...findings(),
    { kind: 'worker', code: changed, unknown: [] },
    stage('install', { tools: [tool] }),
  ]);
  expect(identity.code).toEqual([worker, changed]);
  expect(identity.tools.map(({ name }) => name)).toEqual(['etcd', 'karpenter']);
  // The later install found no system, so the campaign has an unknown part.
  expect(identity.system).toBeNull();
  expect(identity.unknown).toEqual([{ part: 'system', why: 'no stage recorded it' }]);
});

test('what no stage recorded, and what a stage could not find out, is unknown', () => {
  expect(identityOf([]).unknown.map(({ part }) => part)).toEqual([
    'clusters',
    'code',
    'host',
    'images',
    'system',
    'temporal',
    'tools',
  ]);
  const why = { part: 'images', why: 'no answer' };
  expect(identityOf([...findings().slice(0, -1), stage('snapshot', { unknown: [why] })]).unknown).toEqual([why]);
  const partly = stage('snapshot', { images: WHOLE.images, unknown: [why] });
  expect(identityOf([...findings().slice(0, -1), partly])).toEqual({ ...WHOLE, unknown: [why] });
});

test('clusters of one kind are counted', () => {
  const [cluster] = WHOLE.clusters;
  if (cluster === undefined) throw new Error('no cluster');
  const one = { ...cluster, count: 1 };
  const older = { ...one, version: 'v1.36.0' };
  expect(countedClasses([one, older, one])).toEqual([{ ...one, count: 2 }, older]);
});

test('a table and a line show it, the unknown parts too', () => {
  const partial = { ...WHOLE, unknown: [{ part: 'images', why: 'no answer' }] };
  expect(identityRows(partial)).toEqual([
    ['code', '0.1.0 (sha256 636363636363), commit abababababab'],
    ['host (container)', 'Some CPU, 4 of 8 cores, 16 of 32 GiB, debian 13, kernel 6.12.74, linux x64, Node.js v24.1.0'],
    ['Temporal server', '1.30.0 (sha256 747474747474)'],
    ['etcd', '3.7.0 (sha256 656565656565)'],
    ['kwok', '0.8.0 (sha256 6b6b6b6b6b6b)'],
    [
      '2 clusters',
      'Kubernetes v1.37.2, linux/amd64; Nodes: kubelet v1.37.2, Debian 13, kernel 6.1, containerd://2.1, amd64; ' +
        'Nodes: kubelet v1.37.1, Debian 13, kernel 6.1, containerd://2.1, amd64',
    ],
    ['system file', 'sut (sha256 737373737373)'],
    ['manifests', '(sha256 6d6d6d6d6d6d)'],
    ['chart', 'sut 1.2.3 (sha256 686868686868), values (sha256 767676767676)'],
    ['file main.ts', '(sha256 666666666666)'],
    ['image of the load', 'registry.k8s.io/pause:3.10 (no container was run)'],
    ['image of the system', `sut:1, sut@sha256:${hashOf('i')}`],
    ['unknown: images', 'no answer'],
  ]);
  expect(identityLine(WHOLE, hashOf('z'))).toBe(
    'fingerprint 7a7a7a7a7a7a: code 0.1.0 (sha256 636363636363), commit abababababab, 2 tools, 2 images',
  );
  expect(identityLine(partial, hashOf('z'))).toMatch(/, unknown: images \(equal to no other run\)$/);
});
