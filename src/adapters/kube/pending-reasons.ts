import type { ClusterClient, ObjectMeta } from './client.ts';
import { podsPath } from './slot-book.ts';
import type { Within } from './api-request.ts';

interface PodWithConditions {
  readonly metadata: ObjectMeta;
  readonly spec?: { readonly nodeName?: string };
  readonly status?: {
    readonly conditions?: readonly { readonly type: string; readonly status: string; readonly message?: string }[];
  };
}

/**
 * Why Pods are pending, in the scheduler's own words, most frequent first, each with the number of Pods and the name of one.
 */
export async function pendingReasons(
  client: Pick<ClusterClient, 'list'>,
  where: { readonly namespace: string; readonly labelSelector: string },
  within: Within,
): Promise<readonly string[]> {
  const { items } = await client.list(
    podsPath(where.namespace),
    {
      labelSelector: where.labelSelector,
      fieldSelector: 'status.phase=Pending',
      pick: ({ metadata, spec, status }: PodWithConditions) =>
        spec?.nodeName === undefined
          ? {
              name: metadata.name,
              message:
                status?.conditions?.find(({ type, status: value }) => type === 'PodScheduled' && value === 'False')
                  ?.message ?? 'not looked at yet',
            }
          : undefined,
    },
    within,
  );
  const byMessage = new Map<string, { count: number; name: string }>();
  for (const item of items) {
    if (item === undefined) continue;
    const known = byMessage.get(item.message);
    byMessage.set(item.message, { count: (known?.count ?? 0) + 1, name: known?.name ?? item.name });
  }
  return [...byMessage]
    .sort(([, a], [, b]) => b.count - a.count)
    .map(([message, { count, name }]) => `${count} Pod(s), e.g. ${name}: ${message}`);
}
