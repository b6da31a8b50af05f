import { existsSync } from 'node:fs';
import type { Logger } from 'pino';
import type { SnapshotRequest } from '../adapters/evidence/collect-snapshot.ts';
import type { Transfer } from '../adapters/evidence/member-evidence.ts';
import type { ClusterRecord, Ledger } from '../adapters/host/ledger.ts';
import type { RunningPrometheus } from '../adapters/prometheus/server.ts';
import type { ClusterLog } from '../adapters/substrates/substrate.ts';
import { limitedParts } from '../core/campaign/limited-parts.ts';
import type { GroupPlacement, LeadAddress } from '../core/campaign/placement.ts';
import {
  LEAD_GROUP,
  type EvidencePart,
  type GroupClusters,
  type SnapshotInput,
  type SnapshotResult,
} from '../core/campaign/stage-io.ts';
import { asSet } from '../core/identity/identity-of.ts';
import type { ImageIdentity } from '../core/identity/identity-schema.ts';
import type { ActivityName } from '../core/model/stages.ts';
import type { CampaignSpec } from '../core/plan/spec.ts';
import { parseCheckpoint } from '../core/plan/stages/registry.ts';
import { EVIDENCE_SILENCE_MS } from '../core/plan/limits.ts';
import { throwIfSuperseded } from './attempt.ts';
import type { Progress } from './bounded.ts';
import { isCancelled } from './cancellation.ts';
import { ofClusters, recordIdentity } from './identity.ts';
import { snapshotActivity, type StageContext } from './stage-activity.ts';
import { messageOf } from '../core/text/message-of.ts';

/** What the stage works with. */
export interface SnapshotAdapters {
  readLedger(slug: string): Ledger | undefined;
  readCheckpoint(slug: string, activity: ActivityName, execution: number): unknown;
  /** The campaign's Prometheus, also one that no longer runs; undefined if there never was one. */
  prometheus(slug: string): RunningPrometheus | undefined;
  clusterLogs(spec: CampaignSpec, cluster: ClusterRecord): readonly ClusterLog[];
  collect(request: SnapshotRequest): Promise<unknown>;
  /** Adds to the folder what the lead needs of a member, and what is not in it yet. */
  keepHostFacts(folder: string, slug: string): void;
  /** Sends a member's folder to the lead. When it returns, all of it is there and was checked. */
  sendEvidence(request: Transfer & { readonly group: string; readonly lead: LeadAddress }): Promise<Sent>;
  /**
   * Collects what the members have sent, and what came `late` of groups whose clusters have moved. No other host may add to it then.
   * @returns a part for each of them, in this order
   */
  collectEvidence(
    request: Transfer & { readonly groups: readonly string[]; readonly late: readonly string[] },
  ): Promise<readonly EvidencePart[]>;
  /** The images that run in a cluster: of the system, and of the load. */
  images(
    spec: CampaignSpec,
    cluster: ClusterRecord,
    within: { readonly signal: AbortSignal; readonly budgetMs: number },
  ): Promise<readonly ImageIdentity[]>;
}

interface Sent {
  readonly files: number;
  readonly bytes: number;
}

type Context = StageContext<'snapshot', SnapshotInput>;

/**
 * Keeps the evidence that ends with the campaign's parts: curves, logs, the TSDB. A member sends its evidence to the lead, which
 * collects that of all members. A missing part does not fail the stage and does not delay it beyond its budget. It is named and
 * lowers the verdict, and teardown follows.
 */
export function createSnapshot(
  log: Logger,
  adapters: SnapshotAdapters,
): (input: SnapshotInput) => Promise<SnapshotResult> {
  return snapshotActivity(log, async (context) => {
    const { spec, evidence } = context;
    const { queryMs, snapshotMs } = spec.deadlines.budgets;
    const parts: EvidencePart[] = [];
    try {
      await context.step(['curvesRead', 'tsdbKept', 'logsCopied'], ({ signal, progress }) =>
        adapters.collect({
          folder: evidence.folder,
          campaign: spec.campaign,
          prometheus: adapters.prometheus(spec.slug),
          gates: spec.gates,
          soak: soakOf(context, adapters),
          campaignTime: {
            startMs: adapters.readLedger(spec.slug)?.createdAtMs ?? Date.now() - 1_000,
            endMs: Date.now(),
          },
          logs: logsOf(spec, adapters),
          queryBudgetMs: queryMs,
          snapshotBudgetMs: snapshotMs,
          signal,
          throwIfSuperseded: () => throwIfSuperseded(),
          onPart: (part) => {
            parts.push(part);
            progress({ live: `${part.what}: ${part.ok ? 'kept' : (part.error ?? 'missing')}` });
          },
        }),
      );
    } catch (error) {
      if (isCancelled(error)) throw error;
      parts.push({
        what: 'evidence in time',
        ok: false,
        error: messageOf(error),
      });
    }
    // A cluster that was lost with its lease is another campaign's.
    const clusters = (adapters.readLedger(spec.slug)?.clusters ?? []).filter(({ lostTo }) => lostTo === undefined);
    await recordIdentity(context, {
      images: async () => {
        if (adapters.readLedger(spec.slug)?.group?.clusterCount === 0) return {};
        if (clusters.length === 0) throw new Error('the campaign has no clusters');
        const results = await context.stepEachSettled('imagesIdentified', clusters, (cluster, { signal, eachMs }) =>
          adapters.images(spec, cluster, { signal, budgetMs: eachMs }),
        );
        const { found, unknown } = ofClusters('images', results);
        return { images: asSet(found.flat()), unknown };
      },
    });
    // First, because a result names the first ones.
    parts.unshift(...(await movedEvidence(context, adapters)));
    const missing = parts.filter((part) => !part.ok);
    for (const part of missing) {
      context.log.warn({ part }, 'evidence is missing');
      context.event('missing', `${part.what}: ${part.error ?? '?'}`);
    }
    return {
      detail:
        missing.length === 0
          ? `${parts.length} parts kept in ${evidence.folder}`
          : `missing: ${missing.map((part) => `${part.what} (${part.error ?? '?'})`).join('; ')}`,
      facts: { partsKept: parts.length - missing.length, partsMissing: missing.length },
      parts: limitedParts(parts),
    };
  });
}

/** Moves evidence between the hosts of a campaign. With one host there is none to move. */
async function movedEvidence(context: Context, adapters: SnapshotAdapters): Promise<readonly EvidencePart[]> {
  const { spec, input } = context;
  const group = adapters.readLedger(spec.slug)?.group;
  if (group?.lead === false) return input.leadLost === true ? [] : [await sentEvidence(context, adapters, group)];
  if (input.groups === undefined) return [];
  const { moved = [] } = input;
  const members = input.groups.filter((each) => each.group !== LEAD_GROUP);
  const [groups = [], late = []] = [members, moved].map((each) => each.map(({ group: name }) => name));
  try {
    const collected = await context.step('evidenceCollected', ({ signal, progress }) =>
      adapters.collectEvidence({ ...transferOf(context, signal, progress), groups, late }),
    );
    return [...collected.slice(0, members.length), ...lateEvidence(context, moved, collected.slice(members.length))];
  } catch (error) {
    if (isCancelled(error)) throw error;
    return [{ what: 'evidence of the other groups', ok: false, error: messageOf(error) }];
  }
}

/**
 * What groups that have moved away left behind and their hosts have sent since then. It is named where it is there; where it is not,
 * nothing is missing: the clusters that count are those of the other group.
 */
function lateEvidence(
  { spec, event }: Context,
  moved: readonly GroupClusters[],
  parts: readonly EvidencePart[],
): readonly EvidencePart[] {
  return moved.map(({ group, host }, index) => {
    const isHere = parts[index]?.ok === true;
    const where = isHere ? `groups/${group}` : `on that host, in runs/${spec.campaign} there`;
    const what = `evidence of ${group}, whose clusters have moved away from host ${host}: ${where}`;
    event(isHere ? 'kept' : 'elsewhere', what);
    return { what, ok: true };
  });
}

async function sentEvidence(
  context: Context,
  adapters: SnapshotAdapters,
  group: GroupPlacement,
): Promise<EvidencePart> {
  const { spec, evidence } = context;
  const { name, leadAddress: lead } = group;
  const what = `evidence of group ${name}, sent to ${lead.host}`;
  try {
    adapters.keepHostFacts(evidence.folder, spec.slug);
    await context.step('evidenceSent', ({ signal, progress }) =>
      adapters.sendEvidence({ ...transferOf(context, signal, progress), group: name, lead }),
    );
    return { what, ok: true };
  } catch (error) {
    if (isCancelled(error)) throw error;
    return { what, ok: false, error: messageOf(error) };
  }
}

function transferOf({ spec, evidence }: Context, signal: AbortSignal, progress: Progress): Transfer {
  return {
    slug: spec.slug,
    campaign: spec.campaign,
    folder: evidence.folder,
    signal,
    budgetMs: EVIDENCE_SILENCE_MS,
    onFile: (path, done, total) =>
      progress({ live: `${done} of ${total} files moved: ${path}`, fraction: done / total }),
  };
}

function soakOf({ spec, input }: Context, adapters: SnapshotAdapters): SnapshotRequest['soak'] {
  const { soak } = input;
  if (soak === undefined) return undefined;
  const activity = input.groups === undefined ? 'soak' : 'watch';
  const checkpoint = parseCheckpoint(activity, adapters.readCheckpoint(spec.slug, activity, soak.execution));
  return { startMs: checkpoint?.startAtMs ?? soak.startedAtMs, endMs: soak.endedAtMs, execution: soak.execution };
}

/** The logs of what a campaign has on this host, as far as there are some. */
export function logsOf(
  spec: CampaignSpec,
  adapters: Pick<SnapshotAdapters, 'readLedger' | 'clusterLogs'>,
): readonly { readonly name: string; readonly path: string }[] {
  const ledger = adapters.readLedger(spec.slug);
  if (ledger === undefined) return [];
  const ofClusters = ledger.clusters.flatMap((cluster) =>
    adapters.clusterLogs(spec, cluster).map(({ component, path }) => ({ name: `${cluster.name}-${component}`, path })),
  );
  // The system's processes are among those on the ledger.
  const ofProcesses = ledger.processes.map(({ name, logPath }) => ({ name, path: logPath }));
  // A component that never started has no log, and none is missing.
  return [...ofProcesses, ...ofClusters].filter(({ path }) => existsSync(path));
}
