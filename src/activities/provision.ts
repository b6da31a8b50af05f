import type { Logger } from 'pino';
import type { ClusterRecord, Ledger } from '../adapters/host/ledger.ts';
import type { PrometheusRequest, RunningPrometheus } from '../adapters/prometheus/server.ts';
import type { ScrapeTarget } from '../adapters/prometheus/scrape-config.ts';
import type { UsedTool } from '../adapters/identity/tool-identity.ts';
import type { SubstrateAdapter, ToolPaths } from '../adapters/substrates/substrate.ts';
import { toolsOfSubstrate } from '../adapters/substrates/registry.ts';
import type { ClusterClass, TemporalIdentity, ToolIdentity } from '../core/identity/identity-schema.ts';
import type { StageInput, StageResult } from '../core/campaign/stage-io.ts';
import { scrapeIntervalMs } from '../core/plan/scrape-interval.ts';
import type { CampaignSpec } from '../core/plan/spec.ts';
import { countedClasses } from '../core/identity/counted-classes.ts';
import { counted } from '../core/text/counted.ts';
import { ofClusters, recordIdentity } from './identity.ts';
import { stageActivity } from './stage-activity.ts';
import { toolsRequired, type FindTool } from './tools.ts';

/** What the stage works with. */
export interface ProvisionAdapters {
  readonly findTool: FindTool;
  /** Writes the campaign's ledger, unless it exists. */
  openLedger(ledger: Ledger): void;
  substrate(spec: CampaignSpec, tools: ToolPaths): Pick<SubstrateAdapter, 'provision' | 'scrapeTargets'>;
  startPrometheus(request: PrometheusRequest): Promise<RunningPrometheus>;
  writeTargets(prometheus: RunningPrometheus, targets: readonly ScrapeTarget[], within: Within): Promise<void>;
  /** Has the campaign's Prometheus scrape this worker. */
  scrapeWorker(slug: string, within: Within): Promise<void>;
  readonly identify: {
    tools(tools: ReadonlyMap<string, UsedTool>): Promise<readonly ToolIdentity[]>;
    temporal(): Promise<TemporalIdentity>;
    cluster(cluster: ClusterRecord, within: Within): Promise<ClusterClass>;
  };
}

interface Within {
  readonly signal: AbortSignal;
  readonly budgetMs: number;
}

/** Starts the clusters, or connects to existing ones, and starts the campaign's Prometheus that scrapes them. */
export function createProvision(log: Logger, adapters: ProvisionAdapters): (input: StageInput) => Promise<StageResult> {
  return stageActivity('provision', log, async (context) => {
    const { spec } = context;
    adapters.openLedger(firstLedger(spec));
    const tools = await context.step('toolsFound', () => toolsRequired(toolsOfSubstrate(spec), adapters.findTool));
    const substrate = adapters.substrate(spec, tools);
    const clusters = await context.step(['clustersAsked', 'clustersReady'], ({ signal, progress }) =>
      substrate.provision({
        spec,
        clusterCount: spec.plan.clusterCount,
        tools,
        signal,
        onProgress: (done, total, detail) =>
          progress({ live: `${done} of ${total} clusters up: ${detail}`, fraction: done / total }),
      }),
    );
    const prometheus = await context.step(['strayPrometheusStopped', 'prometheusReady'], ({ signal, msOf }) =>
      adapters.startPrometheus({
        slug: spec.slug,
        binary: tools.get('prometheus')?.path ?? 'prometheus',
        scrapeIntervalMs: scrapeIntervalMs(spec.plan),
        readyMs: msOf('prometheusReady'),
        signal,
      }),
    );
    await context.step('workerScraped', (within) => adapters.scrapeWorker(spec.slug, within));
    const absent = await context.stepEach('clustersScraped', clusters, async (cluster, { signal, eachMs }) => {
      const found = await substrate.scrapeTargets(cluster, signal);
      await adapters.writeTargets(prometheus, found.targets, { signal, budgetMs: eachMs });
      return found.absent.map(({ job, reason }) => `${cluster.name}: ${job} is not scraped (${reason})`);
    });
    const notScraped = absent.flat();
    for (const line of notScraped) context.event('not-scraped', line);
    await recordIdentity(context, {
      tools: async () => ({ tools: await context.step('toolsIdentified', () => adapters.identify.tools(tools)) }),
      temporal: async () => ({
        temporal: await context.step('temporalIdentified', () => adapters.identify.temporal()),
      }),
      clusters: async () => {
        const results = await context.stepEachSettled('clustersIdentified', clusters, (cluster, { signal, eachMs }) =>
          adapters.identify.cluster(cluster, { signal, budgetMs: eachMs }),
        );
        const { found, unknown } = ofClusters('clusters', results);
        return { clusters: countedClasses(found), unknown };
      },
    });
    return {
      detail: [`${counted(clusters.length, 'cluster')} up, Prometheus at ${prometheus.url}`, ...notScraped].join('; '),
      facts: {
        clusters: clusters.length,
        prometheus: prometheus.url,
        clusterUids: clusters.map((cluster) => cluster.uid).join(','),
      },
    };
  });
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
