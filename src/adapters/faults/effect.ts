import type { ClusterClient, Selection } from '../kube/client.ts';
import type { Within } from '../kube/api-request.ts';

/** The cluster in which a fault is injected. */
export interface FaultSite {
  readonly client: Pick<ClusterClient, 'get' | 'list' | 'patch'>;
  /** Namespace and selector of the campaign's Pods. */
  readonly namespace: string;
  readonly labelSelector: string;
  /** Selects the Nodes that may be broken: in a borrowed cluster only the campaign's own. */
  readonly nodes: Selection;
  /** The system creates and removes the Nodes: it may remove one that has become empty. */
  readonly nodesOfSystem: boolean;
  /** A failed Node turns NotReady: its kubelet is played by a kwok that Belay has configured. Every other kubelet stays well. */
  readonly failedNodesTurnNotReady: boolean;
}

/** What one look at the cluster shows. */
export interface Look {
  readonly seen: boolean;
  /** What was seen, or what is missing, in one sentence. */
  readonly detail: string;
  /** No later look will show anything else. */
  readonly final?: boolean;
  /** The target does not exist any more, so it does not show that the fault was injected. */
  readonly gone?: boolean;
}

/**
 * The half of a fault that acts on a cluster. Every call may be repeated: doing it twice changes nothing. Every call throws
 * KubeError when the API server refuses it or does not answer within its budget, and the signal's reason.
 */
export interface FaultEffect<Parameters extends object> {
  /**
   * Names what is to be broken. The name is recorded before anything happens. What is broken already is never chosen, because
   * no effect could be seen, nor what another fault has `taken`. @throws Error when there is nothing to break
   */
  choose(parameters: Parameters, site: FaultSite, taken: ReadonlySet<string>, within: Within): Promise<string>;
  fire(target: string, site: FaultSite, within: Within): Promise<void>;
  /** Whether the effect of what was fired can be seen. */
  assert(target: string, site: FaultSite, within: Within): Promise<Look>;
  undo(target: string, site: FaultSite, within: Within): Promise<void>;
  /** Whether nothing of the effect is left. */
  assertUndone(target: string, site: FaultSite, within: Within): Promise<Look>;
  /** What `fire` does, in one sentence. */
  describe(target: string): string;
}

/** The effect of one action, with the parameters that it names. */
export type BoundEffect = Omit<FaultEffect<object>, 'choose'> & {
  choose(site: FaultSite, taken: ReadonlySet<string>, within: Within): Promise<string>;
};
