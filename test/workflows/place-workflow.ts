import { ActivityFailure, ApplicationFailure, proxyActivities, workflowInfo } from '@temporalio/workflow';
import type { PlacementActivities, ResolveActivities } from '../../src/activities/contract.ts';
import type { PlacementOutline, PlaceResult } from '../../src/core/campaign/placement.ts';

/** What became of a campaign's clusters. */
export interface Placed {
  readonly placement: PlacementOutline | null;
  readonly groups: readonly PlaceResult[];
  /** Why clusters have no host; null if all have one. */
  readonly failure: string | null;
}

/** Resolves a campaign on a host, and places its clusters: first on that host, then on others, one after another. */
export async function placeAll(input: unknown, leadQueue: string, hostWaitMs: number): Promise<Placed> {
  const { workflowId, runId } = workflowInfo();
  const { resolve } = proxyActivities<ResolveActivities>({ startToCloseTimeout: 30_000, taskQueue: leadQueue });
  const { campaign, slug, specHash, placement } = await resolve({
    input,
    workflowId,
    runId,
    scheduled: false,
    child: false,
  });
  if (placement === undefined) return { placement: null, groups: [], failure: null };
  const common = { startToCloseTimeout: 60_000, heartbeatTimeout: 20_000, scheduleToCloseTimeout: hostWaitMs };
  const here = proxyActivities<PlacementActivities>({ ...common, taskQueue: leadQueue });
  const anywhere = proxyActivities<PlacementActivities>({ ...common, taskQueue: 'belay' });
  const groups: PlaceResult[] = [];
  let firstCluster = 0;
  try {
    do {
      const request = {
        campaign,
        slug,
        workflowId,
        runId,
        specHash,
        group: `g${groups.length}`,
        firstCluster,
        wanted: placement.clusterCount - firstCluster,
        expiresAtMs: Date.now() + 3_600_000,
      };
      const lead = groups[0]?.lead;
      const placed = await (lead === undefined ? here.place(request) : anywhere.place({ ...request, lead }));
      groups.push(placed);
      firstCluster += placed.clusterCount;
    } while (firstCluster < placement.clusterCount);
    return { placement, groups, failure: null };
  } catch (error) {
    const cause = error instanceof ActivityFailure ? error.cause : undefined;
    const failure = cause instanceof ApplicationFailure ? `${cause.type}: ${cause.message}` : String(cause ?? error);
    return { placement, groups, failure };
  }
}
