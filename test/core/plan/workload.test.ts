import type { V1PodSpec } from '@kubernetes/client-node';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { podTemplate, podBody } from '../../../src/core/plan/pod-shape.ts';
import type { PodContext } from '../../../src/core/plan/pod-shape.ts';
import { drawWorkloads, podName, podSlots } from '../../../src/core/plan/workload.ts';
import { formatExpiresAt, parseExpiresAt } from '../../../src/core/plan/labels.ts';
import { archetype, catalogue, mixedCatalogue } from './catalogue-samples.ts';

const seeds = fc.integer({ min: 0, max: 2 ** 32 });

const mean = (name: string): number => {
  const drawn = drawWorkloads(catalogue([archetype({ name })]), 400_000, 11).slice(0, -1);
  return drawn.reduce((sum, { replicas }) => sum + replicas, 0) / drawn.length;
};

describe('drawWorkloads', () => {
  test('lands exactly on the target, slots in order, whatever the seed', () => {
    fc.assert(
      fc.property(seeds, fc.integer({ min: 0, max: 3_000 }), (seed, pods) => {
        const slots = podSlots(drawWorkloads(mixedCatalogue, pods, seed));
        expect(slots.map(({ slot }) => slot)).toEqual(Array.from({ length: pods }, (_, index) => index));
      }),
      { numRuns: 50 },
    );
  });

  test('the same seed draws the same, another seed or cluster does not', () => {
    const drawn = drawWorkloads(mixedCatalogue, 500, 7);
    expect(drawWorkloads(mixedCatalogue, 500, 7)).toEqual(drawn);
    expect(drawWorkloads(mixedCatalogue, 500, 8)).not.toEqual(drawn);
    expect(drawWorkloads(mixedCatalogue, 500, 7, 1)).not.toEqual(drawn);
  });

  test('gangs keep to their sizes, stateful ones stay small, burst-only archetypes stay out', () => {
    const drawn = drawWorkloads(mixedCatalogue, 20_000, 3).slice(0, -1);
    const sizes = (name: string): number[] => drawn.filter((one) => one.archetype === name).map((one) => one.replicas);
    expect(new Set(sizes('memory-cache'))).toEqual(new Set([3, 4, 5]));
    expect(new Set(sizes('train'))).toEqual(new Set([2, 3, 4]));
    expect(sizes('spike')).toEqual([]);
    expect(Math.max(...sizes('web'))).toBeGreaterThan(100);
    const stateful = catalogue([archetype({ name: 'stateful-db' })]);
    const replicas = drawWorkloads(stateful, 5_000, 3).map((one) => one.replicas);
    expect(Math.max(...replicas)).toBe(25);
  });

  test('mean sizes agree with the seed sizing: 21.375 replicas a service, 10.05 a stateful one', () => {
    expect(mean('web')).toBeGreaterThan(20.3);
    expect(mean('web')).toBeLessThan(22.5);
    expect(mean('stateful-db')).toBeGreaterThan(9.7);
    expect(mean('stateful-db')).toBeLessThan(10.4);
  });

  test('archetypes come in proportion to their weight, 0 counting as 1', () => {
    const drawn = drawWorkloads(
      catalogue([
        archetype({ name: 'often', weight: 3, groupSizeRange: [1, 1] }),
        archetype({ name: 'zero', weight: 0, groupSizeRange: [1, 1] }),
      ]),
      10_000,
      5,
    );
    const share = drawn.filter((one) => one.archetype === 'often').length / drawn.length;
    expect(share).toBeGreaterThan(0.73);
    expect(share).toBeLessThan(0.77);
  });

  test('a catalogue of bursts alone is refused by name', () => {
    expect(() => drawWorkloads(catalogue([archetype({ name: 'spike', burstOnly: true })]), 10, 1)).toThrow(
      /catalogue sample: every archetype is burstOnly/,
    );
  });
});

/** The required node affinity, as `key=value|value`. */
function expressions(pod: unknown): readonly string[] {
  const { spec } = pod as { spec: V1PodSpec };
  const terms = spec.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms ?? [];
  expect(terms).toHaveLength(1);
  return (terms[0]?.matchExpressions ?? []).map(({ key, values }) => `${key}=${values?.join('|')}`);
}

describe('podBody', () => {
  const context: PodContext = {
    slug: 'c1',
    owner: { campaign: 'dev-50-x', stage: 'ramp', expiresAtMs: Date.UTC(2026, 7, 21, 14, 5, 0) },
    domains: new Map([[0, { zone: 'zone-b', rack: 'zone-b-r2' }]]),
    anyInstanceType: false,
  };
  const gang = {
    index: 0,
    archetype: 'cache',
    firstSlot: 0,
    replicas: 3,
    together: 'rack' as const,
    resources: { cpu: '2', memory: '16Gi' },
    labels: { 'example.com/tenant': 'v1' },
    priority: 1_000,
    spread: false,
  };
  const cache = archetype({ name: 'cache', sameRack: true, groupSizeRange: [3, 5], instanceTypes: ['r6i.xlarge'] });
  test('a gang asks for its reserved rack, its machines, and its siblings', () => {
    const pod = podBody(gang, cache, context, {
      slot: 2,
      generation: 1,
      intendedAtMs: 1_700_000_000_123,
      sentAtMs: 1_700_000_000_456,
    });
    expect(expressions(pod)).toEqual([
      'belay.dev/campaign=dev-50-x',
      'belay.dev/archetype=cache',
      'node.kubernetes.io/instance-type=r6i.xlarge',
      'example.com/tenant=v1',
      'topology.belay.dev/rack=zone-b-r2',
      'topology.kubernetes.io/zone=zone-b',
    ]);
    expect(pod).toMatchObject({
      metadata: {
        name: 'c1-p2-g1',
        labels: {
          'belay.dev/campaign': 'dev-50-x',
          'belay.dev/stage': 'ramp',
          'belay.dev/expires-at': '2026-08-21T14-05-00Z',
          'belay.dev/workload': 'w0',
          'belay.dev/slot': '2',
          'belay.dev/generation': '1',
        },
        annotations: { 'belay.dev/intended-at-ms': '1700000000123', 'belay.dev/sent-at-ms': '1700000000456' },
      },
      spec: {
        tolerations: [{ key: 'belay.dev/campaign', operator: 'Equal', value: 'dev-50-x', effect: 'NoSchedule' }],
        securityContext: { runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } },
        containers: [
          {
            resources: { requests: gang.resources, limits: gang.resources },
            securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] }, runAsNonRoot: true },
          },
        ],
        affinity: {
          podAffinity: {
            requiredDuringSchedulingIgnoredDuringExecution: [
              {
                topologyKey: 'topology.belay.dev/rack',
                labelSelector: { matchLabels: { 'belay.dev/campaign': 'dev-50-x', 'belay.dev/workload': 'w0' } },
              },
            ],
          },
        },
      },
    });
  });

  test('where the system makes the machines, only zones it has are asked for, and a rack becomes a zone', () => {
    const foreign: PodContext = {
      ...context,
      domains: new Map(),
      anyInstanceType: true,
      zoneNames: { 'zone-a': 'test-zone-a', 'zone-c': 'test-zone-c' },
    };
    const pod = podBody(gang, cache, foreign, { slot: 0, generation: 0, intendedAtMs: 0, sentAtMs: 0 });
    expect(expressions(pod)).toEqual(['topology.kubernetes.io/zone=test-zone-a|test-zone-c']);
    expect(JSON.stringify(pod)).not.toContain('topology.belay.dev/rack');
    const anywhere = podBody(
      { ...gang, together: undefined },
      cache,
      { ...foreign, zoneNames: {} },
      { slot: 0, generation: 0, intendedAtMs: 0, sentAtMs: 0 },
    );
    expect(anywhere['spec']).not.toHaveProperty('affinity');
  });

  test('a template writes what podBody writes, for every slot of every drawn shape', () => {
    for (const workload of drawWorkloads(mixedCatalogue, 800, 21)) {
      const kind = mixedCatalogue.archetypes.find(({ name }) => name === workload.archetype);
      if (kind === undefined) throw new Error(`drew ${workload.archetype}, which is not in the catalogue`);
      const template = podTemplate(workload, kind, context);
      const pod = {
        slot: workload.firstSlot,
        generation: 3,
        intendedAtMs: 1_700_000_000_999,
        sentAtMs: 1_700_000_001_111,
      };
      expect(JSON.parse(template(pod.slot, 3, pod))).toEqual(podBody(workload, kind, context, pod));
    }
  });

  test('names derive from the place alone', () => {
    expect(podName('c1', 17, 4)).toBe('c1-p17-g4');
  });
});

test('an expiry survives being a label value; other text is none', () => {
  const moment = Date.UTC(2026, 11, 31, 23, 59, 58);
  expect(formatExpiresAt(moment)).toMatch(/^[A-Za-z0-9][A-Za-z0-9._-]{0,61}[A-Za-z0-9]$/);
  expect(parseExpiresAt(formatExpiresAt(moment))).toBe(moment);
  expect(parseExpiresAt('tomorrow')).toBeUndefined();
});
