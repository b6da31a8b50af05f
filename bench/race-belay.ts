/**
 * A contender of `race.ts`: Belay's client. Its process loads nothing but that.
 *
 *     node bench/race-belay.ts KUBECONFIG RUN PODS
 */
import { connectCluster } from '../src/adapters/kube/client.ts';
import { ensureNamespace } from '../src/adapters/kube/namespace.ts';
import { openLoop } from '../src/adapters/kube/open-loop.ts';
import { POD_REQUESTS_AT_ONCE } from '../src/core/plan/limits.ts';
import { RACE_LIMIT_MS, racePod } from './race-pod.ts';

const [kubeconfigPath = '', run = '', pods = ''] = process.argv.slice(2);
const within = { signal: AbortSignal.timeout(RACE_LIMIT_MS), budgetMs: RACE_LIMIT_MS };
const client = await connectCluster({ kubeconfigPath });
await ensureNamespace(client, run, {}, within);
await openLoop({
  count: Number(pods),
  fromIndex: 0,
  dueAtMs: () => 0,
  parallel: POD_REQUESTS_AT_ONCE,
  signal: within.signal,
  run: async (index) => void (await client.create(`/api/v1/namespaces/${run}/pods`, racePod(run, index), within)),
});
await client.close();
