/**
 * A contender of `race.ts`: the client of `@kubernetes/client-node`. Its process loads nothing but that.
 *
 *     node bench/race-stock.ts KUBECONFIG RUN PODS
 */
import { CoreV1Api, KubeConfig, type V1Pod } from '@kubernetes/client-node';
import { openLoop } from '../src/adapters/kube/open-loop.ts';
import { RACE_LIMIT_MS, racePod } from './race-pod.ts';

const AT_ONCE = 50;

const [kubeconfigPath = '', run = '', pods = ''] = process.argv.slice(2);
const config = new KubeConfig();
config.loadFromFile(kubeconfigPath);
const client = config.makeApiClient(CoreV1Api);
await client.createNamespace({ body: { metadata: { name: run } } });
await openLoop({
  count: Number(pods),
  fromIndex: 0,
  dueAtMs: () => 0,
  parallel: AT_ONCE,
  signal: AbortSignal.timeout(RACE_LIMIT_MS),
  run: async (index) => {
    await client.createNamespacedPod({ namespace: run, body: JSON.parse(racePod(run, index)) as V1Pod });
  },
});
