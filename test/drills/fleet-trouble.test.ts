import { rmSync, readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { writeTextFile } from '../../src/adapters/host/atomic-file.ts';
import { readLedger, type ClusterRecord } from '../../src/adapters/host/ledger.ts';
import { groupName } from '../../src/adapters/prometheus/scrape-config.ts';
import { prometheusFolder } from '../../src/adapters/prometheus/server.ts';
import type { GateResult } from '../../src/core/gates/model.ts';
import { withBelay, type Belay } from '../e2e/belay-cli.ts';
import { recordOf, specOf, type CampaignRecord } from '../e2e/campaign-record.ts';
import { addProfile, addSubstrateOfClusters } from '../e2e/small-profile.ts';
import { NOT_READY, Outsider } from './outsider.ts';
import { soakEndOf, untilMeasured, untilMoment } from './victims.ts';

const SOAK_SECONDS = 20;
const PODS = 36;
/** Pods that fail where no other Pod finds a Node, so that they are not replaced. */
const FAILED = 12;
const POD_READY_SECONDS = 5;
/** How long before the end of the soak the Pods change: their last state is scraped, and no other is awaited for long. */
const CHANGED_BEFORE_END_MS = 3_000;

test('half of the fleet silent is unmeasured by name; bound Pods that failed or are not Ready fail, each by its own gate', async () => {
  await withBelay(async (belay) => {
    expect((await belay.run(['up'])).exitCode).toBe(0);
    await Promise.all([halfSilent(belay), neitherAliveNorReady(belay)]);
  });
});

/** The scheduler of one cluster is no longer discovered, and the apiserver of the other one serves no metrics. */
async function halfSilent(belay: Belay): Promise<void> {
  addProfile(belay, { name: 'silent', soakSeconds: SOAK_SECONDS });
  addSubstrateOfClusters(belay, 'halves', PODS / 2);
  const broken = createServer((_request, response) => response.writeHead(500).end('broken'));
  broken.listen(0, '127.0.0.1');
  await once(broken, 'listening');
  const running = belay.start(['run', 'silent', '--substrate', 'halves', '--id', 'silent']);
  await untilMeasured(belay, 'silent', 'schedulerAttemptP99');
  const [first, second] = clustersOf(belay, 'silent');
  rmSync(targetsOf(belay, 'silent', 'scheduler', second));
  const apiserver = targetsOf(belay, 'silent', 'apiserver', first);
  const found = JSON.parse(readFileSync(apiserver, 'utf8')) as readonly { readonly labels: object }[];
  const address = `127.0.0.1:${(broken.address() as AddressInfo).port}`;
  writeTextFile(apiserver, JSON.stringify(found.map(({ labels }) => ({ labels, targets: [address] }))));
  const ended = await running.ended();
  broken.close();

  const { summary } = recordOf(belay, 'silent');
  expect({ exitCode: ended.exitCode, verdict: summary.verdict }, ended.stdout + ended.stderr).toEqual({
    exitCode: 2,
    verdict: 'unmeasured',
  });
  const silent = { schedulerAttemptP99: second, schedulerErrors: second, podsUnschedulable: second };
  const missing = { ...silent, apiserverMutatingP99: first };
  for (const [name, { name: cluster }] of Object.entries(missing)) {
    const { reading, verdict } = gateOf({ summary }, name);
    expect(verdict, name).toBe('unmeasured');
    expect(reading.reason, name).toMatch(/^target-(down|stale)$/);
    expect(reading.detail, name).toMatch(new RegExp(`^target \\S+ of ${cluster} of job "(scheduler|apiserver)" was `));
  }
  expect(summary.reasons).toHaveLength(Object.keys(missing).length);
  for (const name of ['podBindP99', 'podsBound', 'podsReady'])
    expect(gateOf({ summary }, name).verdict, name).toBe('pass');
}

/** At the end of the soak a third of the Pods has failed, and no Pod is Ready. */
async function neitherAliveNorReady(belay: Belay): Promise<void> {
  addProfile(belay, {
    name: 'unready',
    soakSeconds: SOAK_SECONDS,
    deadlines: { podReady: `${POD_READY_SECONDS}s`, apiCall: `${POD_READY_SECONDS}s` },
    more: { rampBudget: '60s' },
  });
  const running = belay.start(['run', 'unready', '--id', 'unready']);
  await untilMoment(() => soakEndOf(belay, 'unready') - CHANGED_BEFORE_END_MS);
  const outsider = await Outsider.connect(clustersOf(belay, 'unready')[0]);
  await outsider.cordonNodes();
  const pods = await outsider.pods();
  await outsider.patchStatus(pods, NOT_READY);
  await outsider.patchStatus(pods.slice(0, FAILED), { phase: 'Failed' });
  await outsider.close();
  const { exitCode, stdout, stderr } = await running.ended();

  const { summary } = recordOf(belay, 'unready');
  expect({ exitCode, verdict: summary.verdict }, stdout + stderr).toEqual({ exitCode: 1, verdict: 'fail' });
  const bound = gateOf({ summary }, 'podsBound');
  expect(bound.verdict).toBe('fail');
  expect(bound.reading.value).toBeLessThanOrEqual((PODS - FAILED) / PODS);
  const ready = gateOf({ summary }, 'podsReady');
  expect(ready.verdict).toBe('fail');
  expect(ready.reading.value).toBe(0);
  for (const reason of [/^podsBound = /, /^podsReady = 0/])
    expect(summary.reasons).toContainEqual(expect.stringMatching(reason));
}

/** The clusters of a campaign of two, or the only one as both. */
function clustersOf(belay: Belay, campaign: string): readonly [ClusterRecord, ClusterRecord] {
  const [first, second = first] = readLedger(specOf(belay, campaign).slug)?.clusters ?? [];
  if (first === undefined || second === undefined) throw new Error(`${campaign} has no cluster`);
  return [first, second];
}

/** The file by which Prometheus discovers the targets of a job in a cluster. */
function targetsOf(belay: Belay, campaign: string, job: string, { name }: ClusterRecord): string {
  return join(prometheusFolder(specOf(belay, campaign).slug), 'targets', `${groupName(job, name)}.json`);
}

function gateOf({ summary }: Pick<CampaignRecord, 'summary'>, name: string): GateResult {
  return summary.gates.find(({ gate }) => gate === name) ?? expect.fail(`there is no gate ${name}`);
}
