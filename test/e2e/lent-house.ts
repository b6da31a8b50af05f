import { readFileSync } from 'node:fs';
import { KubeConfig } from '@kubernetes/client-node';
import { stringify } from 'yaml';
import { collectionPath, discover } from '../../src/adapters/kube/api-resources.ts';
import type { ClusterClient, ObjectMeta } from '../../src/adapters/kube/client.ts';
import { eventually } from '../adapters/eventually.ts';
import type { Belay } from './belay-cli.ts';
import { furnish } from './lent-cluster.ts';

/** Its namespaces have the Pod security standard `restricted`, but for those of the house. */
export const LENT = { configuredBy: 'kwokctl', podSecurity: { level: 'restricted', exempt: ['house'] } } as const;

/** A person's kubeconfig: the cluster under the name `house`, credentials within, and another one that is the current. */
export function addKubeconfig(belay: Belay, from: string, token: string): string {
  const config = new KubeConfig();
  config.loadFromFile(from);
  const cluster = config.getCurrentCluster();
  const text = stringify({
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': 'elsewhere',
    contexts: [
      { name: 'elsewhere', context: { cluster: 'elsewhere', user: 'me' } },
      { name: 'house', context: { cluster: 'house', user: 'me' } },
    ],
    clusters: [
      { name: 'elsewhere', cluster: { server: 'https://127.0.0.1:9' } },
      {
        name: 'house',
        cluster: {
          server: cluster?.server,
          'certificate-authority-data': base64Of(cluster?.caFile, cluster?.caData),
        },
      },
    ],
    users: [{ name: 'me', user: { token } }],
  });
  return belay.write('user/house.yaml', `# by hand\n${text}`);
}

/** Puts the substrate `lent` where Belay finds it: the context `house` of a kubeconfig. */
export function addLentSubstrate(belay: Belay, file: string): void {
  const text = stringify({
    apiVersion: 'belay.dev/v1',
    kind: 'Substrate',
    metadata: { name: 'lent', description: 'a cluster that others use' },
    type: 'kubeconfig',
    kubeconfig: { file, contexts: ['house'] },
    host: { vCPU: 2, memoryGiB: 8 },
    cluster: { podsPerCluster: 5_000, clustersPerHost: 1, storage: 'etcd', bindThroughputPodsPerSec: 100 },
  });
  belay.write('files/substrates/lent.yaml', text);
}

/** Puts others' objects into the cluster, and waits until nothing moves any more. */
export async function settle(client: ClusterClient): Promise<void> {
  const within = { signal: AbortSignal.timeout(60_000), budgetMs: 20_000 };
  const make = (path: string, object: object): Promise<unknown> => client.create(path, JSON.stringify(object), within);
  await make('/api/v1/namespaces', { metadata: { name: 'house', labels: { team: 'house' } } });
  await make('/api/v1/nodes', {
    metadata: {
      name: 'house-node',
      labels: { 'kubernetes.io/hostname': 'house-node' },
      annotations: { 'kwok.x-k8s.io/node': 'fake' },
    },
    status: {
      allocatable: { cpu: '8', memory: '16Gi', pods: '110' },
      capacity: { cpu: '8', memory: '16Gi', pods: '110' },
    },
  });
  await make('/api/v1/namespaces/house/configmaps', { metadata: { name: 'house' }, data: { kept: 'yes' } });
  await make('/api/v1/namespaces/default/configmaps', { metadata: { name: 'house' }, data: { kept: 'yes' } });
  const serviceAccount = '/api/v1/namespaces/house/serviceaccounts/default';
  await eventually(async () => (await client.get(serviceAccount, within)) !== undefined);
  for (const name of ['house-a', 'house-b'])
    await make('/api/v1/namespaces/house/pods', {
      metadata: { name },
      spec: { containers: [{ name: 'one', image: 'none', resources: { requests: { cpu: '1' } } }] },
    });
  await eventually(async () => {
    const { items } = await client.list('/api/v1/namespaces/house/pods', { pick: phaseOf }, within);
    return items.every((phase) => phase === 'Running');
  });
  await furnish(client);
  let last = '';
  await eventually(async () => {
    const [before, now] = [last, (await inventory(client)).join('\n')];
    last = now;
    return before === now;
  });
}

/** Every object of the cluster with its UID. Events, which are news and not objects, are left out. */
export async function inventory(client: ClusterClient): Promise<readonly string[]> {
  const within = { signal: AbortSignal.timeout(60_000), budgetMs: 20_000 };
  const kinds = (await discover(client, within)).filter(
    ({ plural, verbs }) => verbs.includes('list') && plural !== 'events',
  );
  const listed = await Promise.all(
    kinds.map(async (kind) => {
      // What cannot be converted cannot be listed by anybody.
      const isDead = kind.group === 'dead.example.com';
      const options = { metadataOnly: true, pick: identityOf };
      const { items } = isDead ? { items: [] } : await client.list(collectionPath(kind), options, within);
      return items.map((item) => `${kind.plural}.${kind.group} ${kind.version} ${item}`);
    }),
  );
  return listed.flat().sort();
}

function identityOf({ metadata }: { readonly metadata: ObjectMeta }): string {
  return `${metadata.namespace ?? ''}/${metadata.name} ${metadata.uid}`;
}

function phaseOf({ status }: { readonly status?: { readonly phase?: string } }): string {
  return status?.phase ?? '';
}

function base64Of(file: string | undefined, content: string | undefined): string {
  return content ?? readFileSync(file ?? '').toString('base64');
}
