import { ApplicationFailure } from '@temporalio/activity';
import { makeCurrent, keepForRetry, readSpec, runIdOf } from '../adapters/evidence/spec-store.ts';
import { buildSpec, type SpreadCase } from '../adapters/files/build-spec.ts';
import type { FoundFile } from '../adapters/files/find.ts';
import { loadSystem } from '../adapters/files/load-system.ts';
import { chartProblem } from '../adapters/systems/chart-problem.ts';
import { targetsOf } from '../adapters/substrates/kubeconfig/campaign-targets.ts';
import { accessInWords, type AccessName } from '../core/kubeconfig/cluster-access.ts';
import { campaignName, campaignNameOfRun } from '../core/campaign/campaign-name.ts';
import { refuseChanges } from '../core/campaign/changes.ts';
import { parseResolveRequest, parseRespecRequest } from '../core/campaign/parse-requests.ts';
import { readStartedBy } from '../core/campaign/started-by.ts';
import { FAILURE_TYPES } from '../core/campaign/failure-types.ts';
import { outlineOf, type CampaignOutline } from '../core/campaign/outline.ts';
import type { HostRoom } from '../core/model/host-size.ts';
import { DEFAULT_HOLD_MS } from '../core/plan/limits.ts';
import type { CampaignSpec } from '../core/plan/spec.ts';
import { spreadOverHosts, type SpreadAnswer } from '../core/plan/spread.ts';
import { formatFileErrors } from '../core/files/file-error.ts';
import { parseCampaignInput } from '../core/profile/input.ts';
import { refuseForeign, type Caller } from './caller.ts';
import type { ResolveActivities, ResolveInput, RespecActivities, RespecInput } from './contract.ts';
import { limitedFailure } from './limited-failure.ts';
import { read } from './read-input.ts';
import { messageOf } from '../core/text/message-of.ts';
import { quoted } from '../core/text/quoted.ts';

/** What the activity asks of this host. */
export interface ResolveAdapters {
  /** The workflow that the server says has scheduled the activity. */
  caller(): Caller | undefined;
  /** What a campaign can get of it now; the reservation of the one with this slug does not count. */
  hostRoom(slug?: string): HostRoom;
  /** Clusters that this host takes. */
  capacity(): number;
  /** How many of them no campaign uses, besides the one with this slug. */
  freeCapacity(slug: string): number;
  /** @throws Error when the secret that is set cannot be used */
  hasFleetSecret(): boolean;
}

/**
 * Makes the specification of a campaign and the changed one of a retry, and writes them to this host's disk. The workflow gets
 * their outlines.
 */
export function createResolve(adapters: ResolveAdapters): ResolveActivities & RespecActivities {
  return {
    async resolve(asked: ResolveInput): Promise<CampaignOutline> {
      const request = read(parseResolveRequest, asked);
      const { workflowId, runId } = request;
      const caller = adapters.caller();
      refuseForeign(workflowId, 'workflowId', caller);
      if (caller?.runId !== runId)
        throw invalid([
          `runId: found ${quoted(runId)}; allowed: ${quoted(caller?.runId)}, the run that resolves its campaign`,
        ]);
      const parsed = parseCampaignInput(request.input);
      if (!parsed.ok) throw invalid([formatFileErrors(parsed.errors)]);
      const startedBy = readStartedBy(request.startedBy);
      const trigger =
        parsed.value.trigger ??
        startedBy?.trigger ??
        (request.scheduled ? 'schedule' : request.child ? 'ladder' : 'ui');
      const identity = {
        workflowId,
        runId,
        campaign: folderName(workflowId, runId),
        trigger,
        // A scheduled campaign must not wait for a decision at night.
        defaultHoldMs: startedBy?.defaultHoldMs ?? (request.scheduled || request.child ? 0 : DEFAULT_HOLD_MS),
      };
      const built = buildSpec(
        parsed.value,
        identity,
        {},
        { spread: (question) => spreads(question, adapters), host: adapters.hostRoom() },
      );
      if (!built.ok) throw invalid(built.errors);
      const noChart = chartProblem(built);
      if (noChart !== undefined) throw invalid([noChart]);
      // Before anything is made: a worker to which a context is another cluster, or none, ends the campaign here.
      const targets = existingClusters(built.spec);
      // What is reported here is what counts: an edit of the worker's kubeconfig from now on ends the campaign, too.
      const spec =
        targets.length === 0 || built.spec.targets !== undefined
          ? built.spec
          : { ...built.spec, targets: { clusters: targets } };
      makeCurrent(spec);
      const outline = outlineOf(spec);
      return { ...outline, summary: [outline.summary, ...targets.map(accessInWords), ...built.hostNotes].join('; ') };
    },

    async respec(asked: RespecInput): Promise<CampaignOutline> {
      const { campaign, specHash, set } = read(parseRespecRequest, asked);
      const spec = readSpec(campaign, specHash);
      if (spec === undefined) throw missing(campaign, specHash);
      refuseForeign(spec.workflowId, `campaign ${quoted(campaign)}`, adapters.caller());
      const refused = refuseChanges(outlineOf(spec), set);
      if (refused.length > 0) throw invalid(refused);
      refuseChangedSystem(spec);
      const { workflowId, runId, trigger, profile, substrate, catalogue, holdMs } = spec;
      const { stages, hostQueue, loadQueue, placement, targetWaitMs, keepMs, targets } = spec;
      const wait = {
        ...(targetWaitMs === undefined ? {} : { targetWaitMs }),
        ...(keepMs === undefined ? {} : { keepMs }),
        ...(targets === undefined ? {} : { targets }),
      };
      const built = buildSpec(
        { profile: { inline: changedProfile(profile, set) }, catalogue, overrides: {}, holdMs, ...wait, trigger },
        { workflowId, runId, campaign, trigger, defaultHoldMs: holdMs },
        { substrate: asFound(substrate) },
        { spread: () => ({ spreads: placement !== undefined }) },
      );
      if (!built.ok) throw invalid(built.errors);
      // The campaign goes on with its own stages, on the hosts that have its clusters.
      const placed = placement === undefined ? {} : { placement };
      const changed = { ...built.spec, stages, hostQueue, loadQueue, ...placed };
      keepForRetry(changed);
      return outlineOf(changed);
    },
  };
}

/**
 * Whether the clusters of a campaign spread over several hosts. It is decided when the campaign begins, and recorded: a campaign of
 * one host is as it was before there were several.
 */
function spreads({ slug, clusterBytes, ...question }: SpreadCase, adapters: ResolveAdapters): SpreadAnswer {
  const byMemory = clusterBytes === 0 ? Infinity : Math.floor(adapters.hostRoom(slug).freeBytes / clusterBytes);
  const free = Math.min(adapters.freeCapacity(slug), byMemory);
  return spreadOverHosts({
    ...question,
    capacity: adapters.capacity(),
    free,
    // One that cannot be used must not stop a campaign that does not need it.
    hasSecret: question.clusterCount > free && adapters.hasFleetSecret(),
  });
}

/** @throws ApplicationFailure when one cannot be used, or is another one than where the campaign was typed */
function existingClusters(spec: CampaignSpec): readonly AccessName[] {
  try {
    return targetsOf(spec, spec.plan.clusterCount);
  } catch (error) {
    throw invalid([messageOf(error)]);
  }
}

/** Changes of a retry are on record. An edit of the system's file during the hold would not be. */
function refuseChangedSystem({ system }: CampaignSpec): void {
  try {
    loadSystem(system);
  } catch (error) {
    throw invalid([messageOf(error)]);
  }
}

/** A part of the specification, as if it had been read now. An edit of its file counts for the next campaign. */
function asFound<T>(value: T): FoundFile<T> {
  return { ok: true, value, notices: [], path: '', text: '', sha256: '' };
}

/** A profile with the changes of a retry. `refuseChanges` decides which paths are possible. */
function changedProfile(
  profile: CampaignSpec['profile'],
  set: Readonly<Record<string, unknown>>,
): CampaignSpec['profile'] {
  let changed = profile;
  for (const [path, value] of Object.entries(set)) {
    const [head, name = '', field = ''] = path.split('.');
    changed =
      head === 'gates'
        ? { ...changed, gates: { ...changed.gates, [name]: { ...changed.gates[name], [field]: value } } }
        : { ...changed, loadProfile: { ...changed.loadProfile, [name]: value } };
  }
  return changed;
}

function folderName(workflowId: string, runId: string): string {
  const name = campaignName(workflowId);
  const owner = runIdOf(name);
  // The same run resolves again after a crash and must find its own folder.
  return owner === undefined || owner === runId ? name : campaignNameOfRun(workflowId, runId);
}

function invalid(errors: readonly string[]): ApplicationFailure {
  const failure = ApplicationFailure.nonRetryable(errors.join('\n'), FAILURE_TYPES.invalidSpec);
  return limitedFailure(failure, '"./belay plan"');
}

function missing(campaign: string, specHash: string): ApplicationFailure {
  return ApplicationFailure.nonRetryable(
    `this host does not have specification ${specHash.slice(0, 12)} of campaign ${campaign} (runs/${campaign}/spec.json)`,
    FAILURE_TYPES.harnessFault,
  );
}
