import type { Logger } from 'pino';
import { loadSystem } from '../adapters/files/load-system.ts';
import { ownPrometheus, writeTargets } from '../adapters/prometheus/server.ts';
import { installSystem, systemScrapeTargets } from '../adapters/systems/install-system.ts';
import { SystemNotReady } from '../adapters/systems/system-ready.ts';
import { toolsOfSystem } from '../adapters/systems/tools-of-system.ts';
import { counted } from '../core/text/counted.ts';
import type { StageInput, StageResult } from '../core/campaign/stage-io.ts';
import { CALLS_PER_MANIFEST } from '../core/plan/limits.ts';
import { bounded } from './bounded.ts';
import { toolPaths } from './provision.ts';
import { installChart } from './system-chart.ts';
import { stageActivity, systemNotThere } from './stage-activity.ts';

/**
 * Installs the system under test on every cluster and has it scraped. A system that is part of the cluster needs nothing. One
 * that is there and does not get ready is the system's failure, a tool or file that is missing the harness's.
 */
export function createInstall(log: Logger): (input: StageInput) => Promise<StageResult> {
  return stageActivity('install', log, async (context) => {
    const { spec } = context;
    const { budgets } = spec.deadlines;
    const { system, folder } = loadSystem(spec.system);
    const tools = await bounded('look for tools', { budgetMs: budgets.apiCallMs }, () =>
      toolPaths(toolsOfSystem(system)),
    );
    const clusters = context.clusters();
    const prometheus = ownPrometheus(spec.slug);
    const perClusterMs =
      budgets.apiCallMs * Math.max(1, system.install.manifests.length * CALLS_PER_MANIFEST) + 2 * budgets.systemReadyMs;
    for (const [index, cluster] of clusters.entries()) {
      await bounded(
        `install ${spec.system.name} on ${cluster.name}`,
        { budgetMs: perClusterMs },
        async (signal, progress) => {
          const request = { spec, system, systemFolder: folder, cluster, tools, signal };
          const onProgress = (detail: string): void => progress({ live: detail, fraction: index / clusters.length });
          try {
            await installChart(request);
            await installSystem({ ...request, onProgress });
          } catch (error) {
            throw error instanceof SystemNotReady ? systemNotThere(error.message, error.mayPass) : error;
          }
          const targets = systemScrapeTargets(request);
          if (prometheus !== undefined && targets.length > 0)
            await writeTargets(prometheus, targets, { signal, budgetMs: budgets.apiCallMs });
        },
      );
    }
    const parts =
      system.install.processes.length + system.install.manifests.length + (system.install.helm === undefined ? 0 : 1);
    return {
      detail:
        parts === 0
          ? `${spec.system.name} is part of the cluster, nothing to install`
          : `${spec.system.name} is ready on ${counted(clusters.length, 'cluster')}`,
      facts: { system: spec.system.name, systemSha256: spec.system.sha256 },
    };
  });
}
