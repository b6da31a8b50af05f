import { ApplicationFailure } from '@temporalio/activity';
import type { Logger } from 'pino';
import { keepBesideLedger } from '../adapters/evidence/spec-store.ts';
import type { ClusterRecord, Ledger } from '../adapters/host/ledger.ts';
import { TargetInUse } from '../adapters/kube/target-lease.ts';
import { FederationRefusal } from '../adapters/prometheus/federation-refusal.ts';
import type { PrometheusRequest, RunningPrometheus } from '../adapters/prometheus/server.ts';
import type { ScrapeTarget } from '../adapters/prometheus/scrape-config.ts';
import type { UsedTool } from '../adapters/identity/tool-identity.ts';
import type { SubstrateAdapter, ToolPaths } from '../adapters/substrates/substrate.ts';
import { toolsOfSubstrate } from '../adapters/substrates/registry.ts';
import type { ClusterClass, TemporalIdentity, ToolIdentity } from '../core/identity/identity-schema.ts';
import { FAILURE_TYPES } from '../core/campaign/failure-types.ts';
import type { GroupPlacement, LeadAddress } from '../core/campaign/placement.ts';
import { KubeconfigProblem } from '../core/kubeconfig/kubeconfig-problem.ts';
import { LEAD_GROUP, type StageInput, type StageResult } from '../core/campaign/stage-io.ts';
import { namesNeeded } from '../core/gates/names-needed.ts';
import type { ExistingPrometheus } from '../core/model/existing-prometheus.ts';
import type { HostSweep } from '../core/campaign/sweep.ts';
import { CLOCKS_APART_MS } from '../core/plan/limits.ts';
import { clockCorrectionMs, clockText } from '../core/plan/clock-ahead.ts';
import { existingPrometheusOf, federatedJobs } from '../core/plan/federation.ts';
import { clusterBytes } from '../core/plan/host-fit.ts';
import { scrapeIntervalMs } from '../core/plan/scrape-interval.ts';
import type { CampaignSpec } from '../core/plan/spec.ts';
import { trialObjects } from '../core/plan/trial-objects.ts';
import { countedClasses } from '../core/identity/counted-classes.ts';
import { counted } from '../core/text/counted.ts';
import { messageOf } from '../core/text/message-of.ts';
import { claimActivity } from './attempt.ts';
import { boundInWorker } from './bound-in-worker.ts';
import { ofClusters, recordIdentity } from './identity.ts';
import { stageActivity, type StageContext } from './stage-activity.ts';
import { toolsRequired, type FindTool } from './tools.ts';

/** What the stage works with. */
export interface ProvisionAdapters {
  readonly findTool: FindTool;
  /** Removes what abandoned campaigns have on this host. */
  sweepHost(signal: AbortSignal): Promise<HostSweep>;
  /**
   * Sets aside what the campaign's end needs. @throws Error when a disk of evidence, of clusters or of Prometheus is almost full, or
   * cannot be written
   */
  requireSpace(spec: CampaignSpec): void;
  /** The campaign's page in the Temporal UI; empty where that is not known. */
  link(spec: CampaignSpec): string;
  /** Writes the campaign's ledger, unless it exists. @throws Error when the memory that it reserves is not free */
  openLedger(ledger: Ledger): void;
  /** Keeps what the campaign has on this host until a moment, unless a user has said how long. */
  keepAtFirst(slug: string, untilMs: number): void;
  /** The campaign's group on this host; undefined where the campaign has one host. */
  groupOf(slug: string): GroupPlacement | undefined;
  /** Why the run folder of a member is not its own; undefined where it is. */
  sharedFolderProblem(folder: string): string | undefined;
  /** How much the clock of the lead is ahead of this host's, ms. */
  clockAheadMs(slug: string, lead: LeadAddress, within: Within): Promise<number>;
  substrate(spec: CampaignSpec, tools: ToolPaths): Pick<SubstrateAdapter, 'provision' | 'scrapeTargets'>;
  /** Asks the existing Prometheus of a substrate for what the campaign needs of it. @throws FederationRefusal */
  tryExistingPrometheus(
    spec: CampaignSpec,
    prometheus: ExistingPrometheus,
    clusters: OwnClusters,
    within: Within,
  ): Promise<void>;
  /** Where the campaign's Prometheus takes series of a cluster over from the existing one; none where there is none. */
  federationTargets(spec: CampaignSpec, cluster: ClusterRecord): readonly ScrapeTarget[];
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
    const group = ownGroup(context, adapters);
    if (group?.lead === false) {
      refuseSharedFolder(context, adapters);
      await compareClocks(context, adapters, group);
    }
    adapters.openLedger(firstLedger(spec));
    // Before anything is made: without its specification nothing that the ledger lists could be removed.
    keepBesideLedger(spec);
    // There was no ledger to claim it in.
    claimActivity(spec.slug);
    if (spec.keepMs !== undefined) adapters.keepAtFirst(spec.slug, Date.now() + spec.keepMs);
    const tools = await context.step(['leftoversSwept', 'toolsFound'], async ({ signal, msOf }) => {
      // After the sweep of what others left, and before anything is made.
      await sweepLeftovers(context, adapters, { signal, budgetMs: msOf('leftoversSwept') });
      adapters.requireSpace(spec);
      return await toolsRequired(toolsOfSubstrate(spec), adapters.findTool);
    });
    const own = {
      firstCluster: group?.firstCluster ?? 0,
      clusterCount: group?.clusterCount ?? spec.plan.clusterCount,
    };
    await tryExisting(context, adapters, own);
    const substrate = adapters.substrate(spec, tools);
    const asked = ['clustersAsked', 'clustersReady', 'targetsTried', 'targetsLeased'] as const;
    const clusters = await context.step(asked, ({ signal, progress, msOf }) =>
      leased(
        substrate.provision({
          spec,
          ...(msOf('targetsTried') === 0
            ? {}
            : {
                trial: {
                  objects: (index) => trialObjects(spec, index, context.owner, false),
                  budgetMs: spec.deadlines.budgets.apiCallMs,
                },
              }),
          onUnsearched: (line) => context.event('not-searched', line),
          ...own,
          tools,
          lease: { waitMs: spec.targetWaitMs ?? 0, link: adapters.link(spec) },
          signal,
          onProgress: (done, total, detail) =>
            progress({ live: `${done} of ${total} clusters up: ${detail}`, fraction: done / total }),
        }),
      ),
    );
    const clocks = clusters.flatMap(({ name, clock }) => (clock === undefined ? [] : [{ name, clock }]));
    for (const { name, clock } of clocks) {
      if (clockCorrectionMs(clock) !== 0)
        context.event(
          'clock-apart',
          `the clock of ${name} is ${clockText(clock)}: times of its scheduler are corrected`,
        );
    }
    const prometheus = await context.step(['strayPrometheusStopped', 'prometheusReady'], ({ signal, msOf }) =>
      adapters.startPrometheus({
        slug: spec.slug,
        binary: tools.get('prometheus')?.path ?? 'prometheus',
        scrapeIntervalMs: scrapeIntervalMs(spec.plan),
        namesSent: namesNeeded(spec.gates),
        readyMs: msOf('prometheusReady'),
        signal,
      }),
    );
    await context.step('workerScraped', (within) => adapters.scrapeWorker(spec.slug, within));
    const absent = await context.stepEach('clustersScraped', clusters, async (cluster, { signal, eachMs }) => {
      const found = await substrate.scrapeTargets(cluster, signal);
      const federated = adapters.federationTargets(spec, cluster);
      const isOwn = ({ job }: { readonly job: string }): boolean =>
        federated.every(({ federatedJob }) => federatedJob !== job);
      const targets = [...found.targets.filter(isOwn), ...federated];
      await adapters.writeTargets(prometheus, targets, { signal, budgetMs: eachMs });
      return found.absent.filter(isOwn).map(({ job, reason }) => `${cluster.name}: ${job} is not scraped (${reason})`);
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
      detail: [
        `${counted(clusters.length, 'cluster')} up, ${measuredBy(group, prometheus)}`,
        ...takenOver(spec),
        ...notScraped,
      ].join('; '),
      facts: {
        clusters: clusters.length,
        ...(group?.lead === false ? {} : { prometheus: prometheus.url }),
        clusterUids: clusters.map((cluster) => cluster.uid).join(','),
        ...(clocks.length === 0
          ? {}
          : { clocks: clocks.map(({ name, clock }) => `${name} ${clockText(clock)}`).join(', ') }),
      },
    };
  });
}

/** The campaign's clusters on this host. */
type OwnClusters = Pick<GroupPlacement, 'firstCluster' | 'clusterCount'>;

/** @throws ApplicationFailure `TargetRefuses`, which ends the campaign, when the existing Prometheus cannot give what it needs */
async function tryExisting(
  context: StageContext<'provision'>,
  adapters: ProvisionAdapters,
  clusters: OwnClusters,
): Promise<void> {
  const { spec } = context;
  const prometheus = existingPrometheusOf(spec.substrate);
  if (prometheus === undefined) return;
  await context.step('existingPrometheusTried', async ({ signal }) => {
    try {
      const budgetMs = spec.deadlines.budgets.queryMs;
      await adapters.tryExistingPrometheus(spec, prometheus, clusters, { signal, budgetMs });
    } catch (error) {
      // A proxy of the environment that is no address stays one.
      if (!(error instanceof FederationRefusal || error instanceof KubeconfigProblem)) throw error;
      throw ApplicationFailure.nonRetryable(error.message, FAILURE_TYPES.targetRefuses);
    }
  });
}

/** The campaign's group on this host. @throws ApplicationFailure when it is not the one that the stage is for */
function ownGroup({ input, spec }: StageContext, adapters: ProvisionAdapters): GroupPlacement | undefined {
  const group = adapters.groupOf(spec.slug);
  const name = group?.name ?? LEAD_GROUP;
  if (name === input.group) return group;
  const message = `this host does not have group ${input.group} of ${spec.campaign} any more: its lease has ended`;
  throw ApplicationFailure.nonRetryable(message, FAILURE_TYPES.harnessFault);
}

/**
 * @throws ApplicationFailure `TargetInUse`, which ends the campaign, when another campaign has one of the clusters; `HarnessFault` for a
 * kubeconfig that another attempt would find as it is
 */
async function leased<T>(provisioned: Promise<T>): Promise<T> {
  try {
    return await provisioned;
  } catch (error) {
    if (error instanceof KubeconfigProblem) {
      throw ApplicationFailure.nonRetryable(error.message, FAILURE_TYPES.harnessFault);
    }
    if (!(error instanceof TargetInUse)) throw error;
    throw ApplicationFailure.nonRetryable(error.message, FAILURE_TYPES.targetInUse);
  }
}

/** Removes what abandoned campaigns have on this host: they take its ports and its CPU. A sweep that fails costs no campaign. */
async function sweepLeftovers(
  context: StageContext<'provision'>,
  adapters: ProvisionAdapters,
  { signal, budgetMs }: Within,
): Promise<void> {
  // A campaign that an earlier version resolved has no time for it.
  if (budgetMs === 0) return;
  try {
    const bound = boundInWorker(signal);
    const { campaigns } = await bound('leftovers swept', { budgetMs }, (inner) => adapters.sweepHost(inner));
    for (const { campaign, state, why, left } of campaigns) {
      if (state === 'removed') context.event('swept', `${campaign} was abandoned and is removed: ${why}`);
      if (state === 'left-behind') context.event('not-swept', `${campaign}: ${left.join('; ')}`);
    }
  } catch (error) {
    signal.throwIfAborted();
    context.event('not-swept', messageOf(error));
  }
}

/** @throws ApplicationFailure when this host and the lead keep their evidence in one folder */
function refuseSharedFolder({ evidence }: StageContext, adapters: ProvisionAdapters): void {
  const problem = adapters.sharedFolderProblem(evidence.folder);
  if (problem !== undefined) throw ApplicationFailure.nonRetryable(problem, FAILURE_TYPES.harnessFault);
}

/** All hosts take moments from the campaign's clock. @throws ApplicationFailure when this host's clock is another one */
async function compareClocks(
  context: StageContext<'provision'>,
  adapters: ProvisionAdapters,
  { leadAddress }: GroupPlacement,
): Promise<void> {
  const aheadMs = await context.step('clockCompared', (within) =>
    adapters.clockAheadMs(context.spec.slug, leadAddress, within),
  );
  if (Math.abs(aheadMs) <= CLOCKS_APART_MS) return;
  const apart = `${Math.round(Math.abs(aheadMs) / 1_000)} s ${aheadMs > 0 ? 'behind' : 'ahead of'}`;
  throw ApplicationFailure.nonRetryable(
    `the clock of this host is ${apart} that of ${leadAddress.host}, the lead: synchronize them, e.g. by NTP`,
    FAILURE_TYPES.harnessFault,
  );
}

function measuredBy(group: GroupPlacement | undefined, { url }: RunningPrometheus): string {
  return group?.lead === false ? `measured by the Prometheus of ${group.leadAddress.host}` : `Prometheus at ${url}`;
}

function takenOver({ substrate }: CampaignSpec): readonly string[] {
  const jobs = federatedJobs(substrate).map(({ job }) => job);
  return jobs.length === 0 ? [] : [`${jobs.join(', ')} by ${existingPrometheusOf(substrate)?.url}`];
}

function firstLedger(spec: CampaignSpec): Ledger {
  const { campaign, slug, workflowId, runId, deadlines, plan } = spec;
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
    reservedBytes: plan.clusterCount * clusterBytes(spec),
  };
}
