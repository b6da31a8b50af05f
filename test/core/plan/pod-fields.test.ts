import { describe, expect, it } from 'vitest';
import type { Archetype } from '../../../src/core/model/catalogue.ts';
import type { PodFields, ProfilePods } from '../../../src/core/model/pod-fields.ts';
import { clusterLoad } from '../../../src/core/plan/cluster-load.ts';
import { podFieldsOf } from '../../../src/core/plan/pod-fields.ts';
import { podRefusals } from '../../../src/core/plan/pod-refusals.ts';
import { priorityBody, type PlannedPriority } from '../../../src/core/plan/priorities.ts';
import { nodeBody } from '../../../src/core/plan/nodes.ts';
import { parseCatalogue, parseProfile } from '../../../src/core/profile/parse.ts';
import { aSpec } from '../../workflows/make-spec.ts';
import { aCatalogue, anArchetype, aPlan, aProfile } from './make.ts';

const OWNER = { campaign: 'mine', stage: 'ramp', expiresAtMs: Date.UTC(2026, 10, 30) };

/** What is looked at of an object. */
interface Labelled {
  readonly metadata: {
    readonly labels: Readonly<Record<string, string>>;
    readonly annotations: Readonly<Record<string, string>>;
  };
}

/** The first Pod of a load of one archetype, the Nodes for it and its PriorityClasses. */
function loadOf(
  pods: ProfilePods,
  archetype: Partial<Archetype> = {},
  catalogue: { hasPriorities?: true } = {},
): {
  readonly pod: Labelled & { readonly spec: Readonly<Record<string, unknown>> };
  readonly nodes: readonly Labelled[];
  readonly priorities: readonly PlannedPriority[];
} {
  const kind = anArchetype({ name: 'web', ...archetype });
  const load = clusterLoad(
    aSpec({
      campaign: 'mine',
      slug: 'b1',
      profile: aProfile({ pods, scale: { machines: 2, density: 2 } }),
      catalogue: aCatalogue({ archetypes: [kind], ...catalogue }),
      plan: aPlan({ clusterCount: 1, totalPods: 4 }),
    }),
    0,
    OWNER,
  );
  const pod = JSON.parse(load.body(0, 0, { intendedAtMs: 1, sentAtMs: 2 })) as Labelled & {
    readonly spec: Readonly<Record<string, unknown>>;
  };
  const nodes = load.nodes.map((node) => nodeBody(node, OWNER)) as unknown as readonly Labelled[];
  return { pod, nodes, priorities: load.priorities };
}

/** A catalogue of one kind of Pods, with these priorities. */
function catalogueText(priorities: string): string {
  return `archetypes: [{ name: a, instanceTypes: [t], resources: { cpu: 1 }${priorities} }]`;
}

function hasPriorities(text: string): unknown {
  const parsed = parseCatalogue(text, { file: 'c.yaml' });
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.errors));
  return parsed.value.hasPriorities;
}

function refused(
  pods: ProfilePods,
  priorityClasses: readonly number[],
  capacity: 'belay' | 'system' = 'belay',
): readonly string[] {
  const archetypes = [anArchetype({ name: 'web', priorityClasses })];
  const catalogue = aCatalogue({ name: 'c', archetypes, hasPriorities: true });
  return podRefusals(aProfile({ pods }), catalogue, { capacity }).map(({ message }) => message);
}

/** Paths of the errors of a profile with these `pods`. */
function errorsOf(pods: string): readonly string[] {
  const text = `apiVersion: belay.dev/v1
kind: Profile
metadata: { name: p }
scale: { machines: 2, density: 2 }
loadProfile: { rampSeconds: 2, soakSeconds: 9 }
pods: ${pods}
`;
  const parsed = parseProfile(text, { file: 'p.yaml' });
  return parsed.ok ? [] : parsed.errors.map(({ path }) => path);
}

describe('the fields of Pods', () => {
  it.each<[string, ProfilePods, PodFields, PodFields]>([
    ['come from the profile', { schedulerName: 'volcano' }, {}, { schedulerName: 'volcano' }],
    ['come from the archetype', {}, { labels: { a: '1' } }, { labels: { a: '1' } }],
    ['are the more specific ones of both', { schedulerName: 'a' }, { schedulerName: 'b' }, { schedulerName: 'b' }],
    [
      'are merged by key',
      { labels: { a: '1', b: '1' } },
      { labels: { b: '2', c: '2' } },
      { labels: { a: '1', b: '2', c: '2' } },
    ],
    [
      'are joined where they are lists, each entry once',
      { tolerations: [{ key: 'gpu', operator: 'Exists' }], schedulingGates: ['a/b'] },
      { tolerations: [{ key: 'gpu', operator: 'Exists' }, { key: 'x' }], schedulingGates: ['a/c'] },
      { tolerations: [{ key: 'gpu', operator: 'Exists' }, { key: 'x' }], schedulingGates: ['a/b', 'a/c'] },
    ],
    ['leave out what is about priorities', { priorities: 'ignore', preemptionPolicy: 'Never' }, {}, {}],
  ])('%s', (_what, pods, own, expected) => {
    expect(podFieldsOf(pods, { pods: own })).toEqual(expected);
  });

  it('are in the Pod, and placeholders are filled in', () => {
    const { pod } = loadOf({
      schedulerName: 'kai-scheduler',
      labels: { 'kueue.x-k8s.io/queue-name': 'team-a', 'kueue.x-k8s.io/pod-group-name': '${workload}' },
      annotations: { 'kueue.x-k8s.io/pod-group-total-count': '${replicas}', about: '${archetype} of ${campaign}\n' },
      tolerations: [{ key: 'nvidia.com/gpu', operator: 'Exists', effect: 'NoSchedule' }],
      nodeSelector: { pool: 'a' },
      priorityClassName: 'high',
      schedulingGates: ['kueue.x-k8s.io/admission'],
    });
    expect(pod.metadata.labels).toMatchObject({
      'kueue.x-k8s.io/queue-name': 'team-a',
      'kueue.x-k8s.io/pod-group-name': 'b1-w0',
      'belay.dev/campaign': 'mine',
    });
    expect(pod.metadata.annotations['kueue.x-k8s.io/pod-group-total-count']).toMatch(/^[1-9]\d*$/);
    expect(pod.metadata.annotations['about']).toBe('web of mine\n');
    expect(pod.spec).toMatchObject({
      schedulerName: 'kai-scheduler',
      // Its own Nodes have a taint of the campaign.
      tolerations: [
        { key: 'belay.dev/campaign', value: 'mine' },
        { key: 'nvidia.com/gpu', operator: 'Exists', effect: 'NoSchedule' },
      ],
      nodeSelector: { pool: 'a' },
      priorityClassName: 'high',
      schedulingGates: [{ name: 'kueue.x-k8s.io/admission' }],
    });
  });

  it('cannot take the place of what Belay finds its Pods by', () => {
    const { pod } = loadOf({
      labels: { 'belay.dev/campaign': 'theirs' },
      annotations: { 'belay.dev/sent-at-ms': '9' },
    });
    expect(pod.metadata.labels['belay.dev/campaign']).toBe('mine');
    expect(pod.metadata.annotations['belay.dev/sent-at-ms']).toBe('2');
  });

  it('give the Nodes that Belay makes the labels that the Pods ask for', () => {
    const { nodes } = loadOf(
      { nodeSelector: { pool: 'a', 'kubernetes.io/arch': 'arm64' } },
      { pods: { nodeSelector: { disk: 'ssd' } } },
    );
    expect(nodes.length).toBeGreaterThan(0);
    for (const { metadata } of nodes)
      expect(metadata.labels).toMatchObject({ pool: 'a', disk: 'ssd', 'kubernetes.io/arch': 'arm64' });
  });
});

describe('drawn priorities', () => {
  it('become PriorityClasses of the campaign that take no room from others', () => {
    const { pod, priorities } = loadOf({}, { priorityClasses: [-5] }, { hasPriorities: true });
    expect(pod.spec).toMatchObject({ priorityClassName: 'b1-priority-minus-5' });
    expect(priorities).toEqual([{ name: 'b1-priority-minus-5', value: -5 }]);
    const [planned] = priorities;
    if (planned === undefined) throw new Error('nothing is planned');
    expect(priorityBody(planned, {}, OWNER)).toMatchObject({
      metadata: { name: 'b1-priority-minus-5', labels: { 'belay.dev/campaign': 'mine' } },
      value: -5,
      globalDefault: false,
      preemptionPolicy: 'Never',
    });
    expect(priorityBody(planned, { pods: { preemptionPolicy: 'PreemptLowerPriority' } }, OWNER)).toMatchObject({
      preemptionPolicy: 'PreemptLowerPriority',
    });
  });

  it.each<[string, ProfilePods, Partial<Archetype>, { hasPriorities?: true }, string | undefined]>([
    ['are none where the catalogue gives none', {}, {}, {}, undefined],
    ['are 1000 for a kind without, where another kind has one', {}, {}, { hasPriorities: true }, 'b1-priority-1000'],
    ['are left out where the profile ignores them', { priorities: 'ignore' }, {}, { hasPriorities: true }, undefined],
    ['give way to a class of the profile', { priorityClassName: 'high' }, {}, { hasPriorities: true }, 'high'],
    [
      'give way to a class of the archetype',
      {},
      { pods: { priorityClassName: 'low' } },
      { hasPriorities: true },
      'low',
    ],
  ])('%s', (_what, pods, archetype, catalogue, name) => {
    const { pod, priorities } = loadOf(pods, archetype, catalogue);
    expect(pod.spec['priorityClassName']).toBe(name);
    expect(priorities.map((each) => each.name)).toEqual(name?.startsWith('b1-') === true ? [name] : []);
  });

  it('are known from the file, not from the default that a kind without one has', () => {
    expect(hasPriorities(catalogueText(', priorityClasses: [7]'))).toBe(true);
    expect(hasPriorities(catalogueText(''))).toBeUndefined();
  });
});

describe('Pods that no cluster takes', () => {
  it('are refused before anything is made', () => {
    expect(refused({}, [1_000_000_000])).toEqual([]);
    expect(refused({}, [1_000_000_001])).toEqual([
      'catalogue c has priority 1000000001; allowed: at most 1000000000, or pods.priorities: ignore',
    ]);
    expect(refused({ priorities: 'ignore' }, [2_000_000_000])).toEqual([]);
    expect(
      refused(
        {},
        Array.from({ length: 33 }, (_, index) => index),
      ),
    ).toEqual(['catalogue c has 33 different priorities; allowed: at most 32, or pods.priorities: ignore']);
    expect(refused({ tolerations: [{ operator: 'Exists' }, { key: 'a', value: 'b' }] }, [1])).toEqual([]);
    expect(
      refused(
        {
          tolerations: [
            { key: 'a', operator: 'Exists', value: 'b' },
            { value: 'c', tolerationSeconds: 5 },
          ],
        },
        [1],
      ),
    ).toEqual([
      'pods.tolerations has one with operator Exists and value b; allowed: no value, or operator Equal',
      'pods.tolerations has one with no key and operator Equal; allowed: a key, or operator Exists',
      'pods.tolerations has one with tolerationSeconds and no effect; allowed: effect NoExecute',
    ]);
    const zone: ProfilePods = { nodeSelector: { 'topology.kubernetes.io/zone': 'a' } };
    expect(refused(zone, [1])).toEqual([
      expect.stringMatching(/^pods\.nodeSelector asks for topology\.kubernetes\.io\/zone/),
    ]);
    expect(refused(zone, [1], 'system')).toEqual([]);
  });
});

describe('pods of a file', () => {
  it.each<[string, readonly string[]]>([
    ['{ labels: { a: "${workload}-${replicas}" } }', []],
    ['{ labels: { a: "" }, nodeSelector: { b: "" } }', []],
    ['{ annotations: { a: "x y\\tz: ${archetype}" } }', []],
    // Keys by which Belay finds its Pods.
    ['{ labels: { belay.dev/campaign: x } }', ['pods.labels.belay.dev/campaign']],
    ['{ annotations: { topology.belay.dev/rack: x } }', ['pods.annotations.topology.belay.dev/rack']],
    ['{ nodeSelector: { belay.dev/archetype: x } }', ['pods.nodeSelector.belay.dev/archetype']],
    // Values that would be too long once they are filled in, and placeholders that do not exist.
    ['{ labels: { a: "x${campaign}" } }', ['pods.labels.a']],
    ['{ labels: { a: "${name}" } }', ['pods.labels.a']],
    ['{ annotations: { a: "${workload" } }', ['pods.annotations.a']],
    // The template of a Pod has marks of control characters.
    ['{ annotations: { a: "\\u0001name\\u0002" } }', ['pods.annotations.a']],
    ['{ labels: { "not a key": x } }', ['pods.labels.not a key']],
    ['{ schedulerName: "a;b" }', ['pods.schedulerName']],
    ['{ tolerations: [{ operator: Matches }] }', ['pods.tolerations[0].operator']],
    ['{ priorityClassName: Hoch }', ['pods.priorityClassName']],
    ['{ schedulingGates: ["${workload}"] }', ['pods.schedulingGates[0]']],
    ['{ preemptionPolicy: Always }', ['pods.preemptionPolicy']],
    ['{ labels: { __proto__: x } }', ['pods.labels.__proto__']],
  ])('%s', (pods, paths) => {
    expect(errorsOf(pods)).toEqual(paths);
  });
});
