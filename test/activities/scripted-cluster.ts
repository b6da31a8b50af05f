import type { ObservedCluster } from '../../src/adapters/observe/observed-cluster.ts';
import { clusterLoad } from '../../src/core/plan/cluster-load.ts';
import { UNTROUBLED } from '../../src/core/plan/observation.ts';
import type { CampaignSpec } from '../../src/core/plan/spec.ts';
import { scriptedNodes } from '../adapters/faults/scripted-nodes.ts';

/** An observed cluster that a test scripts: it asks only `client`, and counts what it is given. */
export function scriptedCluster(
  spec: CampaignSpec,
  index: number,
  given: Pick<ObservedCluster, 'client'> & { readonly present?: number },
): ObservedCluster {
  const owner = { campaign: spec.campaign, stage: 'soak', expiresAtMs: 0 };
  const { client, present = 0 } = given;
  return {
    record: { name: `c${index}`, index },
    load: clusterLoad(spec, index, owner),
    client,
    counts: () => ({ present, bound: present, ready: present, pending: 0, deleted: 0 }),
    observation: () => UNTROUBLED,
    confirmedAgeMs: () => 0,
    listedAgeMs: () => 0,
    showsFailedNodes: () => true,
    confirm: () => undefined,
    isConfirmedSince: () => true,
    waitingFor: () => undefined,
    want: (slots) => new Set(slots),
    onLate: () => undefined,
    recorder: { created: () => undefined, deleted: () => undefined },
    endPods: () => undefined,
    target: 0,
  };
}

/** A client of a cluster in which every Pod can be created and deleted. @param nodes the client of its Nodes */
export function willingClient(
  nodes: Pick<ObservedCluster['client'], 'get' | 'list' | 'patch'> = scriptedNodes({}, []).client,
): ObservedCluster['client'] {
  return {
    ...nodes,
    create: () => Promise.resolve({ outcome: 'created', attempts: 1 }),
    delete: () => Promise.resolve({ outcome: 'deleted', attempts: 1 }),
  };
}

/** A request that is sent and never answered. */
export function unanswered(
  _path: string,
  _body: unknown,
  { signal }: { readonly signal: AbortSignal },
): Promise<never> {
  return new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason as Error)));
}
