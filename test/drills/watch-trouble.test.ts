import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { beforeAll, expect, test } from 'vitest';
import { readTimeline } from '../../src/adapters/evidence/evidence-folder.ts';
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
const NODES_READY_SECONDS = 6;
const REFUSED_MS = 20_000;
/** Pods that are deleted where no other Pod finds a Node. */
const DELETED = 30;
/** How long before the end of the soak they are. */
const DELETED_BEFORE_END_MS = 6_000;
/** A refusal of lists that begins before the end of the soak and ends after it, and is too short for a state to be too old. */
const LISTS_REFUSED_BEFORE_END_MS = 10_000;
const LISTS_REFUSED_MS = 15_000;
/** A refusal of lists in which the last confirmed state becomes too old before the end of the soak. */
const UNCONFIRMED_BEFORE_END_MS = 36_000;

// The proxy needs it, and it takes longer to load than a seed on a busy host.
beforeAll(() => import('@kubernetes/client-node'));

test('refused watches and lists cost nothing but time, hide no loss, and keep no soak from its end', async () => {
  await withBelay(async (belay) => {
    expect((await belay.run(['up'])).exitCode).toBe(0);
    await Promise.all([refusedForAWhile(belay), lossWhileTheWatchLies(belay), refusedToTheEnd(belay)]);
  });
});

/** Watches are refused for 20 s, and then lists as well, around the end: the load completes its Pods with a list. */
async function refusedForAWhile(belay: Belay): Promise<void> {
  let listsBefore = 0;
  const { ended, record, proxy } = await campaign(belay, { name: 'refused', soakSeconds: 46 }, async (proxy) => {
    await untilMeasured(belay, 'refused', 'schedulerAttemptP99');
    proxy.refuseWatches();
    await sleep(REFUSED_MS);
    proxy.heal();
    listsBefore = proxy.refusedLists;
    await untilMoment(() => soakEndOf(belay, 'refused') - LISTS_REFUSED_BEFORE_END_MS);
    proxy.refuseListsAndWatches();
    await sleep(LISTS_REFUSED_MS);
    proxy.heal();
  });
  expect(proxy.broken).toBeGreaterThan(0);
  expect(listsBefore).toBe(0);
  expect(proxy.refusedLists).toBeGreaterThan(0);
  const { verdict, reasons, ending, stages, observed } = record.summary;
  expect({ exitCode: ended.exitCode, ending, verdict, reasons }, ended.stdout + ended.stderr).toEqual({
    exitCode: 0,
    ending: 'completed',
    verdict: 'pass',
    reasons: [],
  });
  // No attempt was used up: the timeline has no second one.
  expect(record.timeline.filter(({ stage, what }) => stage === 'soak' && what === 'resumed')).toEqual([]);
  expect(stages.filter(({ stage }) => stage === 'soak')).toMatchObject([{ execution: 1, outcome: 'succeeded' }]);
  expect(gateOf(record, 'podsObserved').reading).toMatchObject({ quality: 'measured', value: 1 });
  expect(record.summary.facts['soak']).toMatchObject({ podsPresent: PODS, podsBound: PODS });
  const soak = observed?.find(({ stage }) => stage === 'soak');
  expect(soak?.requests.refused).toBeGreaterThan(0);
  expect(soak?.watch.failures).toBeGreaterThan(0);
  expect(soak?.watch.longestUnconfirmedMs).toBeGreaterThanOrEqual(LISTS_REFUSED_MS);
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

/** Nothing confirms the Pods any more: the soak ends on time, and what rests on them is unmeasured. */
async function refusedToTheEnd(belay: Belay): Promise<void> {
  const { ended, record, proxy } = await campaign(belay, { name: 'unconfirmed', soakSeconds: 46 }, async (proxy) => {
    await untilMoment(() => soakEndOf(belay, 'unconfirmed') - UNCONFIRMED_BEFORE_END_MS);
    proxy.refuseListsAndWatches();
    await untilEvent(belay, 'unconfirmed', { stage: 'soak', what: 'ended' });
    proxy.heal();
  });
  expect(proxy.refusedLists).toBeGreaterThan(0);
  const { verdict, ending, reasons, stages } = record.summary;
  expect({ exitCode: ended.exitCode, ending, verdict }, ended.stdout + ended.stderr).toEqual({
    exitCode: 2,
    ending: 'completed',
    verdict: 'unmeasured',
  });
  expect(reasons).toContainEqual(expect.stringMatching(/^podsBound .*stale-watch/));
  for (const name of ['podsBound', 'podsReady', 'podsObserved', 'podBindP99']) {
    expect(gateOf(record, name).reading, name).toMatchObject({ quality: 'unmeasured', reason: 'stale-watch' });
  }
  expect(stages.filter(({ stage }) => stage === 'soak')).toMatchObject([{ execution: 1, outcome: 'succeeded' }]);
  expect(record.timeline).toContainEqual(
    expect.objectContaining({ stage: 'soak', what: 'incomplete', detail: expect.stringMatching(/403/) as string }),
  );
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
  const stages = readTimeline(join(belay.runs, name)).map(({ stage }) => stage);
  expect(stages, `${name}: the ramp began before the proxy was there`).not.toContain('ramp');
  await trouble(proxy, direct);
  const ended = await running.ended();
  await proxy.close();
  return { ended, record: recordOf(belay, name), proxy };
}

function gateOf({ summary }: CampaignRecord, name: string): GateResult {
  return summary.gates.find(({ gate }) => gate === name) ?? expect.fail(`there is no gate ${name}`);
}
