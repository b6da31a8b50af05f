import { expect, test } from 'vitest';
import { expectedTargets } from '../../../src/core/plan/expected-targets.ts';
import { aSubstrate } from './make.ts';

const local = { slug: 'b1', substrate: aSubstrate(), plan: { clusterCount: 2 } };
const clusters = ['b1-c0', 'b1-c1'];
const worker = { 'belay-worker': { count: 1 } };
const ofClusters = Object.fromEntries(
  ['apiserver', 'scheduler', 'controller-manager', 'etcd', 'kwok'].map((job) => [job, { count: 2, clusters }]),
);

test('local clusters have all of their parts scraped, and there is one worker', () => {
  expect(expectedTargets({ ...local, systemJobs: [] })).toEqual({ ...ofClusters, ...worker });
});

test('a borrowed cluster has its apiserver scraped', () => {
  const substrate = aSubstrate({ type: 'kubeconfig', kubeconfig: { file: '', contexts: ['a', 'b'] } });
  expect(expectedTargets({ ...local, substrate, systemJobs: [] })).toEqual({
    apiserver: { count: 2, clusters },
    ...worker,
  });
});

test('each scrape entry of the system has a target in each cluster', () => {
  expect(expectedTargets({ ...local, systemJobs: ['shard', 'operator', 'shard'] })).toEqual({
    ...ofClusters,
    shard: { count: 4, clusters },
    operator: { count: 2, clusters },
    ...worker,
  });
});

test('a job of the system replaces a part of the cluster', () => {
  expect(expectedTargets({ ...local, systemJobs: ['kwok', 'kwok'] })).toMatchObject({ kwok: { count: 4, clusters } });
});

test('a specification of an earlier version expects what does not depend on the system', () => {
  expect(expectedTargets(local)).toEqual({ ...ofClusters, ...worker });
});
