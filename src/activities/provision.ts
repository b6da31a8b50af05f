import { ApplicationFailure } from '@temporalio/activity';
import type { Logger } from 'pino';
import { openLedger, type Ledger } from '../adapters/host/ledger.ts';
import { startPrometheus, writeTargets } from '../adapters/prometheus/server.ts';
import { substrateAdapter } from '../adapters/substrates/select-substrate.ts';
import { toolsOfSubstrate } from '../adapters/substrates/tools-of-substrate.ts';
import { findTool, type FoundTool } from '../adapters/toolchain/find-tool.ts';
import type { ToolName } from '../adapters/toolchain/tools.ts';
import { counted } from '../core/text/counted.ts';
import { FAILURE_TYPES } from '../core/campaign/failure-types.ts';
import type { StageInput, StageResult } from '../core/campaign/stage-io.ts';
import type { CampaignSpec } from '../core/plan/spec.ts';
import { bounded } from './bounded.ts';
import { scrapeIntervalMs } from '../core/plan/scrape-interval.ts';
import { stageActivity, type StageContext } from './stage-activity.ts';
import { claimWatch, pointAt, thisWorker } from '../adapters/observe/worker-target.ts';

/** Brings up the clusters, or takes up those that are there, and the campaign's Prometheus that scrapes them. */
export function createProvision(log: Logger, metricsPort: number): (input: StageInput) => Promise<StageResult> {
  return stageActivity('provision', log, async (context) => {
    const { spec } = context;
    const { budgets } = spec.deadlines;
    openLedger(firstLedger(spec));
    const tools = await bounded('look for tools', { budgetMs: budgets.apiCallMs }, () =>
      toolPaths(toolsOfSubstrate(spec)),
    );
    const adapter = substrateAdapter(spec.substrate, tools);
    const { clusterCount } = spec.plan;
    const clusters = await bounded('bring up clusters', { budgetMs: clusterWaitMs(context) }, (signal, progress) =>
      adapter.provision({
        spec,
        clusterCount,
        tools,
        signal,
        onProgress: (done, total, detail) =>
          progress({ live: `${done} of ${total} clusters up: ${detail}`, fraction: done / total }),
      }),
    );
    const prometheus = await bounded('start Prometheus', { budgetMs: budgets.systemReadyMs }, async (signal) => {
      const started = await startPrometheus({
        slug: spec.slug,
        binary: tools.get('prometheus')?.path ?? 'prometheus',
        scrapeIntervalMs: scrapeIntervalMs(spec.plan),
        readyMs: budgets.systemReadyMs,
        signal,
      });
      const worker = thisWorker(metricsPort);
      claimWatch(spec.slug, worker);
      await pointAt(spec.slug, worker, { signal, budgetMs: budgets.apiCallMs });
      return started;
    });
    const absent: string[] = [];
    for (const cluster of clusters) {
      await bounded(`scrape ${cluster.name}`, { budgetMs: 2 * budgets.apiCallMs }, async (signal) => {
        const found = await adapter.scrapeTargets(cluster, signal);
        absent.push(...found.absent.map(({ job, reason }) => `${cluster.name}: ${job} is not scraped (${reason})`));
        await writeTargets(prometheus, found.targets, {
          signal,
          budgetMs: budgets.apiCallMs,
        });
      });
    }
    for (const line of absent) context.event('not-scraped', line);
    return {
      detail: `${counted(clusters.length, 'cluster')} up, Prometheus at ${prometheus.url}${absent.length === 0 ? '' : `; ${absent.join('; ')}`}`,
      facts: {
        clusters: clusters.length,
        prometheus: prometheus.url,
        clusterUids: clusters.map((cluster) => cluster.uid).join(','),
      },
    };
  });
}

/**
 * Paths of tools that are on this host. A stage never builds or downloads: that would be minutes inside a deadline.
 * @throws ApplicationFailure naming what is missing and the command that gets it
 */
export async function toolPaths(names: readonly ToolName[]): Promise<ReadonlyMap<ToolName, FoundTool>> {
  const found = await Promise.all(
    names.map(async (name): Promise<[ToolName, FoundTool | undefined]> => [name, await findTool(name)]),
  );
  const missing = found.filter(([, tool]) => tool === undefined).map(([name]) => name);
  if (missing.length > 0) {
    throw ApplicationFailure.nonRetryable(
      `tools are missing on this host: ${missing.join(', ')}; "./belay setup --all" gets them`,
      FAILURE_TYPES.harnessFault,
    );
  }
  return new Map(found.filter((entry): entry is [ToolName, FoundTool] => entry[1] !== undefined));
}

function firstLedger({ campaign, slug, workflowId, runId, deadlines }: CampaignSpec): Ledger {
  const nowMs = Date.now();
  return {
    campaign,
    slug,
    workflowId,
    runId,
    createdAtMs: nowMs,
    expiresAtMs: nowMs + deadlines.janitorMs,
    clusters: [],
    processes: [],
  };
}

/** Everything that provision's deadline has for clusters. */
function clusterWaitMs({ spec }: StageContext): number {
  const steps = spec.deadlines.stages.provision.derivation.filter(({ what }) => /cluster/i.test(what));
  return Math.max(
    spec.deadlines.budgets.clusterReadyMs,
    steps.reduce((sum, step) => sum + step.count * step.eachMs, 0),
  );
}
