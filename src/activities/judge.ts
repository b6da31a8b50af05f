import type { Logger } from 'pino';
import { worst } from '../core/gates/model.ts';
import { hostRecord } from '../core/verdict/host-record.ts';
import type { HostEvidence, OwnEvidence } from '../adapters/evidence/host-evidence.ts';
import { isDiskError } from '../adapters/host/disk-room.ts';
import type { Ledger } from '../adapters/host/ledger.ts';
import { buildSummary, type SummaryInput } from '../core/verdict/build-summary.ts';
import { besideEarlier } from '../core/history/beside-earlier.ts';
import { flaggedMetrics } from '../core/history/flagged-metrics.ts';
import { latestChanges, LISTED_RUNS } from '../core/history/latest-changes.ts';
import type { MetricTrend } from '../core/history/metric-trends.ts';
import type { StoredRun } from '../core/history/stored-run.ts';
import { isTrendGate, withTrendGates } from '../core/history/trend-gates.ts';
import type { StoredReading } from '../core/verdict/stored-reading.ts';
import type { LoadRecord, Summary, SummaryAction } from '../core/verdict/summary-model.ts';
import { faultResults } from '../core/campaign/fault-results.ts';
import type { SoakCheckpoint } from '../core/plan/checkpoints/soak.ts';
import { withUnreportedBreach } from '../core/verdict/unreported-breach.ts';
import { latestOutcome, type CampaignState } from '../core/campaign/machine.ts';
import {
  gateLine,
  LEAD_GROUP,
  type FlaggedMetric,
  type JudgeInput,
  type JudgeResult,
} from '../core/campaign/stage-io.ts';
import { finalGates, type FinalSoak } from '../core/verdict/final-readings.ts';
import type { CampaignSpec } from '../core/plan/spec.ts';
import { throwIfSuperseded } from './attempt.ts';
import { CampaignHosts } from './campaign-hosts.ts';
import { isCancelled } from './cancellation.ts';
import { judgeActivity, type StageContext } from './stage-activity.ts';
import { namingDisk } from './why-halted.ts';
import { messageOf } from '../core/text/message-of.ts';

/** Changes in the result of a campaign. summary.json has all. */
const CHANGES = 10;

/** Metrics in it that wait for the next run, or waited for this one. */
const FLAGGED = 50;

/** What a stage reported about itself. */
type Facts = Readonly<Record<string, number | string>>;

/** What the stage works with: the evidence of the campaign. */
export interface JudgeAdapters {
  /** Gives back what was set aside on the disk of the evidence. */
  giveBackDisk(spec: CampaignSpec): void;
  readReadings(folder: string): readonly StoredReading[];
  /** What this host recorded. */
  ownEvidence(folder: string, slug: string): OwnEvidence;
  /** What the host of another group recorded. */
  evidenceOfGroup(folder: string, group: string): HostEvidence;
  /** Merges the timelines of groups into that of this host. */
  mergeTimelines(folder: string, groups: readonly string[]): void;
  readLedger(slug: string): Ledger | undefined;
  sha256(text: string): string;
  /** Stored runs of a profile on this host, newest first. */
  earlierRuns(profile: string, signal: AbortSignal): Promise<readonly StoredRun[]>;
  /** Keeps the values that the campaign was compared with. */
  writeHistory(folder: string, trends: readonly MetricTrend[]): void;
  writeSummary(folder: string, summary: Summary): void;
  writeJunit(folder: string, summary: Summary): void;
  writeReport(folder: string, signal: AbortSignal, throwIfSuperseded: () => void): Promise<unknown>;
  writeManifest(folder: string, signal: AbortSignal, throwIfSuperseded: () => void): Promise<unknown>;
  /** Whether a store for evidence is set. */
  hasStore(): boolean;
  /** Puts the finished folder into it. @returns where it is; undefined when none is set */
  store(request: StoreRequest): Promise<{ readonly to: string } | undefined>;
}

interface StoreRequest {
  readonly folder: string;
  readonly campaign: string;
  readonly signal: AbortSignal;
  readonly budgetMs: number;
  readonly onFile: (path: string, done: number, total: number) => void;
}

/**
 * Judges the readings and writes summary, report and JUnit file. It asks no cluster and no Prometheus, because every reading that
 * counts was taken before.
 */
export function createJudge(log: Logger, adapters: JudgeAdapters): (input: JudgeInput) => Promise<JudgeResult> {
  return judgeActivity(log, async (context) => {
    const { spec, input, evidence } = context;
    const { state } = input;
    adapters.giveBackDisk(spec);
    const members = (input.groups ?? []).map(({ group }) => group).filter((group) => group !== LEAD_GROUP);
    if (members.length > 0) {
      await ifPossible(context, 'merged timeline', async () => adapters.mergeTimelines(evidence.folder, members));
    }
    const { summary, flagged } = await context.step('readingsJudged', async ({ signal }) => {
      const readings = adapters.readReadings(evidence.folder);
      const hosts = hostsOf(context, adapters);
      const checkpoint = hosts.soak(latestOutcome(state, 'soak')?.execution ?? 0);
      const soak = finalSoak(spec, state, checkpoint, input.facts['soak']);
      const results = finalGates(spec.gates, readings, soak, Date.now());
      const known = {
        spec,
        state: withUnreportedBreach(state, spec.gates, readings, results),
        readings,
        actions: actionsOf(spec, state, checkpoint, hosts),
        infrastructureEvents: hosts.infrastructure(),
        evidence: input.evidence,
        earlierSpecHashes: input.earlierSpecHashes,
        load: loadOf(input.facts['ramp']),
        lateness: checkpoint?.lateness,
        host: hostRecord(hosts.own.size, hosts.own.samples, state.outcomes),
        hosts: hosts.records(state),
        observed: hosts.observed(state),
        facts: input.facts,
        context: contextOf(adapters.readLedger(spec.slug)),
        endedAtMs: Date.now(),
        findings: hosts.findings(),
        sha256: (text: string) => adapters.sha256(text),
      } satisfies Omit<SummaryInput, 'results'>;
      const judged = await besideEarlierRuns(context, adapters, { ...known, results }, signal);
      return { ...judged, summary: written(context, adapters, judged.summary) };
    });
    await ifPossible(context, 'report', () =>
      context.step('reportWritten', ({ signal }) =>
        adapters.writeReport(evidence.folder, signal, () => throwIfSuperseded()),
      ),
    );
    await ifPossible(context, 'manifest', () =>
      context.step('evidenceListed', ({ signal }) =>
        adapters.writeManifest(evidence.folder, signal, () => throwIfSuperseded()),
      ),
    );
    const stored = await storedEvidence(context, adapters);
    return {
      detail: `${summary.verdict}${summary.reasons[0] === undefined ? '' : `: ${summary.reasons[0]}`}${stored}`,
      facts: { verdict: summary.verdict },
      verdict: summary.verdict,
      // A workflow's result stays small. summary.json has all reasons.
      reasons: summary.reasons.slice(0, 20).map((reason) => reason.slice(0, 500)),
      gates: summary.gates.map(gateLine),
      changes: (summary.history?.changes ?? []).slice(0, CHANGES).map(({ text }) => text.slice(0, 300)),
      flagged: flagged.slice(0, FLAGGED).map((metric) => ({ ...metric, text: metric.text.slice(0, 300) })),
    };
  });
}

/** Writes the summary. On a full disk the verdict is not lost with its file: the workflow keeps it, lowered by what is missing. */
function written(
  { spec, evidence, log }: StageContext<'judge', JudgeInput>,
  adapters: JudgeAdapters,
  judged: Summary,
): Summary {
  // A worker that was frozen while it judged goes on here.
  throwIfSuperseded();
  try {
    adapters.writeSummary(evidence.folder, judged);
    adapters.writeJunit(evidence.folder, judged);
    return judged;
  } catch (error) {
    if (!isDiskError(error)) throw error;
    log.error({ err: error }, 'the summary could not be written');
    const reason = `the evidence is not complete: ${messageOf(namingDisk(error, spec))}`;
    return { ...judged, verdict: worst([judged.verdict, 'unmeasured']), reasons: [...judged.reasons, reason] };
  }
}

/**
 * The summary of a campaign, compared with earlier runs of its profile on this host: its trend gates are read from them. What was
 * used is kept in `history.json`. Where earlier runs cannot be read, only the trend gates are unmeasured.
 * @returns with it the metrics that wait for the next run, or waited for this one
 */
async function besideEarlierRuns(
  { spec, evidence, event, log }: StageContext<'judge', JudgeInput>,
  adapters: JudgeAdapters,
  input: SummaryInput,
  signal: AbortSignal,
): Promise<{ readonly summary: Summary; readonly flagged: readonly FlaggedMetric[] }> {
  const alone = buildSummary(input);
  const { gates } = spec;
  try {
    const earlier = await adapters.earlierRuns(spec.profile.metadata.name, signal);
    const own = new Set(gates.filter(isTrendGate).map(({ name }) => name));
    const trends = besideEarlier(alone, evidence.folder, earlier).filter(({ metric }) => !own.has(metric));
    const history = {
      earlierRuns: (trends[0]?.runs.length ?? 1) - 1,
      over: LISTED_RUNS,
      changes: latestChanges(trends),
    };
    adapters.writeHistory(evidence.folder, trends);
    const results = withTrendGates(gates, input.results, trends);
    return { summary: buildSummary({ ...input, results, history }), flagged: flaggedMetrics(trends) };
  } catch (error) {
    signal.throwIfAborted();
    log.error({ err: error }, 'earlier runs could not be read');
    event('no-history', messageOf(error));
    if (!gates.some(isTrendGate)) return { summary: alone, flagged: [] };
    const results = withTrendGates(gates, input.results, { unreadable: messageOf(error) });
    return { summary: buildSummary({ ...input, results }), flagged: [] };
  }
}

/** Runs a part whose failure does not change the verdict: summary.json has everything that counts. A cancel is passed on. */
async function ifPossible(
  { event, log }: Pick<StageContext, 'event' | 'log'>,
  what: 'report' | 'manifest' | 'merged timeline',
  write: () => Promise<unknown>,
): Promise<void> {
  try {
    await write();
  } catch (error) {
    if (isCancelled(error)) throw error;
    log.error({ err: error }, `the ${what} could not be written`);
    event(`no-${what.replaceAll(' ', '-')}`, messageOf(error));
  }
}

/** What the hosts of the campaign recorded. */
function hostsOf(
  { spec, input, evidence: { folder } }: StageContext<'judge', JudgeInput>,
  adapters: JudgeAdapters,
): CampaignHosts {
  const own = adapters.ownEvidence(folder, spec.slug);
  return new CampaignHosts({ own, of: (group) => adapters.evidenceOfGroup(folder, group) }, input.groups);
}

/** Puts the folder into the store that is set. A failure is reported and changes nothing else. @returns the end of a sentence */
async function storedEvidence(context: StageContext<'judge', JudgeInput>, adapters: JudgeAdapters): Promise<string> {
  const { spec, evidence, event, log } = context;
  try {
    if (!adapters.hasStore()) return '';
    const stored = await context.step('evidenceStored', ({ signal, budgetMs, progress }) =>
      adapters.store({
        folder: evidence.folder,
        campaign: spec.campaign,
        signal,
        budgetMs,
        onFile: (path, done, total) =>
          progress({ live: `${done} of ${total} files stored: ${path}`, fraction: done / total }),
      }),
    );
    if (stored === undefined) return '';
    event('stored', stored.to);
    return `; evidence in ${stored.to}`;
  } catch (error) {
    if (isCancelled(error)) throw error;
    log.error({ err: error }, 'the evidence could not be put into its store');
    event('not-stored', messageOf(error));
    return `; the evidence is NOT in its store: ${messageOf(error)}`;
  }
}

/** How the runner actions of the latest soak ended. */
function actionsOf(
  spec: CampaignSpec,
  state: CampaignState,
  checkpoint: SoakCheckpoint | undefined,
  hosts: CampaignHosts,
): readonly SummaryAction[] {
  // A soak that ended early did not reach its later actions. The verdict reports the early end instead.
  const soak = latestOutcome(state, 'soak');
  if (soak?.outcome !== 'succeeded') return [];
  return faultResults(spec, checkpoint?.actions ?? {}, (index) => hosts.drove(index, soak.execution));
}

/** The latest soak: when it began, and until when its checks were due. */
function finalSoak(
  spec: CampaignSpec,
  state: CampaignState,
  checkpoint: SoakCheckpoint | undefined,
  facts: Facts | undefined,
): FinalSoak {
  const outcome = latestOutcome(state, 'soak');
  if (outcome === undefined) return { execution: 0 };
  const { execution, endedAtMs } = outcome;
  const startAtMs = checkpoint?.startAtMs ?? facts?.['soakStartMs'];
  if (typeof startAtMs !== 'number') return { execution };
  const { soakSeconds, settleSeconds } = spec.profile.loadProfile;
  // The check that saw a breach was the last one that was due.
  const breachAtMs = checkpoint?.breach?.reading.atMs ?? Infinity;
  const schedule = {
    settleEndMs: startAtMs + settleSeconds * 1_000,
    endMs: Math.min(startAtMs + soakSeconds * 1_000, endedAtMs, breachAtMs + 1),
    intervalMs: spec.deadlines.budgets.gateIntervalMs,
  };
  return { execution, schedule };
}

/** The load of the ramp. A value that the ramp could not measure is absent, because 0 would be a measurement. */
function loadOf(facts: Facts | undefined): LoadRecord | null {
  if (facts === undefined) return null;
  const measured = (name: string): number | undefined => {
    const fact = facts[name];
    return typeof fact === 'number' ? fact : undefined;
  };
  const asked = measured('askedPerSec');
  const achieved = measured('achievedPerSec');
  const lateLowMs = measured('sentLateP99LowMs');
  const lateMs = measured('sentLateP99Ms');
  return {
    asked: measured('podsWanted') ?? 0,
    created: (measured('podsCreated') ?? 0) + (measured('podsExisting') ?? 0),
    ...(asked === undefined ? {} : { askedPodsPerSec: asked }),
    ...(achieved === undefined ? {} : { achievedPodsPerSec: achieved }),
    ...(lateLowMs === undefined ? {} : { latenessP99LowSeconds: lateLowMs / 1_000 }),
    ...(lateMs === undefined ? {} : { latenessP99Seconds: lateMs / 1_000 }),
  };
}

function contextOf(ledger: Ledger | undefined): string {
  const cluster = ledger?.clusters[0];
  return cluster === undefined ? '' : cluster.context === '' ? cluster.name : cluster.context;
}
