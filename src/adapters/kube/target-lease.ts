import {
  heldSentence,
  leaseMove,
  type LeaseMove,
  type Observed,
  type TargetLease,
} from '../../core/campaign/target-lease.ts';
import { LEASE_MS, LEASE_POLL_MS } from '../../core/plan/limits.ts';
import { ownershipLabels } from '../../core/plan/labels.ts';
import { pause } from '../host/poll-until.ts';
import type { ClusterClient, ObjectMeta } from './client.ts';
import { KubeError } from './kube-error.ts';
import type { Within } from './api-request.ts';

/** A campaign that wants, or has, the lease of a cluster. */
export interface Tenant {
  readonly campaign: string;
  /** Unique per campaign. */
  readonly slug: string;
  readonly workflowId: string;
  /** Its page in the Temporal UI; empty where that is not known. */
  readonly link: string;
  /** When it ends at the latest, ms since the epoch. */
  readonly endsAtMs: number;
}

/** The cluster is in use by another campaign. */
export class TargetInUse extends Error {
  override readonly name = 'TargetInUse';
}

/** How long to wait for a cluster that is in use, and what to do about it. */
export interface Waiting {
  /** The cluster in words, e.g. `context mine`. */
  readonly target: string;
  /** 0 = a cluster that is in use is refused at once. */
  readonly waitMs: number;
  readonly onWait: (reason: string) => void;
}

/** `default` is the one namespace that every cluster has and that everybody who can make a namespace may use. */
const COLLECTION = '/apis/coordination.k8s.io/v1/namespaces/default/leases';
const NAME = 'belay';
const PATH = `${COLLECTION}/${NAME}`;
const ANNOTATIONS = {
  workflowId: 'belay.dev/workflow-id',
  link: 'belay.dev/link',
  endsAt: 'belay.dev/ends-at',
} as const;

/**
 * Takes the lease of a cluster for a campaign, or takes up its own. Of two that try at once the server lets one have it. A lease
 * whose holder does not renew it any more is taken over.
 * @returns the campaign from which it was taken over; undefined if no campaign had it
 * @throws TargetInUse naming the holder, when the cluster is in use, or still is after `waitMs`; KubeError; the signal's reason
 */
export async function leaseTarget(
  client: ClusterClient,
  tenant: Tenant,
  { target, waitMs, onWait }: Waiting,
  within: Within,
): Promise<string | undefined> {
  const beganMs = performance.now();
  let observed: Observed | undefined;
  for (;;) {
    const found = await read(client, within);
    const nowMs = performance.now();
    const move = leaseMove(identityOf(tenant), found?.lease, observed, { nowMs, wallMs: Date.now() });
    if (move === 'held' && nowMs - beganMs >= waitMs) throw new TargetInUse(heldSentence(target, found!.lease));
    if (await moved(client, tenant, found, move, within)) {
      const before = found?.meta.labels?.['belay.dev/campaign'];
      return move === 'take' && found?.lease.holder !== '' ? before : undefined;
    }
    const renewTime = found?.lease.renewTime ?? '';
    if (observed?.renewTime !== renewTime) observed = { renewTime, sinceMs: nowMs };
    onWait(
      move === 'observe'
        ? `${target}: its lease looks expired, and is watched for a renewal`
        : `${target}: waits for ${found?.lease.workflowId ?? 'its lease'}`,
    );
    await pause(LEASE_POLL_MS, within.signal);
  }
}

/** Renews a campaign's lease. One that was deleted is made again. @returns the holder if another one has it */
export async function renewTarget(client: ClusterClient, tenant: Tenant, within: Within): Promise<string | undefined> {
  const found = await read(client, within);
  if (found !== undefined && found.lease.holder !== identityOf(tenant))
    return found.lease.workflowId || found.lease.holder;
  await moved(client, tenant, found, found === undefined ? 'create' : 'renew', within);
  return undefined;
}

/** Gives a campaign's lease back. That of another campaign stays as it is. */
export async function releaseTarget(
  client: ClusterClient,
  { slug, campaign }: Pick<Tenant, 'slug' | 'campaign'>,
  within: Within,
): Promise<void> {
  const found = await read(client, within);
  if (found?.lease.holder === identityOf({ slug, campaign }))
    await client.delete(PATH, { uid: found.meta.uid }, within);
}

function identityOf({ campaign, slug }: Pick<Tenant, 'slug' | 'campaign'>): string {
  return `${campaign}_${slug}`;
}

interface Found {
  readonly lease: TargetLease;
  readonly meta: ObjectMeta;
  readonly transitions: number;
}

interface LeaseObject {
  readonly metadata: ObjectMeta;
  readonly spec?: {
    readonly holderIdentity?: string;
    readonly leaseDurationSeconds?: number;
    readonly renewTime?: string;
    readonly leaseTransitions?: number;
  };
}

async function read(client: ClusterClient, within: Within): Promise<Found | undefined> {
  const found = await client.get<LeaseObject>(PATH, within);
  if (found === undefined) return undefined;
  const { metadata: meta, spec = {} } = found;
  const note = (key: string): string => meta.annotations?.[key] ?? '';
  const lease = {
    holder: spec.holderIdentity ?? '',
    workflowId: note(ANNOTATIONS.workflowId),
    link: note(ANNOTATIONS.link),
    endsAt: note(ANNOTATIONS.endsAt),
    durationMs: (spec.leaseDurationSeconds ?? LEASE_MS / 1_000) * 1_000,
    renewTime: spec.renewTime ?? '',
  };
  return { lease, meta, transitions: spec.leaseTransitions ?? 0 };
}

/** Carries out a move. @returns whether the lease is the campaign's now; false if somebody was faster, or there is nothing to do */
async function moved(
  client: ClusterClient,
  tenant: Tenant,
  found: Found | undefined,
  move: LeaseMove,
  within: Within,
): Promise<boolean> {
  if (move === 'held' || move === 'observe') return false;
  const object = leaseOf(tenant, move, found?.transitions ?? 0);
  if (move === 'create') {
    const { outcome } = await client.create(COLLECTION, JSON.stringify(object), within);
    return outcome === 'created';
  }
  try {
    const { resourceVersion } = found!.meta;
    const patch = { ...object, metadata: { ...object.metadata, resourceVersion } };
    return (await client.patch(PATH, 'merge', patch, within)) !== undefined;
  } catch (cause) {
    if (cause instanceof KubeError && cause.status === 409) return false;
    throw cause;
  }
}

function leaseOf(tenant: Tenant, move: LeaseMove, transitions: number) {
  const { campaign, workflowId, link, endsAtMs } = tenant;
  // Lease times have microseconds.
  const now = new Date().toISOString().replace('Z', '000Z');
  return {
    apiVersion: 'coordination.k8s.io/v1',
    kind: 'Lease',
    metadata: {
      name: NAME,
      labels: ownershipLabels({ campaign, stage: 'provision', expiresAtMs: endsAtMs }),
      annotations: {
        [ANNOTATIONS.workflowId]: workflowId,
        [ANNOTATIONS.link]: link,
        [ANNOTATIONS.endsAt]: new Date(endsAtMs).toISOString(),
      },
    },
    spec: {
      holderIdentity: identityOf(tenant),
      leaseDurationSeconds: LEASE_MS / 1_000,
      renewTime: now,
      ...(move === 'renew' ? {} : { acquireTime: now, leaseTransitions: transitions + (move === 'take' ? 1 : 0) }),
    },
  };
}
