import { afterAll, beforeAll } from 'vitest';
import { connectCluster, type ClusterClient } from '../src/adapters/kube/client.ts';
import { startCluster, type ClusterKind, type TestCluster } from './cluster.ts';

/** A real cluster and a client of it. They exist while the tests of the file run. */
export interface ClusterOfFile {
  readonly cluster: TestCluster;
  readonly client: ClusterClient;
}

/** Starts a cluster before the tests of a file, and removes it after them. */
export function clusterOfFile(kind?: ClusterKind): ClusterOfFile {
  let cluster: TestCluster | undefined;
  let client: ClusterClient | undefined;
  beforeAll(async () => {
    cluster = await startCluster(kind);
    client = await connectCluster({ kubeconfigPath: cluster.kubeconfigPath });
  });
  afterAll(async () => {
    await client?.close();
    await cluster?.remove();
  });
  return {
    get cluster() {
      return there(cluster);
    },
    get client() {
      return there(client);
    },
  };
}

function there<Part>(part: Part | undefined): Part {
  if (part === undefined) throw new Error('the cluster of this file exists only while its tests run');
  return part;
}
