import type { ObservedCluster } from '../adapters/observe/observed-cluster.ts';
import type { Observers } from '../adapters/observe/observers.ts';
import type { Within } from '../adapters/kube/api-request.ts';
import { supersededFailure } from './attempt.ts';
import type { StageContext } from './stage-activity.ts';

type Attempt = Pick<StageContext, 'spec' | 'input' | 'stage' | 'owner' | 'clusters' | 'isSuperseded'>;

/**
 * The campaign's clusters on this host, observed for one attempt of a stage. Once a later attempt has begun, nothing in them is
 * changed through this one, no request is sent, not even one that is tried again, and it neither begins a watch nor takes one over.
 * @throws CancelledFailure when a later attempt has begun; KubeError when a cluster does not answer
 */
export async function observedClusters(
  attempt: Attempt,
  observers: Pick<Observers, 'of'>,
): Promise<readonly ObservedCluster[]> {
  const { spec, input, stage, owner, isSuperseded } = attempt;
  const check = (): void => {
    if (isSuperseded()) throw supersededFailure();
  };
  const of = { stage, execution: input.execution };
  const clusters = await observers.of(spec, attempt.clusters(), owner, of, check);
  return clusters.map((cluster) => ofAttempt(cluster, isSuperseded));
}

function ofAttempt(cluster: ObservedCluster, isSuperseded: () => boolean): ObservedCluster {
  const { record, load, client, recorder, onLate } = cluster;
  const check = (): void => {
    if (isSuperseded()) throw supersededFailure();
  };
  // A worker may be frozen at any moment, also between two tries of one request.
  const guarded = (within: Within): Within => ({ ...within, beforeTry: check });
  return {
    record,
    load,
    recorder,
    onLate,
    client: {
      get: (path, within) => client.get(path, guarded(within)),
      list: (path, options, within) => client.list(path, options, guarded(within)),
      create: (path, body, within) => client.create(path, body, guarded(within)),
      delete: (path, options, within) => client.delete(path, options, guarded(within)),
      patch: (path, type, patch, within) => client.patch(path, type, patch, guarded(within)),
    },
    counts: () => cluster.counts(),
    want: (slots) => (isSuperseded() ? new Set(slots) : cluster.want(slots)),
    observation: () => cluster.observation(),
    confirmedAgeMs: () => cluster.confirmedAgeMs(),
    listedAgeMs: () => cluster.listedAgeMs(),
    showsFailedNodes: () => cluster.showsFailedNodes(),
    confirm: () => cluster.confirm(),
    isConfirmedSince: (sinceMs) => cluster.isConfirmedSince(sinceMs),
    waitingFor: () => cluster.waitingFor(),
    endPods(sinceMs) {
      if (!isSuperseded()) cluster.endPods(sinceMs);
    },
    get target() {
      return cluster.target;
    },
    set target(pods) {
      if (!isSuperseded()) cluster.target = pods;
    },
  };
}
