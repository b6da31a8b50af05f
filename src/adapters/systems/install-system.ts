import type { CallBudgets } from '../../core/plan/deadline-model.ts';
import type { CampaignSpec } from '../../core/plan/spec.ts';
import type { System } from '../../core/model/system.ts';
import { readLedger } from '../host/ledger.ts';
import type { ClusterRecord, LedgerProcess } from '../host/ledger.ts';
import { applyManifests } from '../kube/apply.ts';
import type { ClusterClient } from '../kube/client.ts';
import { withCluster } from '../kube/with-cluster.ts';
import { removeCampaign } from '../kube/remove-campaign.ts';
import type { ScrapeTarget } from '../prometheus/scrape-config.ts';
import type { ToolPaths } from '../substrates/substrate.ts';
import { readManifests } from './manifests.ts';
import { checkPlaceholders, ensureProcess, ledgerName, removeProcess, removeProcessesOf } from './system-processes.ts';
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
 * @throws KubeError when a borrowed cluster does not answer; the processes are stopped all the same
 */
export async function removeSystem(request: SystemRequest): Promise<void> {
  const { system, cluster, signal, spec } = request;
  const { apiCallMs, processStopMs } = spec.deadlines.budgets;
  const sweep = async (client: ClusterClient): Promise<void> => {
    const options = { campaign: spec.campaign, onProgress: () => undefined };
    await removeCampaign(client, options, { signal, budgetMs: 2 * apiCallMs });
  };
  try {
    // While its controllers still run: they take their finalizers off their objects.
    if (!cluster.owned) await withCluster(cluster, sweep);
  } finally {
    for (const { name } of system.install.processes.toReversed()) {
      await removeProcess(spec.slug, cluster, name, processStopMs);
    }
    // Of an earlier state of the file, perhaps.
    await removeProcessesOf(spec.slug, cluster, processStopMs);
  }
}

/** What of a system is scraped on a cluster, from the ports on record. */
export function systemScrapeTargets(
  request: Pick<SystemRequest, 'spec' | 'system' | 'cluster'>,
): readonly ScrapeTarget[] {
  const { spec, system, cluster } = request;
  const processes = readLedger(spec.slug)?.processes ?? [];
  return system.scrape.map(({ job, process, port, url, path }) => {
    if (url !== undefined) {
      const { protocol, host } = new URL(url);
      return {
        job,
        cluster: cluster.name,
        scheme: protocol === 'https:' ? 'https' : 'http',
        address: host,
        path,
        tls: {},
      };
    }
    const name = ledgerName(cluster, process ?? '');
    const number = processes.find((each) => each.name === name)?.ports?.[port ?? ''];
    if (number === undefined) {
      throw new Error(`scrape ${job}: process ${process ?? '(none)'} has no port ${port ?? '(none)'} on record`);
    }
    return { job, cluster: cluster.name, scheme: 'http', address: `127.0.0.1:${number}`, path, tls: {} };
  });
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
  for (const manifest of await readManifests(system, request.systemFolder, signal)) {
    const [applied] = await applyManifests(client, [manifest], { owner, defaultNamespace: 'default' }, within);
    // A CRD that was there serves as well as ours would; anything else of the same name is somebody's system.
    if (applied?.outcome === 'foreign' && manifest.kind !== 'CustomResourceDefinition') {
      throw new Error(`${applied.what} exists already in ${cluster.name} and was not made by this campaign`);
    }
    onProgress(`${cluster.name}: ${applied?.what} ${applied?.outcome === 'foreign' ? 'was there' : 'applied'}`);
  }
}
