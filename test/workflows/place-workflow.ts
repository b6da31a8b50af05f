import { ActivityFailure, ApplicationFailure, proxyActivities } from '@temporalio/workflow';
import type { PlacementActivities } from '../../src/activities/contract.ts';
import type { PlaceInput, PlaceResult } from '../../src/core/campaign/placement.ts';

/** Asks hosts one after another to take all clusters. @returns their answers, and the reasons of the hosts if clusters remain */
export async function placeAll(
  input: PlaceInput,
  hostWaitMs: number,
): Promise<{ readonly placed: readonly PlaceResult[]; readonly failure: string | null }> {
  const { place } = proxyActivities<PlacementActivities>({
    startToCloseTimeout: 30_000,
    scheduleToCloseTimeout: hostWaitMs,
  });
  const placed: PlaceResult[] = [];
  let firstCluster = 0;
  try {
    while (firstCluster < input.wanted) {
      const group = `g${placed.length + 1}`;
      const result = await place({ ...input, group, firstCluster, wanted: input.wanted - firstCluster });
      placed.push(result);
      firstCluster += result.clusterCount;
    }
    return { placed, failure: null };
  } catch (error) {
    const cause = error instanceof ActivityFailure ? error.cause : undefined;
    return { placed, failure: cause instanceof ApplicationFailure ? `${cause.type}: ${cause.message}` : String(cause) };
  }
}
