import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { writeTextFile } from '../../src/adapters/host/atomic-file.ts';
import { readLedger, type ClusterRecord } from '../../src/adapters/host/ledger.ts';
import type { GateResult } from '../../src/core/gates/model.ts';
import { startLyingProxy, type LyingProxy } from '../adapters/kube/lying-proxy.ts';
import type { Ended } from '../e2e/belay-process.ts';
import { withBelay, type Belay } from '../e2e/belay-cli.ts';
import { recordOf, specOf, type CampaignRecord } from '../e2e/campaign-record.ts';
import { addProfile, addSlowSubstrate } from '../e2e/small-profile.ts';
import { Outsider } from './outsider.ts';
import { soakEndOf, untilEvent, untilMeasured, untilMoment } from './victims.ts';

const PODS = 36;
const NODES_READY_SECONDS = 4;
const REFUSED_MS = 20_000;
/** Pods that are deleted where no other Pod finds a Node. */
const DELETED = 30;
/** How long before the end of the soak they are. */
const DELETED_BEFORE_END_MS = 6_000;

test('a watch that is refused for 20 s costs nothing, and one that sends no events hides no loss', async () => {
  await withBelay(async (belay) => {
    expect((await belay.run(['up'])).exitCode).toBe(0);
    await Promise.all([refusedForAWhile(belay), lossWhileTheWatchLies(belay)]);
  });
});

async function refusedForAWhile(belay: Belay): Promise<void> {
  const { ended, record, proxy } = await campaign(belay, { name: 'refused', soakSeconds: 36 }, async (proxy) => {
    await untilMeasured(belay, 'refused', 'schedulerAttemptP99');
    proxy.refuseWatches();
    await sleep(REFUSED_MS);
    proxy.heal();
  });
  expect(proxy.broken).toBeGreaterThan(0);
  const { verdict, reasons } = record.summary;
  expect({ exitCode: ended.exitCode, verdict, reasons }, ended.stdout + ended.stderr).toEqual({
    exitCode: 0,
    verdict: 'pass',
    reasons: [],
  });
  expect(gateOf(record, 'podsObserved').reading).toMatchObject({ quality: 'measured', value: 1 });
  expect(record.summary.facts['soak']).toMatchObject({ podsPresent: PODS, podsBound: PODS });
}

/** Most of the Pods are gone, and the watch sends bookmarks and nothing else. */
async function lossWhileTheWatchLies(belay: Belay): Promise<void> {
  const { ended, record, proxy } = await campaign(belay, { name: 'lying', soakSeconds: 24 }, async (proxy, cluster) => {
    const outsider = await Outsider.connect(cluster);
    await untilMoment(() => soakEndOf(belay, 'lying') - DELETED_BEFORE_END_MS);
    proxy.swallowEvents();
    await outsider.cordonNodes();
    await outsider.deletePods((await outsider.pods()).slice(0, DELETED));
    await outsider.close();
    await untilEvent(belay, 'lying', { stage: 'soak', what: 'ended' });
    proxy.heal();
  });
  expect(proxy.broken).toBeGreaterThan(0);
  expect(record.summary.verdict, ended.stdout + ended.stderr).toBe('fail');
  expect(ended.exitCode).toBe(1);
  for (const name of ['podsBound', 'podsReady']) {
    const { verdict, reading } = gateOf(record, name);
    expect(verdict, name).toBe('fail');
    // Churn has replaced some more of them by Pods that wait.
    expect(reading.value, name).toBeLessThanOrEqual((PODS - DELETED) / PODS);
  }
  // Pods that wait until the end count in the latencies too, so these may be reasons before it.
  expect(record.summary.reasons).toContainEqual(expect.stringMatching(/^podsBound = /));
}

interface Campaign {
  readonly ended: Ended;
  readonly record: CampaignRecord;
  readonly proxy: LyingProxy;
}

/** Runs a campaign that reaches its cluster through a proxy from the ramp on. @param trouble what happens meanwhile */
async function campaign(
  belay: Belay,
  { name, soakSeconds }: { readonly name: string; readonly soakSeconds: number },
  trouble: (proxy: LyingProxy, cluster: ClusterRecord) => Promise<void>,
): Promise<Campaign> {
  addProfile(belay, {
    name,
    soakSeconds,
    deadlines: { podReady: '10s', apiCall: '10s' },
    more: { loadProfile: { rampSeconds: 3, soakSeconds, churnPerMinute: 2 } },
  });
  // The seed waits for its Nodes, so that the ramp finds the new kubeconfig.
  const substrate = addSlowSubstrate(belay, NODES_READY_SECONDS);
  const running = belay.start(['run', name, '--substrate', substrate, '--id', name]);
  await untilEvent(belay, name, { stage: 'seed', what: 'began' });
  const cluster = readLedger(specOf(belay, name).slug)?.clusters[0];
  if (cluster === undefined) throw new Error(`${name} has no cluster`);
  const direct = {
    ...cluster,
    kubeconfigPath: belay.write(`direct/${name}.yaml`, readFileSync(cluster.kubeconfigPath, 'utf8')),
  };
  const proxy = await startLyingProxy(direct);
  const through = readFileSync(proxy.kubeconfigPath, 'utf8').replaceAll('"only"', JSON.stringify(cluster.context));
  writeTextFile(cluster.kubeconfigPath, through);
  await trouble(proxy, direct);
  const ended = await running.ended();
  await proxy.close();
  return { ended, record: recordOf(belay, name), proxy };
}

function gateOf({ summary }: CampaignRecord, name: string): GateResult {
  return summary.gates.find(({ gate }) => gate === name) ?? expect.fail(`there is no gate ${name}`);
}
