import {
  ActivityFailure,
  ApplicationFailure,
  condition,
  defineQuery,
  defineSignal,
  proxyActivities,
  setHandler,
  workflowInfo,
} from '@temporalio/workflow';
import type { PlacementActivities, ResolveActivities } from '../../src/activities/contract.ts';
import type { PlacementOutline, PlaceResult } from '../../src/core/campaign/placement.ts';

/** What became of a campaign's clusters. */
export interface Placed {
  readonly campaign: string;
  readonly placement: PlacementOutline | null;
  readonly placed: readonly PlaceResult[];
  /** Why clusters have no host; null if all have one. */
  readonly failure: string | null;
  readonly isOver: boolean;
  /** As the query of a campaign reports them. */
  readonly groups: readonly { group: string; host: string; clusters: number; state: string }[];
}

export const status = defineQuery<Placed>('status');
/** The group of this host has moved to others. */
export const move = defineSignal<[host: string]>('move');
export const end = defineSignal('end');

/**
 * Resolves a campaign on a host, and places its clusters: first on that host, then on others, one after another. It keeps them until
 * it is ended.
 */
export async function placeAll(input: unknown, leadQueue: string, hostWaitMs: number): Promise<void> {
  let campaign = '';
  let placement: PlacementOutline | null = null;
  let failure: string | null = null;
  let isOver = false;
  let isEnded = false;
  const placed: PlaceResult[] = [];
  const moved = new Set<string>();
  setHandler(status, () => ({
    campaign,
    placement,
    placed,
    failure,
    isOver,
    groups: placed.map(({ group, host, clusterCount }) => ({
      group,
      host,
      clusters: clusterCount,
      state: moved.has(host) ? 'moved' : 'running',
    })),
  }));
  setHandler(move, (host) => void moved.add(host));
  setHandler(end, () => void (isEnded = true));

  const { workflowId, runId } = workflowInfo();
  const { resolve } = proxyActivities<ResolveActivities>({ startToCloseTimeout: 30_000, taskQueue: leadQueue });
  const outline = await resolve({ input, workflowId, runId, scheduled: false, child: false });
  campaign = outline.campaign;
  placement = outline.placement ?? null;
  const { slug, specHash } = outline;
  const wantedClusters = placement?.clusterCount ?? 0;
  const common = { startToCloseTimeout: 60_000, heartbeatTimeout: 20_000, scheduleToCloseTimeout: hostWaitMs };
  const here = proxyActivities<PlacementActivities>({ ...common, taskQueue: leadQueue });
  const anywhere = proxyActivities<PlacementActivities>({ ...common, taskQueue: 'belay' });
  let firstCluster = 0;
  try {
    while (firstCluster < wantedClusters) {
      const lead = placed[0]?.lead;
      const request = {
        campaign,
        slug,
        workflowId,
        runId,
        specHash,
        group: `g${placed.length}`,
        firstCluster,
        wanted: wantedClusters - firstCluster,
        expiresAtMs: Date.now() + 3_600_000,
      };
      const result = await (lead === undefined ? here.place(request) : anywhere.place({ ...request, lead }));
      placed.push(result);
      firstCluster += result.clusterCount;
    }
  } catch (error) {
    const cause = error instanceof ActivityFailure ? error.cause : undefined;
    failure = cause instanceof ApplicationFailure ? `${cause.type}: ${cause.message}` : String(cause ?? error);
  }
  isOver = true;
  await condition(() => isEnded);
}
