import type { Logger } from 'pino';
import type { LoadedSystem } from '../adapters/files/load-system.ts';
import type { ClusterRecord, Ledger } from '../adapters/host/ledger.ts';
import type { ProcessRecord } from '../adapters/host/processes.ts';
import type { Removal } from '../adapters/kube/remove-campaign.ts';
import type { SweepRequest } from '../adapters/systems/sweep-cluster.ts';
import type { ToolPaths } from '../adapters/substrates/substrate.ts';
import type { ChartRequest } from '../adapters/systems/system-chart.ts';
import type { SystemRequest } from '../adapters/systems/install-system.ts';
import { traitsOf } from '../core/model/substrate-types.ts';
import { limitedLeftovers } from '../core/campaign/limited-parts.ts';
import type { TeardownInput, TeardownResult } from '../core/campaign/stage-io.ts';
import type { CampaignSpec } from '../core/plan/spec.ts';
import { counted } from '../core/text/counted.ts';
import { momentText } from '../core/text/time.ts';
import { isCancelled } from './cancellation.ts';
import { teardownActivity, type BodyResult, type StageContext } from './stage-activity.ts';
import type { ItemResult, StageSteps } from './stage-steps.ts';
import { messageOf } from '../core/text/message-of.ts';

/** What the stage works with. */
export interface TeardownAdapters {
  readonly ledger: {
    read(slug: string): Ledger | undefined;
    /** Nothing restarts what a closing campaign has. */
    markClosing(slug: string): void;
    removeFolder(slug: string): void;
  };
  /** Gives back what was set aside on the disks of this host. */
  giveBackDisks(spec: CampaignSpec): void;
  /** Whether the evidence of a member is on the lead, all of it. */
  evidenceWasSent(slug: string): boolean;
  /** Ends the watches of the campaign. */
  endWatches(slug: string): Promise<void>;
  /** Drops the series of the campaign. */
  forgetMetrics(campaign: string): Promise<void>;
  /** The system's file. @throws Error when it is no longer what the campaign was resolved with */
  loadSystem(system: CampaignSpec['system']): LoadedSystem;
  /** The tools of this host. A missing tool is left out, because teardown may not need it. */
  tools(): Promise<ToolPaths>;
  removeChart(request: ChartRequest): Promise<void>;
  removeSystem(request: SystemRequest & { readonly budgetMs: number }): Promise<void>;
  /** Stops the processes that the ledger has for a cluster. */
  removeProcesses(slug: string, cluster: ClusterRecord, graceMs: number): Promise<void>;
  /** Removes what carries the campaign's label from a borrowed cluster. */
  sweep(request: SweepRequest): Promise<Removal>;
  removeCluster(spec: CampaignSpec, cluster: ClusterRecord, tools: ToolPaths, signal: AbortSignal): Promise<void>;
  stopPrometheus(slug: string, graceMs: number): Promise<void>;
  stopProcess(record: ProcessRecord, graceMs: number): Promise<unknown>;
}

/** What removing a campaign works in: an activity, or a worker that removes what nothing needs any more. */
type Context = Pick<StageContext<'teardown', TeardownInput>, 'spec' | 'log' | 'event'> &
  StageSteps<'teardown'> & {
    readonly evidence: Pick<StageContext['evidence'], 'discard'>;
  };

/** The activity `teardown`. */
export function createTeardown(
  log: Logger,
  adapters: TeardownAdapters,
): (input: TeardownInput) => Promise<TeardownResult> {
  return teardownActivity(log, async (context) => {
    const { keptUntilMs = 0 } = adapters.ledger.read(context.spec.slug) ?? {};
    if (keptUntilMs <= Date.now()) return await tearDownAndTidy(context, adapters);
    const kept = `everything on this host, kept until ${momentText(keptUntilMs)}`;
    return { detail: kept, facts: {}, leftovers: [kept] };
  });
}

/** Tears down. An attempt that goes on after another one has removed all, because its worker was frozen, leaves no file of its own. */
async function tearDownAndTidy(context: Context, adapters: TeardownAdapters): Promise<BodyResult<TeardownResult>> {
  try {
    return await tearDown(context, adapters);
  } finally {
    const { slug } = context.spec;
    if (adapters.ledger.read(slug) === undefined) adapters.ledger.removeFolder(slug);
  }
}

/**
 * Removes everything that the campaign made. One thing that cannot be removed does not keep the others: it is named, it stays on
 * the ledger, and the janitor removes it later. The ledger itself goes last.
 */
export async function tearDown(context: Context, adapters: TeardownAdapters): Promise<BodyResult<TeardownResult>> {
  const { spec } = context;
  const { processStopMs } = spec.deadlines.budgets;
  await context.step('watchesEnded', () => adapters.endWatches(spec.slug));
  const ledger = adapters.ledger.read(spec.slug);
  if (ledger === undefined) {
    await adapters.forgetMetrics(spec.campaign);
    return { detail: 'nothing was there', facts: {}, leftovers: [] };
  }
  adapters.giveBackDisks(spec);
  adapters.ledger.markClosing(spec.slug);
  const leftovers = [...(await removeClusters(context, adapters, ledger.clusters))];
  try {
    await context.step('prometheusStopped', () => adapters.stopPrometheus(spec.slug, processStopMs));
  } catch (error) {
    if (isCancelled(error)) throw error;
    leftovers.push(`Prometheus: ${messageOf(error)}`);
  }
  // Processes whose cluster or system file is gone: only the ledger still knows them.
  const strays = adapters.ledger.read(spec.slug)?.processes ?? [];
  const stopped = await context.stepEachSettled('strayProcessesStopped', strays, (record) =>
    adapters.stopProcess(record, processStopMs),
  );
  leftovers.push(...failures(stopped, ({ name }) => name));
  // The lead has it. Where something is left behind, it stays: it says what happened here.
  const isCopy = ledger.group?.lead === false && leftovers.length === 0 && adapters.evidenceWasSent(spec.slug);
  if (isCopy) context.evidence.discard();
  if (leftovers.length === 0) adapters.ledger.removeFolder(spec.slug);
  await adapters.forgetMetrics(spec.campaign);
  for (const leftover of leftovers) context.event('left-behind', leftover);
  const removed = `${counted(ledger.clusters.length, 'cluster')} and ${counted(ledger.processes.length, 'process', 'processes')} removed`;
  return {
    detail: leftovers.length === 0 ? removed : `${removed}; LEFT BEHIND: ${leftovers.join('; ')}`,
    facts: { clustersRemoved: ledger.clusters.length, leftovers: leftovers.length },
    leftovers: limitedLeftovers(leftovers),
  };
}

/** Removes the system and the campaign's objects from every cluster, then the clusters. @returns what is left, with the reason */
async function removeClusters(
  context: Context,
  adapters: TeardownAdapters,
  clusters: readonly ClusterRecord[],
): Promise<readonly string[]> {
  const { spec } = context;
  const { apiCallMs, processStopMs } = spec.deadlines.budgets;
  const tools = await adapters.tools();
  const known = systemOf(context, adapters);
  const isBorrowed = !traitsOf(spec.substrate).removedWhole;
  const borrowed = clusters.filter(({ owned }) => !owned);

  const charts =
    isBorrowed && known?.system.install.helm !== undefined
      ? await context.stepEachSettled(['chartsFound', 'chartsUninstalled'], borrowed, (cluster, { signal }) =>
          adapters.removeChart({ spec, system: known.system, systemFolder: known.folder, cluster, tools, signal }),
        )
      : [];
  const withChart = new Set(charts.flatMap(({ ok, item }) => (ok ? [] : [item.name])));

  const systems = await context.stepEachSettled(
    ['systemRemoved', 'systemProcessesStopped'],
    clusters,
    async (cluster, { signal, msOf }) => {
      // The ledger knows the processes even if the system's file has changed. The sweep finds what the file applied.
      if (known === undefined || withChart.has(cluster.name))
        return await adapters.removeProcesses(spec.slug, cluster, processStopMs);
      await adapters.removeSystem({
        spec,
        system: known.system,
        systemFolder: known.folder,
        cluster,
        tools,
        signal,
        // The last look takes as long as a call.
        budgetMs: Math.max(msOf('systemRemoved') / 2, msOf('systemRemoved') - apiCallMs),
      });
    },
  );

  // Only what carries this campaign's label. A cluster of our own is removed whole instead.
  const objects = isBorrowed
    ? await context.stepEachSettled(['objectsDeleted', 'objectsLeftListed'], borrowed, async (cluster, step) => {
        const { left, unsearched } = await adapters.sweep({
          campaign: spec.campaign,
          cluster,
          keepReleases: withChart.has(cluster.name),
          controllersGone: true,
          signal: step.signal,
          budgetMs: step.msOf('objectsDeleted'),
          onProgress: (count) => step.progress({ live: `${count} objects left in ${cluster.name}` }),
        });
        for (const line of unsearched) context.event('not-searched', `${cluster.name}: ${line}`);
        if (left.length > 0) throw new Error(left.slice(0, 5).join(', '));
      })
    : [];

  // Removing a borrowed cluster sweeps it again and takes it off the ledger: not while a chart is in it.
  const removable = clusters.filter(({ name }) => !withChart.has(name));
  const removed = await context.stepEachSettled(
    ['clustersDeleted', 'clusterProcessesStopped'],
    removable,
    (cluster, { signal }) => adapters.removeCluster(spec, cluster, tools, signal),
  );
  // What was still ending when its time was over, such as a finalizer of a slow controller, is not left behind.
  const swept = new Set(removed.flatMap(({ ok, item }) => (ok && item.uid !== '' ? [item.name] : [])));
  const late = objects.filter(({ item }) => swept.has(item.name));
  for (const line of failures(late, ({ name }) => `objects in ${name}`))
    context.event('swept-late', `${line}; a last sweep found nothing any more`);
  return [
    ...failures(charts, ({ name }) => `chart of ${spec.system.name} on ${name}`),
    ...failures(systems, ({ name }) => `${spec.system.name} on ${name}`),
    ...failures(
      objects.filter(({ item }) => !swept.has(item.name)),
      ({ name }) => `objects in ${name}`,
    ),
    ...failures(removed, ({ name }) => name),
  ];
}

/** The system's file, if it is still what the campaign was resolved with. */
function systemOf({ spec, log }: Context, adapters: TeardownAdapters): LoadedSystem | undefined {
  try {
    return adapters.loadSystem(spec.system);
  } catch (error) {
    log.warn({ err: error }, 'the system is removed without its file');
    return undefined;
  }
}

function failures<Item>(
  results: readonly ItemResult<Item, unknown>[],
  nameOf: (item: Item) => string,
): readonly string[] {
  return results.flatMap((one) => (one.ok ? [] : [`${nameOf(one.item)}: ${messageOf(one.error)}`]));
}
