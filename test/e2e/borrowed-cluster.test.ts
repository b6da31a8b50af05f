import { readFileSync, statSync } from 'node:fs';
import { expect, test } from 'vitest';
import { KubeConfig } from '@kubernetes/client-node';
import { stringify } from 'yaml';
import { collectionPath, discover } from '../../src/adapters/kube/api-resources.ts';
import { connectCluster, type ClusterClient, type ObjectMeta } from '../../src/adapters/kube/client.ts';
import { eventually } from '../adapters/eventually.ts';
import { withCluster } from '../cluster.ts';
import { withBelay, type Belay } from './belay-cli.ts';
import type { TimelineEvent } from '../../src/adapters/evidence/evidence-folder.ts';
import { gateRow, momentOf, recordOf } from './campaign-record.ts';
import { addProfile } from './small-profile.ts';

const PODS = 24;
const SHAPE = { machines: 4, density: 6, rampSeconds: 2, failNodeAtSeconds: 2 } as const;
/** Read from the scheduler's own metrics, which only its host reaches: not available in a borrowed cluster. */
const OUT_OF_REACH = ['podsUnschedulable', 'schedulerAttemptP99', 'schedulerErrors'];
const MEASURED = ['podBindP50', 'podBindP99', 'podsBound', 'apiserverMutatingP99'];

test('campaigns in a borrowed cluster measure what can be, say what cannot, and leave what others have in it alone', async () => {
  await withCluster(async (cluster) => {
    await withBelay(async (belay) => {
      const kubeconfig = addKubeconfig(belay, cluster.kubeconfigPath);
      addLentSubstrate(belay, kubeconfig);
      addProfile(belay, { name: 'strict', ...SHAPE });
      const allow = OUT_OF_REACH.map((gate) => [gate, { unmeasured: 'allow' }] as const);
      addProfile(belay, { name: 'fitting', ...SHAPE, gates: Object.fromEntries(allow) });
      const client = await connectCluster({ kubeconfigPath: cluster.kubeconfigPath, connections: 4 });
      try {
        await settle(client);
        const [before, bytes] = [await inventory(client), fingerprint(kubeconfig)];
        // Both at once: one has the cluster, and the other waits for it.
        const [strict, fitting] = await Promise.all(
          ['strict', 'fitting'].map((name) =>
            belay.run(['run', name, '--substrate', 'lent', '--id', name, '--wait', '5m']),
          ),
        );
        const seeds = ['strict', 'fitting'].map((name) => recordOf(belay, name).timeline).map(timesOf);
        const [first, second] = seeds.toSorted((a, b) => a.seedBeganMs - b.seedBeganMs);
        expect(second?.seedBeganMs).toBeGreaterThan(first?.teardownBeganMs ?? Infinity);

        expect(strict?.exitCode, `${strict?.stdout}${strict?.stderr}`).toBe(2);
        for (const gate of OUT_OF_REACH)
          expect(gateRow(strict?.stdout ?? '', gate)).toMatch(/ – .*unmeasured │ unmeasured/);
        const unmeasured = recordOf(belay, 'strict');
        expect(unmeasured.summary).toMatchObject({ verdict: 'unmeasured', passed: false, ending: 'completed' });
        for (const gate of OUT_OF_REACH)
          expect(unmeasured.summary.reasons.filter((reason) => reason.includes(gate))).toHaveLength(1);
        expect(unmeasured.summary.reasons).toHaveLength(OUT_OF_REACH.length);

        expect(fitting?.exitCode, `${fitting?.stdout}${fitting?.stderr}`).toBe(0);
        expect(recordOf(belay, 'fitting').summary).toMatchObject({ verdict: 'pass', passed: true });
        for (const [name, ended] of [
          ['strict', strict],
          ['fitting', fitting],
        ] as const) {
          for (const gate of MEASURED) expect(gateRow(ended?.stdout ?? '', gate)).toMatch(/measured.*pass/);
          const { summary, timeline } = recordOf(belay, name);
          expect(summary.identity).toMatchObject({
            tools: [{ name: 'prometheus' }],
            clusters: [{ count: 1, nodes: expect.any(Array) as unknown[] }],
            unknown: [],
          });
          expect(summary.facts['ramp']).toMatchObject({ podsWanted: PODS, podsCreated: PODS, podsExisting: 0 });
          expect(summary.facts['soak']).toMatchObject({ podsPresent: PODS, podsBound: PODS });
          // Its kwok turns the failed Node Ready again at once.
          expect(summary.runnerActions).toMatchObject([
            { action: 'fail-node', asserted: true, effect: expect.stringContaining('it may stay Ready') as string },
          ]);
          const absent = timeline.filter(({ what }) => what === 'not-scraped').map(({ detail }) => detail);
          for (const job of ['scheduler', 'controller-manager', 'etcd', 'kwok'])
            expect(absent).toContainEqual(
              expect.stringMatching(new RegExp(`: ${job} is not scraped .*borrowed cluster`)),
            );
        }

        expect(fingerprint(kubeconfig)).toEqual(bytes);
        const gone = await eventually(async () => {
          const now = await inventory(client);
          return now.length === before.length ? now : undefined;
        }).catch(() => inventory(client));
        expect(gone).toEqual(before);
      } finally {
        await client.close();
      }
    });
  });
});

function timesOf(timeline: readonly TimelineEvent[]): {
  readonly seedBeganMs: number;
  readonly teardownBeganMs: number;
} {
  return {
    seedBeganMs: momentOf(timeline, { stage: 'seed', what: 'began' }),
    teardownBeganMs: momentOf(timeline, { stage: 'teardown', what: 'began' }),
  };
}

/** A person's kubeconfig: the cluster under the name `house`, credentials within, and another one that is the current. */
function addKubeconfig(belay: Belay, from: string): string {
  const config = new KubeConfig();
  config.loadFromFile(from);
  const [cluster, user] = [config.getCurrentCluster(), config.getCurrentUser()];
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
    users: [
      {
        name: 'me',
        user: {
          'client-certificate-data': base64Of(user?.certFile, user?.certData),
          'client-key-data': base64Of(user?.keyFile, user?.keyData),
        },
      },
    ],
  });
  return belay.write('user/house.yaml', `# by hand\n${text}`);
}

function addLentSubstrate(belay: Belay, file: string): void {
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
async function settle(client: ClusterClient): Promise<void> {
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
  let last = '';
  await eventually(async () => {
    const [before, now] = [last, (await inventory(client)).join('\n')];
    last = now;
    return before === now;
  });
}

/** Every object of the cluster with its UID. Events, which are news and not objects, are left out. */
async function inventory(client: ClusterClient): Promise<readonly string[]> {
  const within = { signal: AbortSignal.timeout(60_000), budgetMs: 20_000 };
  const kinds = (await discover(client, within)).filter(
    ({ plural, verbs }) => verbs.includes('list') && plural !== 'events',
  );
  const listed = await Promise.all(
    kinds.map(async (kind) => {
      const { items } = await client.list(collectionPath(kind), { metadataOnly: true, pick: identityOf }, within);
      return items.map((item) => `${kind.plural}.${kind.group} ${kind.version} ${item}`);
    }),
  );
  return listed.flat().sort();
}

function fingerprint(path: string): { readonly text: string; readonly mtimeMs: number; readonly mode: number } {
  const { mtimeMs, mode } = statSync(path);
  return { text: readFileSync(path, 'utf8'), mtimeMs, mode };
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
