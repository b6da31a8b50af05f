import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { ClusterRecord } from '../../../src/adapters/host/ledger.ts';
import { LastingRefusal } from '../../../src/adapters/kube/kube-error.ts';
import { Patience } from '../../../src/adapters/kube/patience.ts';
import { WatchedCluster } from '../../../src/adapters/observe/observed-cluster.ts';
import { mixedCatalogue } from '../../core/plan/catalogue-samples.ts';
import { aPlan } from '../../core/plan/make.ts';
import { aSpec } from '../../workflows/make-spec.ts';
import { kubeconfig, refuse, type ScriptedApi } from '../kube/scripted-api.ts';
import { Pods } from '../kube/scripted-pod-api.ts';
import { testHome, type TestHome } from '../substrates/local-campaign.ts';

const LONG_MS = 600_000;

let home: TestHome;
let pods: Pods;
let api: ScriptedApi;

beforeEach(async () => {
  home = testHome();
  pods = new Pods();
  api = await pods.serve();
});
afterEach(async () => {
  await api.close();
  home.close();
});

/** Begins to watch the scripted cluster. @param refusedMs how long it may refuse the first list */
function begin(refusedMs: number): Promise<WatchedCluster> {
  const kubeconfigPath = join(home.folder, 'scripted.yaml');
  writeFileSync(kubeconfigPath, JSON.stringify(kubeconfig(api.server, {})));
  const record: ClusterRecord = { index: 0, name: 'c0', kubeconfigPath, context: '', owned: false, uid: 'u' };
  const spec = aSpec({ slug: 'bfirst', campaign: 'first', catalogue: mixedCatalogue, plan: aPlan({ totalPods: 0 }) });
  const owner = { campaign: 'first', stage: 'ramp', expiresAtMs: Date.now() + LONG_MS };
  const patience = new Patience({ refusedMs, unansweredMs: LONG_MS });
  return WatchedCluster.begin(spec, record, { owner, check: () => undefined }, new AbortController().signal, patience);
}

test('a first list that is refused for a while is waited for, and what it took belongs to the stage', async () => {
  pods.listTrick = (response) => {
    if (pods.lists < 4) refuse(response, 403, 'Forbidden');
    else pods.list(response);
  };
  const observed = await begin(LONG_MS);
  observed.enter({ stage: 'ramp', execution: 1 }, []);
  expect(observed.observation()).toMatchObject({ watch: { failures: 3 }, requests: { waited: 1, refused: 3 } });
  expect(observed.waitingFor()).toBeUndefined();
  expect(observed.confirmedAgeMs()).toBeLessThan(LONG_MS);
  observed.enter({ stage: 'steady', execution: 1 }, []);
  expect(observed.observation()).toMatchObject({ watch: { failures: 0 }, requests: { waited: 0, refused: 0 } });
  await observed.close();
});

test('a first list that is refused for longer ends with that reason', async () => {
  pods.listTrick = (response) => refuse(response, 403, 'Forbidden', 'no list for you');
  const failure: unknown = await begin(300).catch((cause: unknown) => cause);
  expect(failure).toBeInstanceOf(LastingRefusal);
  expect((failure as LastingRefusal).message).toMatch(
    /^the first list of the Pods of c0: no success for .*403 Forbidden: the cluster refuses it: no list for you$/,
  );
});
