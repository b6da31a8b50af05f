import type { PodSource } from '../../../src/adapters/kube/pod-requests.ts';
import type { LoadScope } from '../../../src/adapters/kube/slot-book.ts';

/** Pods in memory, behind the part of the client that the load uses. */
export interface ScriptedPods {
  readonly scope: LoadScope;
  readonly pods: PodSource;
  /** Names of the Pods that exist. */
  readonly names: Set<string>;
  /** Names of those that have Failed. */
  readonly finished: Set<string>;
}

/** A server that holds `names` and answers each create and delete after the given time, ms. */
export function scriptedPods(
  names: readonly string[],
  takes: { readonly createMs: number; readonly deleteMs: number },
): ScriptedPods {
  const present = new Set(names);
  const finished = new Set<string>();
  const client: LoadScope['client'] = {
    list: (_, { pick, fieldSelector }) => {
      const listed = fieldSelector === undefined ? present : finished;
      const items = [...listed].map((name) => pick({ metadata: metadataOf(name) } as never));
      return Promise.resolve({ items, resourceVersion: '1' });
    },
    create: async (_, body) => {
      await sleep(takes.createMs);
      present.add(body);
      return { outcome: 'created', attempts: 1 };
    },
    delete: async (path) => {
      await sleep(takes.deleteMs);
      const name = path.split('/').at(-1) ?? '';
      present.delete(name);
      finished.delete(name);
      return { outcome: 'deleted', attempts: 1 };
    },
  };
  return {
    scope: { client, namespace: 'x', labelSelector: 'a=b' },
    pods: { name: nameOf, body: nameOf },
    names: present,
    finished,
  };
}

function nameOf(slot: number, generation: number): string {
  return `p${slot}-g${generation}`;
}

function metadataOf(name: string): object {
  const [, slot, generation] = /^p(\d+)-g(\d+)$/.exec(name) ?? [];
  return { name, uid: name, labels: { 'belay.dev/slot': slot, 'belay.dev/generation': generation } };
}

/** Waits on the timers of `globalThis`, which a test can replace; those of node:timers/promises it cannot. */
function sleep(ms: number): Promise<void> {
  return new Promise((wake) => setTimeout(wake, ms));
}
