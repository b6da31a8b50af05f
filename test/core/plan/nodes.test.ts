import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { nodeBody, planNodes } from '../../../src/core/plan/nodes.ts';
import type { NodePlan, PlannedNode } from '../../../src/core/plan/nodes.ts';
import { formatQuantity, quantityValue } from '../../../src/core/model/quantity.ts';
import { drawWorkloads } from '../../../src/core/plan/workload.ts';
import type { Workload } from '../../../src/core/plan/workload.ts';
import { archetype, catalogue, mixedCatalogue, mixedRows, seedRow } from './catalogue-samples.ts';

function ground(workloads: readonly Workload[], rows = mixedRows): NodePlan {
  return planNodes({ slug: 'c1', catalogue: mixedCatalogue, rows, workloads, clusterIndex: 0, clusterCount: 1 });
}

/** Pods of a workload's archetype that a set of machines holds. */
function room(nodes: readonly PlannedNode[], workload: Workload): number {
  const podsPerMachine = mixedRows.find(({ archetype }) => archetype === workload.archetype)?.podsPerMachine ?? 0;
  const fitting = nodes.filter(
    (node) =>
      node.archetype === workload.archetype &&
      Object.entries(workload.labels).every(([key, value]) => node.labels[key] === value),
  );
  return fitting.length * podsPerMachine;
}

describe('planNodes', () => {
  test('every draw fits, with a machine to spare, and every gang fits its reserved place beside the others there', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 2 ** 32 }), fc.integer({ min: 1, max: 2_000 }), (seed, pods) => {
        const workloads = drawWorkloads(mixedCatalogue, pods, seed);
        const { nodes, domains } = ground(workloads);
        const filled = new Map<string, number>();
        for (const workload of workloads) {
          const pool = `${workload.archetype} ${JSON.stringify(workload.labels)}`;
          filled.set(pool, (filled.get(pool) ?? 0) + workload.replicas);
          expect(room(nodes, workload)).toBeGreaterThan(filled.get(pool) ?? 0);
          if (workload.together === undefined) continue;
          const domain = domains.get(workload.index);
          expect(domain).toBeDefined();
          const place = `${workload.archetype} ${domain?.zone} ${domain?.rack}`;
          filled.set(place, (filled.get(place) ?? 0) + workload.replicas);
          const there = nodes.filter(
            ({ zone, rack }) => zone === domain?.zone && (domain.rack === undefined || rack === domain.rack),
          );
          // Without the spare machine, so that it holds while one is down.
          expect(room(there.slice(1), workload)).toBeGreaterThanOrEqual(filled.get(place) ?? 0);
        }
      }),
      { numRuns: 60 },
    );
  });

  test('Pods that must be spread find their share in every zone', () => {
    const workloads = drawWorkloads(mixedCatalogue, 2_000, 5).filter((one) => one.archetype === 'api');
    const pods = workloads.reduce((sum, { replicas }) => sum + replicas, 0);
    const { nodes } = ground(workloads);
    for (const zone of ['zone-a', 'zone-b', 'zone-c']) {
      const there = nodes.filter((node) => node.zone === zone && node.archetype === 'api');
      expect(there.length * 20).toBeGreaterThanOrEqual(pods / 3 + 20);
    }
  });

  test('configured and idle machines exist even if nothing needs them, split over clusters without loss', () => {
    const rows = [seedRow({ archetype: 'web', configured: 7, idle: 4, speculative: 100 })];
    const one = catalogue([archetype({ name: 'web' })]);
    const counts = [0, 1, 2].map(
      (clusterIndex) =>
        planNodes({ slug: 'c1', catalogue: one, rows, workloads: [], clusterIndex, clusterCount: 3 }).nodes.length,
    );
    expect(counts).toEqual([4, 4, 3]);
  });

  test('machines come in several types over all zones, and racks never span zones', () => {
    const { nodes } = ground(drawWorkloads(mixedCatalogue, 3_000, 9));
    const web = nodes.filter(({ archetype }) => archetype === 'web');
    expect(new Set(web.map(({ instanceType }) => instanceType))).toEqual(new Set(['m6i.large', 'm6i.xlarge']));
    expect(new Set(web.map(({ zone }) => zone))).toEqual(new Set(['zone-a', 'zone-b', 'zone-c']));
    const zoneOfRack = new Map(nodes.map(({ rack, zone }) => [rack, zone]));
    expect(nodes.every(({ rack, zone }) => zoneOfRack.get(rack) === zone)).toBe(true);
    expect(new Set(nodes.map(({ name }) => name)).size).toBe(nodes.length);
  });

  test('a Node holds its Pods of the largest size of each resource', () => {
    const rows = [seedRow({ archetype: 'web', podsPerMachine: 20, idle: 1 })];
    const [node] = planNodes({
      slug: 'c1',
      catalogue: catalogue([archetype({ name: 'web' })]),
      rows,
      workloads: [],
      clusterIndex: 0,
      clusterCount: 1,
    }).nodes;
    expect(node?.allocatable).toEqual({ cpu: '20', memory: String(20 * 500 * 2 ** 20), pods: '110' });
    if (node === undefined) return;
    expect(nodeBody(node, { campaign: 'x', stage: 'seed', expiresAtMs: 0 })).toMatchObject({
      metadata: {
        name: 'c1-n0',
        annotations: { 'kwok.x-k8s.io/node': 'fake' },
        labels: {
          'belay.dev/campaign': 'x',
          'topology.kubernetes.io/zone': 'zone-a',
          'topology.belay.dev/rack': 'zone-a-r0',
          'node.kubernetes.io/instance-type': 'm6i.large',
        },
      },
      spec: {
        providerID: 'belay://zone-a/c1-n0',
        taints: [{ key: 'belay.dev/campaign', value: 'x', effect: 'NoSchedule' }],
      },
      status: { allocatable: { pods: '110' } },
    });
  });

  test('a Node that is Ready from its creation on reports what a kubelet does', () => {
    const { nodes } = ground(drawWorkloads(mixedCatalogue, 10, 9));
    const [node] = nodes;
    if (node === undefined) throw new Error('no Node was planned');
    const ready = { kubelet: { hostname: 'localhost', ip: '127.0.0.1', port: 1234 }, nowMs: 1_700_000_000_123 };
    const { status } = nodeBody(node, { campaign: 'x', stage: 'seed', expiresAtMs: 0 }, ready);
    expect(status).toMatchObject({
      allocatable: node.allocatable,
      capacity: node.allocatable,
      addresses: [
        { type: 'InternalIP', address: '127.0.0.1' },
        { type: 'Hostname', address: 'localhost' },
      ],
      daemonEndpoints: { kubeletEndpoint: { Port: 1234 } },
    });
    const { conditions } = status as { conditions: readonly Record<string, string>[] };
    expect(conditions.map(({ type, status: value }) => `${type} ${value}`)).toEqual([
      'Ready True',
      'MemoryPressure False',
      'DiskPressure False',
      'PIDPressure False',
      'NetworkUnavailable False',
    ]);
    expect(conditions[0]).toMatchObject({ lastTransitionTime: '2023-11-14T22:13:20Z' });
  });
});

describe('quantities', () => {
  test.each([
    ['400m', 0.4],
    ['2', 2],
    ['0.5', 0.5],
    ['2Gi', 2 ** 31],
    ['1e3', 1_000],
    ['3k', 3_000],
  ])('%s is %d', (text, value) => {
    expect(quantityValue(text)).toBeCloseTo(value, 9);
  });

  test.each(['', 'two', '1 Gi', '1GB', 'm'])('%j is none', (text) => {
    expect(() => quantityValue(text)).toThrow(/is not a quantity/);
  });

  test('written again without dust', () => {
    expect(formatQuantity(0.1 * 3)).toBe('300m');
    expect(formatQuantity(0.4 * 20)).toBe('8');
    expect([2, 0.25, 0.3, 0.0001].map(formatQuantity)).toEqual(['2', '250m', '300m', '1m']);
    expect(formatQuantity(2 ** 31)).toBe('2147483648');
  });
});
