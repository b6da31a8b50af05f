import type { ClusterRecord } from '../host/ledger.ts';
import { connectCluster, type ClusterClient } from './client.ts';

/** Connections that a few calls need. */
const CONNECTIONS = 4;

/** Connects to a cluster for a few calls. @throws what `work` throws, and as `connectCluster` */
export async function withCluster<Result>(
  { kubeconfigPath, context }: Pick<ClusterRecord, 'kubeconfigPath' | 'context'>,
  work: (client: ClusterClient) => Promise<Result>,
): Promise<Result> {
  const client = await connectCluster({ kubeconfigPath, context, connections: CONNECTIONS });
  try {
    return await work(client);
  } finally {
    await client.close();
  }
}
