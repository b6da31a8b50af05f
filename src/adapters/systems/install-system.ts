import type { CallBudgets } from '../../core/plan/deadline-model.ts';
import type { CampaignSpec } from '../../core/plan/spec.ts';
import type { System } from '../../core/model/system.ts';
import { readLedger, recordCluster } from '../host/ledger.ts';
import type { ClusterRecord, LedgerProcess } from '../host/ledger.ts';
import { isAlive } from '../host/processes.ts';
import { namespaceLabels } from '../../core/plan/labels.ts';
import { applyManifests, type Manifest } from '../kube/apply.ts';
import type { ClusterClient } from '../kube/client.ts';
import { ensureNamespace } from '../kube/namespace.ts';
import { withCluster } from '../kube/with-cluster.ts';
import { sweepCluster } from './sweep-cluster.ts';
import type { ToolPaths } from '../substrates/substrate.ts';
import { readManifests } from './manifests.ts';
import { checkPlaceholders, ensureProcess, removeProcess, removeProcessesOf } from './system-processes.ts';
import { waitUntilReady } from './system-ready.ts';

/** A system on one cluster. `systemFolder` is where its file lies: manifests and charts are found from there. */
export interface SystemRequest {
  readonly spec: Pick<CampaignSpec, 'campaign' | 'slug'> & {
    readonly deadlines: { readonly budgets: Pick<CallBudgets, 'apiCallMs' | 'systemReadyMs' | 'processStopMs'> };
  };
  readonly system: System;
  readonly systemFolder: string;
  readonly cluster: ClusterRecord;
  readonly tools: ToolPaths;
  readonly signal: AbortSignal;
}

/**
 * Installs a system on a cluster and waits until it is ready. Running it again takes up what runs and applies the same
 * objects again.
 * @throws Error naming the manifest, process or condition that prevents it
 */
export async function installSystem(
  request: SystemRequest & { readonly onProgress: (detail: string) => void },
): Promise<void> {
  const { system, cluster, signal, onProgress } = request;
  const { budgets } = request.spec.deadlines;
  checkPlaceholders(system, { ...request, slug: request.spec.slug });
  await withCluster(cluster, async (client) => {
    await applyAll(request, client, onProgress);
    const processes = new Map<string, LedgerProcess>();
    for (const process of system.install.processes) {
      onProgress(`${cluster.name}: starting ${process.name}`);
      processes.set(process.name, await ensureProcess({ ...request, slug: request.spec.slug }, process, signal));
    }
    await waitUntilReady({
      system,
      client,
      processes,
      within: { signal, budgetMs: Math.min(system.ready.timeoutMs, budgets.systemReadyMs) },
      onStep: (detail) => onProgress(`${cluster.name}: ${detail}`),
    });
  });
  onProgress(`${cluster.name}: ${system.metadata.name} is ready`);
}

/**
 * Removes a system: from a cluster that was borrowed, everything that carries the campaign's label, then its processes. Right for
 * one that is half installed or not there.
 * @param budgetMs how long the system's controllers have to take their finalizers off
 * @throws KubeError when a borrowed cluster does not answer; the processes are stopped all the same
 */
export async function removeSystem(request: SystemRequest & { readonly budgetMs: number }): Promise<void> {
  const { system, cluster, signal, spec, budgetMs } = request;
  const { processStopMs } = spec.deadlines.budgets;
  try {
    // While its controllers still run: they take their finalizers off their objects.
    if (!cluster.owned) {
      const { campaign } = spec;
      const running = (readLedger(spec.slug)?.processes ?? []).filter((each) => each.cluster === cluster.name);
      const controllersGone = system.install.processes.length > 0 && !running.some((record) => isAlive(record));
      const options = { keepReleases: false, controllersGone, onProgress: () => undefined };
      await sweepCluster({ campaign, cluster, signal, budgetMs, ...options });
    }
  } finally {
    for (const { name } of system.install.processes.toReversed()) {
      await removeProcess(spec.slug, cluster, name, processStopMs);
    }
    // Of an earlier state of the file, perhaps.
    await removeProcessesOf(spec.slug, cluster, processStopMs);
  }
}

/** Records what a sweep of a borrowed cluster must know of the system, also when its file is gone. */
function recordBrought({ spec, system, cluster }: SystemRequest, kinds: readonly string[]): void {
  const now = readLedger(spec.slug)?.clusters.find(({ name }) => name === cluster.name);
  if (now === undefined) return;
  recordCluster(spec.slug, { ...now, brought: { kinds, finalizers: system.install.finalizers ?? [] } });
}

async function applyAll(
  request: SystemRequest,
  client: ClusterClient,
  onProgress: (detail: string) => void,
): Promise<void> {
  const { system, cluster, signal, spec } = request;
  const expiresAtMs = readLedger(spec.slug)?.expiresAtMs ?? 0;
  const owner = { campaign: spec.campaign, stage: 'install', expiresAtMs };
  const within = { signal, budgetMs: spec.deadlines.budgets.apiCallMs };
  const kinds = new Set<string>();
  const manifests = await readManifests(system, request.systemFolder, signal);
  if (manifests.some(inLoadNamespace)) await ensureNamespace(client, spec.slug, namespaceLabels(owner), within);
  for (const written of manifests) {
    const manifest = inLoadNamespace(written) ? movedTo(written, spec.slug) : written;
    const [applied] = await applyManifests(client, [manifest], { owner, defaultNamespace: 'default' }, within);
    if (applied !== undefined && !cluster.owned && !kinds.has(applied.kind)) {
      kinds.add(applied.kind);
      recordBrought(request, [...kinds]);
    }
    // A CRD that was there serves as well as ours would; anything else of the same name is somebody's system.
    if (applied?.outcome === 'foreign' && manifest.kind !== 'CustomResourceDefinition') {
      throw new Error(`${applied.what} exists already in ${cluster.name} and was not made by this campaign`);
    }
    onProgress(`${cluster.name}: ${applied?.what} ${applied?.outcome === 'foreign' ? 'was there' : 'applied'}`);
  }
}

/** What a manifest writes as its namespace to be in the one of the load's Pods, e.g. the queue that they are put into. */
const LOAD_NAMESPACE = '${namespace}';

function inLoadNamespace({ metadata }: Manifest): boolean {
  return metadata.namespace === LOAD_NAMESPACE;
}

function movedTo(manifest: Manifest, namespace: string): Manifest {
  return { ...manifest, metadata: { ...manifest.metadata, namespace } };
}
