import { expect, test } from 'vitest';
import type { PointSeries } from '../../../src/core/gates/answers.ts';
import { typesThatMatter } from '../../../src/core/gates/counted-metrics.ts';
import { resolveGates } from '../../../src/core/gates/resolve.ts';
import type { ExistingPrometheus } from '../../../src/core/model/existing-prometheus.ts';
import type { Substrate } from '../../../src/core/model/substrate.ts';
import { expectedTargets } from '../../../src/core/plan/expected-targets.ts';
import {
  existingPrometheusOf,
  federationRefusals,
  federationSelector,
  federationsOf,
  namesOfJob,
} from '../../../src/core/plan/federation.ts';
import { federationProblem } from '../../../src/core/plan/federation-problem.ts';
import { unmeasurableGates } from '../../../src/core/plan/measurable.ts';
import { federationIntervalMs } from '../../../src/core/plan/scrape-interval.ts';
import { parseSubstrate } from '../../../src/core/profile/parse.ts';
import { aProfile, aSubstrate } from './make.ts';

const SCHEDULER = { labels: { job: 'kube-scheduler' }, targets: 3, scrapeIntervalMs: 30_000 };
const PROMETHEUS: ExistingPrometheus = {
  url: 'https://prometheus.example',
  jobs: { scheduler: SCHEDULER },
  clusters: [{ cluster: 'a"b' }, { cluster: 'c' }],
};

function borrowed(prometheus: ExistingPrometheus = PROMETHEUS): Substrate {
  return aSubstrate({ type: 'kubeconfig', kubeconfig: { file: '', contexts: ['a', 'c'], prometheus } });
}

test('each cluster has its own labels beside those of the job', () => {
  const [first] = federationsOf(borrowed(), 0);
  const [second] = federationsOf(borrowed(), 1);
  expect([first, second].map((each) => each?.job)).toEqual(['scheduler', 'scheduler']);
  expect(federationSelector({ labels: first?.labels ?? {} }, 'up|a\\.b')).toBe(
    '{__name__=~"up|a\\\\.b",job="kube-scheduler",cluster="a\\"b"}',
  );
  expect(federationSelector({ labels: second?.labels ?? {} }, undefined)).toBe('{job="kube-scheduler",cluster="c"}');
});

test('only borrowed clusters have an existing Prometheus, whatever a specification says', () => {
  const record = { ...borrowed(), type: 'local' } as const;
  expect(existingPrometheusOf(record)).toBeUndefined();
  expect(federationsOf(record, 0)).toEqual([]);
});

test('its targets are expected in each cluster', () => {
  const parts = { slug: 'b1', substrate: borrowed(), plan: { clusterCount: 2 } };
  expect(expectedTargets(parts)).toMatchObject({
    apiserver: { count: 2 },
    scheduler: { count: 6, clusters: ['b1-c0', 'b1-c1'] },
  });
});

const ofSystem = { query: 'max(a{job="scheduler"})', max: 1 };
const GATES = resolveGates(
  {
    one: { ...ofSystem, job: 'scheduler' },
    two: { delta: { counter: 'b_total' }, job: 'scheduler', max: 1 },
    other: { delta: { counter: 'c_total{job="etcd"}' }, job: 'etcd', max: 1 },
    mixed: { query: 'max(d{job="etcd"}) + max(belay_x)', max: 1 },
    any: { query: 'max(e)', max: 1 },
  },
  {},
  { machines: 1, pods: 1, clusters: 1 },
);

test('what is asked for are the series of the gates that may read the job', () => {
  const names = namesOfJob(GATES, 'scheduler')?.split('|') ?? [];
  expect(names).toEqual(expect.arrayContaining(['up', 'process_start_time_seconds', 'a', 'b_total', 'e']));
  expect(names).not.toEqual(expect.arrayContaining(['c_total']));
});

/** Metrics of a job by gate, and what they must not be. */
function typed(job: string): readonly (readonly string[])[] {
  return typesThatMatter(GATES, job).map(({ gate, metric, mustNotBe }) => [gate, metric, mustNotBe]);
}

test('their types decide how gates are read, and are known only before', () => {
  expect(typed('scheduler')).toEqual([
    ['one', 'a', 'counter'],
    ['two', 'b_total', 'gauge'],
    ['any', 'e', 'counter'],
  ]);
  expect(typed('etcd')).toEqual([
    ['other', 'c_total', 'gauge'],
    ['mixed', 'd', 'counter'],
    ['any', 'e', 'counter'],
  ]);
});

test('a soak that holds too few of its samples is refused', () => {
  const profile = aProfile({ loadProfile: { ...aProfile().loadProfile, soakSeconds: 60, settleSeconds: 0 } });
  const gates = GATES.filter(({ name }) => name === 'one');
  expect(unmeasurableGates(gates, profile, { clusterCount: 1 })).toEqual([]);
  const [refused] = unmeasurableGates(gates, profile, { clusterCount: 1 }, [{ job: 'scheduler', intervalMs: 30_000 }]);
  expect(refused?.message).toContain('at one sample every 30s');
});

test('a job that the system has scraped is refused', () => {
  expect(federationRefusals(borrowed(), [{ job: 'other' }])).toEqual([]);
  expect(federationRefusals(borrowed(), [{ job: 'scheduler' }])).toEqual([
    {
      field: 'kubeconfig.prometheus.jobs.scheduler',
      message:
        'the system has job scheduler scraped by the campaign; substrate laptop may list jobs that it does not scrape',
    },
  ]);
});

test.for([
  [1_000, 1_000],
  [5_000, 2_500],
  [15_000, 5_000],
  [60_000, 5_000],
])('a job with a sample every %i ms is asked for every %i ms', ([sampleMs = 0, askedMs]) => {
  expect(federationIntervalMs(sampleMs)).toBe(askedMs);
});

const NOW_MS = 1_000_000;

/** Samples of one target, the last one `agoMs` before now. */
function up(
  labels: Readonly<Record<string, string>>,
  options: { everyMs?: number; agoMs?: number; value?: number; count?: number } = {},
): PointSeries {
  const { everyMs = 30_000, agoMs = 10_000, value = 1, count = 4 } = options;
  const points = Array.from({ length: count }, (_, index) => {
    const atMs = NOW_MS - agoMs - (count - 1 - index) * everyMs;
    return [atMs, index === count - 1 ? value : 1] as const;
  });
  return { labels: { __name__: 'up', ...labels }, points };
}

const THREE = ['a:1', 'b:1', 'c:1'].map((instance) => ({ instance }));
const FEDERATION = { job: 'scheduler', ...SCHEDULER };

test.for<[string, readonly PointSeries[], string | undefined]>([
  ['as many as the substrate says', THREE.map((labels) => up(labels)), undefined],
  [
    'a target that ended long ago beside them',
    [...THREE.map((labels) => up(labels)), up({ instance: 'old:1' }, { agoMs: 200_000 })],
    undefined,
  ],
  [
    'a scrape that was missed',
    THREE.map((labels, index) => up(labels, { agoMs: index === 0 ? 40_000 : 1_000 })),
    undefined,
  ],
  ['none', [], 'labels: found no series up{job="kube-scheduler"}; its jobs: a, b'],
  [
    'none any more',
    [up({ instance: 'a:1' }, { agoMs: 180_000 })],
    'labels: found series up{job="kube-scheduler"} only until 3m ago; allowed: a job that is scraped',
  ],
  ['too few', [up({ instance: 'a:1' })], 'targets: found 1 target: a:1; allowed: 1, or labels that select 3'],
  [
    'too many',
    Array.from({ length: 6 }, (_, index) => up({ instance: `${index}:1` })),
    'targets: found 6 targets: 0:1, 1:1, 2:1, 3:1 and 2 more; allowed: 6, or labels that select 3',
  ],
  [
    'those of several clusters',
    ['x', 'y', 'z'].map((k8s_cluster) => up({ instance: 'a:1', k8s_cluster })),
    'labels: found targets of several clusters: label k8s_cluster is "x", "y", "z"; allowed: labels that select those of one, in labels or in clusters',
  ],
  [
    'one without the label that the others have',
    [up({ instance: 'a:1' }), up({ instance: 'b:1', cluster: 'x' }), up({ instance: 'c:1', cluster: 'x' })],
    'labels: found targets of several clusters: label cluster is "", "x"; allowed: labels that select those of one, in labels or in clusters',
  ],
  [
    'one that is down',
    THREE.map((labels, index) => up(labels, { value: index === 1 ? 0 : 1 })),
    ': found target b:1 down; allowed: targets that are up',
  ],
  [
    'a single sample',
    THREE.map((labels) => up(labels, { count: 1 })),
    'scrapeInterval: how often a:1 is scraped is not known yet: found 1 sample; allowed: two or more',
  ],
  [
    'samples less often',
    THREE.map((labels) => up(labels, { everyMs: 60_000 })),
    'scrapeInterval: found 30s, and a sample of a:1 every 1m; allowed: 1m',
  ],
  [
    'samples more often',
    THREE.map((labels) => up(labels, { everyMs: 15_000 })),
    'scrapeInterval: found 30s, and a sample of a:1 every 15s; allowed: 15s',
  ],
])('an existing Prometheus has targets: %s', ([, series, problem]) => {
  const found = federationProblem(FEDERATION, series, { nowMs: NOW_MS, jobs: ['a', 'b'] });
  const field = `kubeconfig.prometheus.jobs.scheduler${problem?.startsWith(':') === true ? '' : '.'}`;
  expect(found).toBe(problem === undefined ? undefined : `${field}${problem}`);
});

test('a substrate file with one is read with its defaults', () => {
  const text = `apiVersion: belay.dev/v1
kind: Substrate
metadata: {name: staging}
type: kubeconfig
host: {vCPU: 1, memoryGiB: 1}
cluster: {podsPerCluster: 10, clustersPerHost: 1, storage: etcd, bindThroughputPodsPerSec: 10}
kubeconfig:
  contexts: [staging]
  prometheus:
    url: https://prometheus.example/p
    jobs:
      etcd: {scrapeInterval: 15s}
      scheduler: {labels: {job: kube-scheduler, cluster: staging}, targets: 3, scrapeInterval: 1m}
    user: belay
    secretFile: /etc/belay/secret
`;
  expect(parseSubstrate(text, { file: 's.yaml' })).toMatchObject({
    ok: true,
    value: {
      kubeconfig: {
        file: '',
        contexts: ['staging'],
        prometheus: {
          url: 'https://prometheus.example/p',
          jobs: {
            etcd: { labels: { job: 'etcd' }, targets: 1, scrapeIntervalMs: 15_000 },
            scheduler: { labels: { job: 'kube-scheduler', cluster: 'staging' }, targets: 3, scrapeIntervalMs: 60_000 },
          },
          user: 'belay',
          secretFile: '/etc/belay/secret',
        },
      },
    },
  });
});
