import { clusterLoad } from './cluster-load.ts';
import { namespaceLabels, type Ownership } from './labels.ts';
import { nodeBody } from './nodes.ts';
import { priorityBody, type PriorityClass } from './priorities.ts';
import type { CampaignSpec } from './spec.ts';

/** Objects that a campaign is going to create in a cluster, one of each shape, to find out whether the cluster takes them. */
export interface TrialObjects {
  readonly namespace: string;
  readonly namespaceBody: Readonly<Record<string, unknown>>;
  /** Absent where the system makes the machines. */
  readonly nodeBody?: Readonly<Record<string, unknown>>;
  readonly priorityBodies: readonly PriorityClass[];
  /** JSON of a Pod of each archetype. */
  readonly podBodies: readonly string[];
}

/**
 * Draws the objects of a cluster that are tried.
 * @param hasPriorities the PriorityClasses of the campaign exist already: a Pod that names one that does not is refused
 */
export function trialObjects(
  spec: CampaignSpec,
  clusterIndex: number,
  owner: Ownership,
  hasPriorities: boolean,
): TrialObjects {
  const { namespace, nodes, slots, body, priorities } = clusterLoad(spec, clusterIndex, owner);
  const own = new Set(priorities.map(({ name }) => name));
  const [node] = nodes;
  const nowMs = 0;
  const first = new Map(slots.toReversed().map(({ slot, workload }) => [workload.archetype, slot]));
  return {
    namespace,
    namespaceBody: {
      apiVersion: 'v1',
      kind: 'Namespace',
      metadata: { name: namespace, labels: namespaceLabels(owner) },
    },
    ...(node === undefined ? {} : { nodeBody: nodeBody(node, owner) }),
    priorityBodies: priorities.map((priority) => priorityBody(priority, spec.profile, owner)),
    podBodies: [...first.values()]
      .map((slot) => body(slot, 0, { intendedAtMs: nowMs, sentAtMs: nowMs }))
      .map((json) => (hasPriorities ? json : withoutPriority(json, own))),
  };
}

function withoutPriority(json: string, own: ReadonlySet<string>): string {
  const pod = JSON.parse(json) as { readonly spec: Readonly<Record<string, unknown>> };
  const { priorityClassName, ...rest } = pod.spec;
  const names = typeof priorityClassName === 'string' && own.has(priorityClassName);
  return names ? JSON.stringify({ ...pod, spec: rest }) : json;
}
