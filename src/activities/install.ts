import type { Logger } from 'pino';
import type { LoadedSystem } from '../adapters/files/load-system.ts';
import type { UsedTool } from '../adapters/identity/tool-identity.ts';
import type { ScrapeTarget } from '../adapters/prometheus/scrape-config.ts';
import type { RunningPrometheus } from '../adapters/prometheus/server.ts';
import type { SystemRequest } from '../adapters/systems/install-system.ts';
import type { TargetsRequest } from '../adapters/systems/scrape-targets.ts';
import type { ChartRequest } from '../adapters/systems/system-chart.ts';
import { SystemNotReady } from '../adapters/systems/system-ready.ts';
import { toolsOfSystem } from '../adapters/systems/tools-of-system.ts';
import type { SystemIdentity, ToolIdentity } from '../core/identity/identity-schema.ts';
import type { StageInput, StageResult } from '../core/campaign/stage-io.ts';
import type { System } from '../core/model/system.ts';
import type { CampaignSpec } from '../core/plan/spec.ts';
import { counted } from '../core/text/counted.ts';
import { recordIdentity } from './identity.ts';
import { stageActivity, systemNotThere } from './stage-activity.ts';
import { toolsRequired, type FindTool } from './tools.ts';

/** What the stage works with. */
export interface InstallAdapters {
  readonly findTool: FindTool;
  /** The system's file. @throws Error when it is no longer what the campaign was resolved with */
  loadSystem(system: CampaignSpec['system']): LoadedSystem;
  installChart(request: ChartRequest): Promise<void>;
  /** Applies the manifests, starts the processes and waits until the system is ready. @throws SystemNotReady */
  installSystem(request: SystemRequest & { readonly onProgress: (detail: string) => void }): Promise<void>;
  /** What of the system is scraped. @throws SystemNotReady when there is nothing to scrape */
  scrapeTargets(
    request: TargetsRequest,
    within: { readonly signal: AbortSignal; readonly budgetMs: number },
  ): Promise<readonly ScrapeTarget[]>;
  prometheus(slug: string): RunningPrometheus | undefined;
  writeTargets(
    prometheus: RunningPrometheus,
    targets: readonly ScrapeTarget[],
    within: { readonly signal: AbortSignal; readonly budgetMs: number },
  ): Promise<void>;
  readonly identify: {
    /** The programs of the system's processes. */
    programs(system: System, tools: ReadonlyMap<string, UsedTool>): Promise<readonly ToolIdentity[]>;
    system(request: ChartRequest): Promise<SystemIdentity>;
  };
}

/**
 * Installs the system under test on every cluster and has it scraped. A system that is part of the cluster needs nothing. A
 * system that does not get ready is a failure of the system. A missing tool or file is a failure of the harness.
 */
export function createInstall(log: Logger, adapters: InstallAdapters): (input: StageInput) => Promise<StageResult> {
  return stageActivity('install', log, async (context) => {
    const { spec } = context;
    const { system, folder } = adapters.loadSystem(spec.system);
    const tools = await context.step('toolsFound', () => toolsRequired(toolsOfSystem(system), adapters.findTool));
    const clusters = context.clusters();
    const common = { spec, system, systemFolder: folder, tools };

    if (system.install.helm !== undefined) {
      await context.stepEach(['chartsFound', 'chartsInstalled'], clusters, (cluster, { signal }) =>
        asSystemFailure(adapters.installChart({ ...common, cluster, signal })),
      );
    }
    await context.stepEach(
      ['manifestsApplied', 'strayProcessesStopped', 'systemReady'],
      clusters,
      (cluster, { signal, progress }) => {
        const fraction = clusters.indexOf(cluster) / clusters.length;
        const onProgress = (detail: string): void => progress({ live: detail, fraction });
        return asSystemFailure(adapters.installSystem({ ...common, cluster, signal, onProgress }));
      },
    );
    const prometheus = adapters.prometheus(spec.slug);
    await context.stepEach(['targetsFound', 'targetsWritten'], clusters, async (cluster, { signal, msOf }) => {
      if (system.scrape.length === 0 || prometheus === undefined) return;
      const found = adapters.scrapeTargets({ ...common, cluster }, { signal, budgetMs: msOf('targetsFound') });
      const targets = await asSystemFailure(found);
      await adapters.writeTargets(prometheus, targets, { signal, budgetMs: msOf('targetsWritten') });
    });

    const [first] = clusters;
    await recordIdentity(context, {
      tools: async () => ({
        tools: await context.step('programsIdentified', () => adapters.identify.programs(system, tools)),
      }),
      system: async () => ({
        system: await context.step('systemIdentified', ({ signal }) => {
          if (first === undefined) throw new Error('the campaign has no clusters');
          // All clusters have the same.
          return adapters.identify.system({ ...common, cluster: first, signal });
        }),
      }),
    });

    const { processes, manifests, helm } = system.install;
    const parts = processes.length + manifests.length + (helm === undefined ? 0 : 1);
    return {
      detail:
        parts === 0
          ? `${spec.system.name} is part of the cluster, nothing to install`
          : `${spec.system.name} is ready on ${counted(clusters.length, 'cluster')}`,
      facts: { system: spec.system.name, systemSha256: spec.system.sha256 },
    };
  });
}

async function asSystemFailure<Result>(work: Promise<Result>): Promise<Result> {
  try {
    return await work;
  } catch (error) {
    throw error instanceof SystemNotReady ? systemNotThere(error.message, error.mayPass) : error;
  }
}
