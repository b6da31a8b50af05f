import type { Logger } from 'pino';
import { loadSystem } from '../adapters/files/load-system.ts';
import { markClosing, readLedger, removeCampaignFolder, type ClusterRecord } from '../adapters/host/ledger.ts';
import { stopProcess } from '../adapters/host/processes.ts';
import { connectCluster } from '../adapters/kube/client.ts';
import { removeCampaign } from '../adapters/kube/remove-campaign.ts';
import { forgetCampaign } from '../adapters/prometheus/own-metrics.ts';
import { stopPrometheus } from '../adapters/prometheus/server.ts';
import type { ToolPaths } from '../adapters/substrates/substrate.ts';
import { substrateAdapter } from '../adapters/substrates/select-substrate.ts';
import { removeSystem } from '../adapters/systems/install-system.ts';
import { removeProcessesOf } from '../adapters/systems/system-processes.ts';
import { findTool } from '../adapters/toolchain/find-tool.ts';
import { TOOL_NAMES, type ToolName } from '../adapters/toolchain/tools.ts';
import type { FoundTool } from '../adapters/toolchain/find-tool.ts';
import { sweepMs } from '../core/plan/limits.ts';
import { counted } from '../core/text/counted.ts';
import type { StageInput, TeardownResult } from '../core/campaign/stage-io.ts';
import { bounded } from './bounded.ts';
import { isCancelled } from './cancellation.ts';
import { ALL_BUT_RELEASES, hasChartToRemove, removeChart } from './system-chart.ts';
import { eachAtOnce } from './each-at-once.ts';
import type { Observers } from '../adapters/observe/observers.ts';
import { stageActivity, type StageContext } from './stage-activity.ts';

/** Clusters taken down at once. */
const AT_ONCE = 4;

/**
 * Takes down everything the campaign made. One thing that cannot be removed does not keep the rest: it is named, kept on the
 * ledger, and the janitor's. The ledger goes last.
 */
export function createTeardown(log: Logger, observers: Observers): (input: StageInput) => Promise<TeardownResult> {
  return stageActivity<TeardownResult>('teardown', log, async (context) => {
    const { spec } = context;
    const { budgets } = spec.deadlines;
    await bounded('end watches', { budgetMs: budgets.apiCallMs }, () => observers.end(spec.slug));
    const ledger = readLedger(spec.slug);
    if (ledger === undefined) {
      await forgetCampaign(spec.campaign);
      return { detail: 'nothing was there', facts: {}, leftovers: [] };
    }
    markClosing(spec.slug);
    const leftovers: string[] = [];
    await eachAtOnce(ledger.clusters, AT_ONCE, async (cluster) => {
      leftovers.push(...(await takeDown(context, cluster)));
    });
    await attempt(leftovers, 'Prometheus', () =>
      bounded('stop Prometheus', { budgetMs: 3 * budgets.processStopMs }, () =>
        stopPrometheus(spec.slug, budgets.processStopMs),
      ),
    );
    // What no adapter knows any more: a process whose cluster or system file is gone.
    for (const record of readLedger(spec.slug)?.processes ?? []) {
      await attempt(leftovers, record.name, () =>
        bounded(`stop ${record.name}`, { budgetMs: 3 * budgets.processStopMs }, () =>
          stopProcess(record, budgets.processStopMs),
        ),
      );
    }
    if (leftovers.length === 0) removeCampaignFolder(spec.slug);
    await forgetCampaign(spec.campaign);
    const removed = `${counted(ledger.clusters.length, 'cluster')} and ${counted(ledger.processes.length, 'process', 'processes')} removed`;
    return {
      detail: leftovers.length === 0 ? removed : `${removed}; LEFT BEHIND: ${leftovers.join('; ')}`,
      facts: { clustersRemoved: ledger.clusters.length, leftovers: leftovers.length },
      leftovers,
    };
  });
}

async function takeDown(context: StageContext, cluster: ClusterRecord): Promise<readonly string[]> {
  const { spec } = context;
  const { budgets, stages } = spec.deadlines;
  const leftovers: string[] = [];
  const tools = await toolsHere();
  const known = systemHere(context);
  const chartGone = await uninstall(context, cluster, known, tools, leftovers);
  await attempt(leftovers, `${spec.system.name} on ${cluster.name}`, async () => {
    const processes = Math.max(1, readLedger(spec.slug)?.processes.length ?? 1);
    const budgetMs = budgets.processStopMs * 3 * processes + budgets.apiCallMs * 3;
    await bounded(`remove ${spec.system.name} from ${cluster.name}`, { budgetMs }, async (signal) => {
      // The ledger knows the processes also when the system's file has changed since; what it applied, the sweep finds.
      if (known === undefined || !chartGone) return removeProcessesOf(spec.slug, cluster, budgets.processStopMs);
      await removeSystem({ spec, system: known.system, systemFolder: known.folder, cluster, tools, signal });
    });
  });
  if (!cluster.owned) {
    // Only what carries this campaign's label; a cluster of our own is removed whole instead.
    await attempt(leftovers, `objects in ${cluster.name}`, async () => {
      const budgetMs = sweepMs(stages.teardown);
      const { left } = await bounded(
        `sweep ${cluster.name}`,
        { budgetMs: budgetMs + budgets.apiCallMs },
        async (signal, progress) => {
          const client = await connectCluster({ kubeconfigPath: cluster.kubeconfigPath, context: cluster.context });
          try {
            return await removeCampaign(
              client,
              {
                campaign: spec.campaign,
                ...(chartGone ? {} : { only: ALL_BUT_RELEASES }),
                onProgress: (count) => progress({ live: `${count} objects left in ${cluster.name}` }),
              },
              { signal, budgetMs },
            );
          } finally {
            await client.close();
          }
        },
      );
      if (left.length > 0) throw new Error(left.slice(0, 5).join(', '));
    });
  }
  // Letting go of a cluster that was lent sweeps it once more, and takes it off the ledger: not while a chart is in it.
  if (!chartGone) return leftovers;
  await attempt(leftovers, cluster.name, () =>
    bounded(`remove ${cluster.name}`, { budgetMs: budgets.clusterReadyMs + budgets.processStopMs }, (signal) =>
      substrateAdapter(spec.substrate, tools).remove(cluster, signal),
    ),
  );
  return leftovers;
}

/** Uninstalls the system's chart, where there is one. @returns false when it is still there, and told among the leftovers */
async function uninstall(
  { spec }: StageContext,
  cluster: ClusterRecord,
  known: ReturnType<typeof loadSystem> | undefined,
  tools: ToolPaths,
  leftovers: string[],
): Promise<boolean> {
  if (known === undefined || !hasChartToRemove({ system: known.system, cluster })) return true;
  const { systemReadyMs, apiCallMs } = spec.deadlines.budgets;
  const budgetMs = systemReadyMs + apiCallMs;
  return await attempt(leftovers, `chart of ${spec.system.name} on ${cluster.name}`, () =>
    bounded(`uninstall the chart of ${spec.system.name} from ${cluster.name}`, { budgetMs }, (signal) =>
      removeChart({ spec, system: known.system, systemFolder: known.folder, cluster, tools, signal }),
    ),
  );
}

/** The system's file, if it is still what the campaign was resolved with. */
function systemHere({ spec, log }: StageContext): ReturnType<typeof loadSystem> | undefined {
  try {
    return loadSystem(spec.system);
  } catch (error) {
    log.warn({ err: error }, 'removing the system without its file');
    return undefined;
  }
}

/**
 * Runs one step; a failure is named instead of thrown, so that the steps after it run. A cancel is passed on.
 * @returns whether it succeeded
 */
async function attempt(leftovers: string[], what: string, step: () => Promise<unknown>): Promise<boolean> {
  try {
    await step();
    return true;
  } catch (error) {
    if (isCancelled(error)) throw error;
    leftovers.push(`${what}: ${error instanceof Error ? error.message : String(error)}`);
    return false;
  }
}

/** Whatever tools there are: teardown must not fail because one that it does not need is missing. */
async function toolsHere(): Promise<ReadonlyMap<ToolName, FoundTool>> {
  const found = await Promise.all(
    TOOL_NAMES.map(async (name): Promise<[ToolName, FoundTool | undefined]> => [name, await findTool(name)]),
  );
  return new Map(found.filter((entry): entry is [ToolName, FoundTool] => entry[1] !== undefined));
}
