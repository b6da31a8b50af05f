import type { ClusterClient, ObjectMeta } from '../../../src/adapters/kube/client.ts';
import { createNodes, waitForNodes } from '../../../src/adapters/kube/machines.ts';
import { ensureNamespace } from '../../../src/adapters/kube/namespace.ts';
import { PodCounter } from '../../../src/adapters/kube/pod-counter.ts';
import type { PodSource } from '../../../src/adapters/kube/pod-requests.ts';
import { podsPath } from '../../../src/adapters/kube/slot-book.ts';
import type { LoadScope } from '../../../src/adapters/kube/slot-book.ts';
import type { Within } from '../../../src/adapters/kube/api-request.ts';
import { watchPods } from '../../../src/adapters/kube/watch-pods.ts';
import type { PodChange, PodWatch } from '../../../src/adapters/kube/pod-watch.ts';
import { PodAccounts } from '../../../src/adapters/observe/pod-accounts.ts';
import type { PodKey } from '../../../src/adapters/observe/pod-facts.ts';
import type { Demand } from '../../../src/core/plan/demand.ts';
import { LABELS, ownershipLabels } from '../../../src/core/plan/labels.ts';
import { nodeBody, planNodes } from '../../../src/core/plan/nodes.ts';
import type { NodePlan } from '../../../src/core/plan/nodes.ts';
import type { SeedRow } from '../../../src/core/plan/plan.ts';
import { podTemplate } from '../../../src/core/plan/pod-shape.ts';
import { drawWorkloads, podName, podSlots } from '../../../src/core/plan/workload.ts';
import type { Workload } from '../../../src/core/plan/workload.ts';
import type { Catalogue } from '../../../src/core/model/catalogue.ts';

/** The load of a small campaign on a real cluster: its Nodes are made, its Pods are up to the test. */
export interface TestLoad {
  readonly slug: string;
  readonly count: number;
  readonly workloads: readonly Workload[];
  readonly ground: NodePlan;
  readonly scope: LoadScope & { readonly client: ClusterClient };
  readonly pods: PodSource;
}

/** Limits of a call in a test. */
export function within(budgetMs = 60_000): Within {
  return { signal: AbortSignal.timeout(120_000), budgetMs };
}

/** Draws a load and makes its namespace and Nodes. `slug` keeps the loads of one cluster apart. */
export async function makeLoad(
  client: ClusterClient,
  request: {
    readonly slug: string;
    readonly catalogue: Catalogue;
    readonly rows: readonly SeedRow[];
    readonly count: number;
    readonly seed?: number;
    /** What is wanted in the course of a soak, instead of workloads drawn for `count`. */
    readonly demand?: Demand;
  },
): Promise<TestLoad> {
  const { slug, catalogue, rows, count } = request;
  const owner = { campaign: slug, stage: 'seed', expiresAtMs: Date.now() + 3_600_000 };
  const workloads = request.demand?.workloads ?? drawWorkloads(catalogue, count, request.seed ?? 1);
  const bindable = request.demand?.bindable ?? workloads;
  const ground = planNodes({ slug, catalogue, rows, workloads: bindable, clusterIndex: 0, clusterCount: 1 });
  const context = { slug, owner, domains: ground.domains, anyInstanceType: false };
  const templates = podSlots(workloads).map(({ workload }) => {
    const archetype = catalogue.archetypes.find(({ name }) => name === workload.archetype);
    if (archetype === undefined) throw new Error(`drew ${workload.archetype}, which is not in the catalogue`);
    return podTemplate(workload, archetype, context);
  });
  await ensureNamespace(client, slug, ownershipLabels(owner), within());
  await createNodes({
    client,
    bodies: ground.nodes.map((node) => nodeBody(node, owner)),
    parallel: 32,
    callBudgetMs: 30_000,
    signal: within().signal,
    onProgress: () => {},
  });
  await waitForNodes(client, { campaign: slug, count: ground.nodes.length, onProgress: () => {} }, within());
  return {
    slug,
    count,
    workloads,
    ground,
    scope: { client, namespace: slug, labelSelector: `${LABELS.campaign}=${slug}` },
    pods: {
      name: (slot, generation) => podName(slug, slot, generation),
      body: (slot, generation, moments) => templates[slot]?.(slot, generation, moments) ?? '',
    },
  };
}

/** A load that is watched. */
export interface Observed {
  readonly counter: PodCounter;
  readonly watch: PodWatch;
  readonly accounts: PodAccounts;
  /** Pods whose binding was recorded, in order. */
  readonly bound: PodKey[];
  end(): Promise<void>;
}

/** Watches a load's Pods. */
export async function observe({ scope, count }: TestLoad, compareMs = 20_000): Promise<Observed> {
  const stop = new AbortController();
  const bound: PodKey[] = [];
  const accounts = new PodAccounts({
    record: (fact) => {
      if (fact.type === 'ended' && fact.end === 'bound') bound.push(fact);
    },
    onEnd: () => undefined,
  });
  const counter = new PodCounter(Array(count).keys());
  const onChange = (change: PodChange): void => {
    counter.take(change);
    accounts.take(change, Date.now());
  };
  const watch = watchPods({ ...scope, onChange, signal: stop.signal, compareMs, listBudgetMs: 30_000 });
  await watch.synced;
  return {
    counter,
    accounts,
    watch,
    bound,
    end: async () => {
      stop.abort();
      await watch.done;
    },
  };
}

/** A Pod as it is. */
interface PodNow {
  readonly uid: string;
  /** Empty until it is bound. */
  readonly node: string;
  /** Why the scheduler has not bound it; empty while it has not said so. */
  readonly waits: string;
}

/** The fields of a Pod that are read. */
interface PodObject {
  readonly metadata: ObjectMeta;
  readonly spec: { readonly nodeName?: string };
  readonly status?: { readonly conditions?: readonly { readonly type: string; readonly message?: string }[] };
}

/** A load's Pods as they are, by name. */
export async function podsOf({ scope }: TestLoad): Promise<ReadonlyMap<string, PodNow>> {
  const { items } = await scope.client.list(
    podsPath(scope.namespace),
    {
      labelSelector: scope.labelSelector,
      pick: ({ metadata, spec, status }: PodObject) => {
        const waits = status?.conditions?.find(({ type }) => type === 'PodScheduled')?.message ?? '';
        return [metadata.name, { uid: metadata.uid, node: spec.nodeName ?? '', waits }] as const;
      },
    },
    within(),
  );
  return new Map(items);
}
