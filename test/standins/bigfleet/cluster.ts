import { CoreV1Api, KubeConfig, makeInformer, PatchStrategy, setHeaderOptions } from '@kubernetes/client-node';
import type { Informer, KubernetesObject, V1Node, V1Pod } from '@kubernetes/client-node';
import { setTimeout as sleep } from 'node:timers/promises';
import { quantitiesOf, type Amounts } from './needs.ts';

/** Label of the slot of a load that a Pod fills, and of how often it was replaced. */
const SLOT = 'belay.dev/slot';
const GENERATION = 'belay.dev/generation';
const MACHINE = 'bigfleet.standin/machine';
const GIVEN_UP = 'bigfleet.standin/given-up';

/** What is heard of the cluster, each as it happens. */
export interface Listener {
  /** A Pod is there or has changed. */
  pod(pod: V1Pod): void;
  podGone(pod: V1Pod): void;
  node(node: V1Node): void;
  nodeGone(node: V1Node): void;
}

/** A kwok cluster as the stand-in sees it. */
export class Cluster {
  readonly #config = new KubeConfig();
  readonly #core: CoreV1Api;

  constructor(kubeconfigPath: string) {
    this.#config.loadFromFile(kubeconfigPath);
    this.#core = this.#config.makeApiClient(CoreV1Api);
  }

  /** Follows Pods and Nodes; one that ends is begun again. */
  async follow(listener: Listener): Promise<void> {
    await keepFollowing(
      makeInformer<V1Pod>(this.#config, '/api/v1/pods', () => this.#core.listPodForAllNamespaces()),
      (pod) => listener.pod(pod),
      (pod) => listener.podGone(pod),
    );
    await keepFollowing(
      makeInformer<V1Node>(this.#config, '/api/v1/nodes', () => this.#core.listNode()),
      (node) => listener.node(node),
      (node) => listener.nodeGone(node),
    );
  }

  /** Makes a machine as a Node that kwok keeps Ready. */
  async createNode(name: string, holds: Amounts): Promise<void> {
    const allocatable = quantitiesOf(holds);
    await this.#core.createNode({
      body: {
        metadata: {
          name,
          annotations: { 'kwok.x-k8s.io/node': 'fake' },
          labels: {
            [MACHINE]: name,
            'kubernetes.io/hostname': name,
            'kubernetes.io/os': 'linux',
            'kubernetes.io/arch': 'amd64',
            'topology.kubernetes.io/zone': 'zone-a',
          },
        },
        status: { allocatable, capacity: allocatable },
      },
    });
  }

  /** Sees to it that a machine takes no Pods any more. */
  async giveUpNode(name: string): Promise<void> {
    // Appended: a merge would replace the taints of others, and the failure of a Node is one of them.
    const body = [{ op: 'add', path: '/spec/taints/-', value: { key: GIVEN_UP, effect: 'NoSchedule' } }];
    await this.#core.patchNode({ name, body }, setHeaderOptions('Content-Type', PatchStrategy.JsonPatch));
  }
}

/** What a load's Pod stands for: a slot that goes on when the Pod is replaced. */
export function slotOf(pod: V1Pod): string {
  return pod.metadata?.labels?.[SLOT] ?? nameOf(pod);
}

/** Whether the Pod took the place of one that was deleted. */
export function isReplacement({ metadata }: V1Pod): boolean {
  return Number(metadata?.labels?.[GENERATION] ?? 0) > 0;
}

export function nameOf({ metadata }: V1Pod): string {
  return `${metadata?.namespace ?? ''}/${metadata?.name ?? ''}`;
}

/** Whether Pods can be put on a Node. */
export function isUsable({ spec, status }: V1Node): boolean {
  const ready = status?.conditions?.some(({ type, status: value }) => type === 'Ready' && value === 'True') ?? false;
  const barred = spec?.taints?.some(({ effect }) => effect !== 'PreferNoSchedule') ?? false;
  return ready && !barred && spec?.unschedulable !== true;
}

async function keepFollowing<T extends KubernetesObject>(
  informer: Informer<T>,
  onThere: (object: T) => void,
  onGone: (object: T) => void,
): Promise<void> {
  informer.on('add', onThere);
  informer.on('update', onThere);
  informer.on('delete', onGone);
  informer.on('error', () => {
    void sleep(500).then(() => informer.start());
  });
  await informer.start();
}
