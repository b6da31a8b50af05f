import { LABELS } from '../../core/plan/labels.ts';
import { MAX_PRIORITIES } from '../../core/plan/limits.ts';
import { allAtOnce } from '../host/at-once.ts';
import type { PriorityClass } from '../../core/plan/priorities.ts';
import type { ClusterClient, ObjectMeta } from './client.ts';
import { KubeError } from './kube-error.ts';
import type { Within } from './api-request.ts';

/** Path of the PriorityClasses. */
export const PRIORITIES = '/apis/scheduling.k8s.io/v1/priorityclasses';

/**
 * Creates the PriorityClasses that do not exist yet. The campaign's sweep removes them by their labels.
 * @param within of each call
 * @throws KubeError when one cannot be created, or exists and is not the campaign's
 */
export async function createPriorities(
  client: ClusterClient,
  bodies: readonly PriorityClass[],
  { signal, budgetMs }: Within,
): Promise<void> {
  await allAtOnce(bodies, { atOnce: MAX_PRIORITIES, signal }, async (body, inner) => {
    const within = { signal: inner, budgetMs };
    const { name, labels } = body.metadata;
    const { outcome } = await client.create(PRIORITIES, JSON.stringify(body), within);
    if (outcome === 'created') return;
    const present = await client.get<PresentClass>(`${PRIORITIES}/${name}`, within);
    const holder = present?.metadata.labels?.[LABELS.campaign];
    // One that is gone again is created by the next attempt, if its Pods are refused.
    if (present === undefined || (holder === labels[LABELS.campaign] && present.value === body.value)) return;
    const message = `PriorityClass ${name} with value ${present.value} exists and belongs to ${holder ?? 'somebody else'}`;
    throw new KubeError(message, 409, 'AlreadyExists');
  });
}

/** What of a PriorityClass that exists is read. */
interface PresentClass {
  readonly metadata: ObjectMeta;
  readonly value: number;
}
