import { ApplicationFailure, Context } from '@temporalio/activity';
import type { Logger } from 'pino';
import { IS_LEAD, type LeaseAnswer, type LeaseRequest } from '../adapters/host/capacity.ts';
import type { SpecRequest } from '../adapters/fleet/fetch-spec.ts';
import { campaignName, isNameOf } from '../core/campaign/campaign-name.ts';
import { FAILURE_TYPES } from '../core/campaign/failure-types.ts';
import { parseRefusals, refusalsInWords, withRefusal } from '../core/campaign/host-full.ts';
import {
  parsePlaceInput,
  type GroupPlacement,
  type LeadAddress,
  type PlaceInput,
  type PlaceResult,
} from '../core/campaign/placement.ts';
import { GROUP_CLUSTERS, HOST_FULL_PAUSE_MS, PLACE_MS } from '../core/plan/limits.ts';
import type { CampaignSpec } from '../core/plan/spec.ts';
import { messageOf } from '../core/text/message-of.ts';
import { quoted } from '../core/text/quoted.ts';
import { bounded, type Progress } from './bounded.ts';
import { callerOf, refuseForeign } from './caller.ts';
import { isCancelled } from './cancellation.ts';
import type { PlacementActivities } from './contract.ts';
import { limitedFailure } from './limited-failure.ts';

/** The host of this worker, as others see it. */
type ThisHost = Pick<PlaceResult, 'host' | 'hostQueue' | 'loadQueue' | 'address'>;

/** What the activity works with. */
export interface PlaceAdapters {
  thisHost(): ThisHost;
  /** Clusters that this host takes. */
  capacity(): number;
  lease(request: LeaseRequest, capacity: number): LeaseAnswer;
  /** Gives the capacity back: removes the campaign's folder of this host, unless clusters or processes are in it. */
  release(slug: string): void;
  recordGroup(slug: string, group: GroupPlacement): void;
  /** Starts what the members of a campaign need of its lead. Doing it again changes nothing. */
  openLead(request: LeadRequest): Promise<LeadAddress>;
  /** Gets the specification from the lead, and keeps what this host needs to talk to it. */
  fetchSpec(request: SpecRequest): Promise<CampaignSpec>;
  /** Keeps a specification where this host's stages find it. @throws Error when this host cannot carry it out */
  keepSpec(spec: CampaignSpec): void;
}

/** What a lead is opened for. */
interface LeadRequest {
  readonly campaign: string;
  readonly slug: string;
  readonly host: ThisHost;
  readonly signal: AbortSignal;
}

/** What a host takes of a group, or why it takes nothing. */
type Answer = Pick<PlaceResult, 'clusterCount' | 'lead'> | { readonly why: string };

/**
 * Places a group of clusters on the host of this worker: leases its capacity and makes the host ready for the group's stages. A
 * host that does not take the group fails with `HostFull`, and Temporal asks another one. The reasons of all of them travel in the
 * heartbeats, so that the last failure names every host that was asked.
 */
export function createPlace(workerLog: Logger, adapters: PlaceAdapters): PlacementActivities {
  return {
    async place(value): Promise<PlaceResult> {
      const input = parsed(value);
      const log = workerLog.child({ campaign: input.campaign, group: input.group });
      return await bounded(`${input.group} placed`, { budgetMs: PLACE_MS }, async (signal, progress) => {
        const host = adapters.thisHost();
        const answer = await (input.lead === undefined
          ? placeLead(input, host, adapters, signal)
          : placeMember({ ...input, lead: input.lead }, host, adapters, log, signal));
        if ('why' in answer) throw hostFull(host.host, answer.why, progress);
        const { group, firstCluster } = input;
        log.info({ firstCluster, clusterCount: answer.clusterCount }, 'group placed');
        return { group, ...host, firstCluster, ...answer };
      });
    },
  };
}

function parsed(value: unknown): PlaceInput {
  try {
    const input = parsePlaceInput(value);
    const { campaign, workflowId } = input;
    refuseForeign(workflowId, 'workflowId', callerOf());
    if (!isNameOf(campaign, workflowId)) throw notItsName(campaign, workflowId);
    return { ...input, wanted: Math.min(input.wanted, GROUP_CLUSTERS) };
  } catch (error) {
    throw limitedFailure(error, 'the log of the worker');
  }
}

/** A host has one campaign of a name at a time: none may have that of another workflow's. */
function notItsName(campaign: string, workflowId: string): ApplicationFailure {
  const allowed = quoted(campaignName(workflowId));
  return ApplicationFailure.nonRetryable(
    `campaign: found ${quoted(campaign)}; allowed: ${allowed}, the name of the calling workflow's campaign`,
    FAILURE_TYPES.invalidSpec,
  );
}

/** The lead's group may be empty: the campaign's Prometheus and run folder are on this host in any case. */
async function placeLead(
  input: PlaceInput,
  host: ThisHost,
  adapters: PlaceAdapters,
  signal: AbortSignal,
): Promise<Answer> {
  const { campaign, slug, group, firstCluster } = input;
  const leased = adapters.lease({ ...input, mayBeNone: true }, adapters.capacity());
  if (!leased.ok) return leased;
  try {
    const { clusterCount } = leased;
    const lead = await adapters.openLead({ campaign, slug, host, signal });
    adapters.recordGroup(slug, { name: group, firstCluster, clusterCount, lead: true, leadAddress: lead });
    return { clusterCount, lead };
  } catch (error) {
    // Another attempt finds the lease and continues.
    throw isCancelled(error) ? error : limitedFailure(error, 'the log of the worker');
  }
}

async function placeMember(
  input: PlaceInput & { readonly lead: LeadAddress },
  { host }: ThisHost,
  adapters: PlaceAdapters,
  log: Logger,
  signal: AbortSignal,
): Promise<Answer> {
  const { campaign, slug, specHash, group, firstCluster, lead } = input;
  if (lead.host === host) return { why: IS_LEAD };
  const placed = (clusterCount: number): GroupPlacement => ({
    name: group,
    firstCluster,
    clusterCount,
    lead: false,
    leadAddress: lead,
  });
  const leased = adapters.lease({ ...input, mayBeNone: false, placed }, adapters.capacity());
  if (!leased.ok) return leased;
  try {
    adapters.keepSpec(await adapters.fetchSpec({ campaign, slug, specHash, lead, signal }));
    return { clusterCount: leased.clusterCount };
  } catch (error) {
    // Another host may be able to: this one must not keep capacity for a group that it does not have.
    adapters.release(slug);
    if (isCancelled(error)) throw error;
    log.warn({ err: error }, 'this host has capacity, but cannot take the group');
    return { why: messageOf(error) };
  }
}

/** This host does not take the group. Temporal asks the next one soon. */
function hostFull(host: string, why: string, progress: Progress): ApplicationFailure {
  const refusals = withRefusal(parseRefusals(Context.current().info.heartbeatDetails), host, why);
  progress({ live: 'waits for a host with free capacity', refusals });
  return ApplicationFailure.create({
    message: refusalsInWords(refusals),
    type: FAILURE_TYPES.hostFull,
    nextRetryDelay: HOST_FULL_PAUSE_MS,
  });
}
