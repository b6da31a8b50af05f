import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readTimeline } from '../../src/adapters/evidence/evidence-folder.ts';
import { manifestProblems } from '../../src/adapters/evidence/manifest.ts';
import { LEAD_GROUP, type CampaignStatus, type StoryLine } from '../../src/core/campaign/stage-io.ts';
import type { Stage } from '../../src/core/model/stages.ts';
import { drawn, SEED } from '../drawn.ts';
import type { BelayProcess } from './belay-process.ts';
import { momentOf, recordOf } from './campaign-record.ts';
import {
  expectNothingLeft,
  openNetwork,
  whyNoHosts,
  type Followed,
  type Network,
  type NetworkHost,
} from './network-hosts.ts';
import { SMALL_CATALOGUE, smallProfile, substrateOfClusters } from './small-profile.ts';

/** What happens to a campaign whose clusters are on several hosts. Without anything it is only carried out. */
interface Scenario {
  readonly name: string;
  readonly rampSeconds?: number;
  readonly soakSeconds?: number;
  /** A member loses its power in this stage. Then the stage is retried, on a third host. */
  readonly kill?: Stage;
  /** The link of a member is cut for so long in the soak that is judged. */
  readonly cutMs?: number;
  /** Ctrl-C in this stage. */
  readonly cancel?: Stage;
}

/** One of these is drawn for a run. BELAY_TEST_HOSTS selects others by a part of their names, or `all`. */
const USUAL: readonly Scenario[] = [
  { name: 'a kill in the soak and a cut of 10 s in its retry', kill: 'soak', cutMs: 10_000 },
  { name: 'a cancel in the ramp', cancel: 'ramp', rampSeconds: 20 },
];
const ON_REQUEST: readonly Scenario[] = [
  { name: 'nothing' },
  { name: 'a kill in the seed', kill: 'seed' },
  { name: 'a kill in the ramp', kill: 'ramp', rampSeconds: 20 },
  { name: 'a cut of 10 s', cutMs: 10_000 },
  { name: 'a cut of 60 s', cutMs: 60_000, soakSeconds: 90 },
  ...(['provision', 'install', 'seed', 'steady', 'soak', 'snapshot', 'judge', 'teardown'] as const).map((cancel) => ({
    name: `a cancel in the stage ${cancel}`,
    cancel,
  })),
];

const WHY_NOT = await whyNoHosts();
const HOST_CLUSTERS = 2;
const CLUSTERS = 4;
const PODS_PER_CLUSTER = 12;
const PODS = CLUSTERS * PODS_PER_CLUSTER;
const LIMIT_MS = 420_000;
/** A host that returns asks about its groups every 10 s, and removes them when two answers agree. */
const CLEAN_WITHIN_MS = 120_000;

describe.skipIf(WHY_NOT !== undefined)(
  `hosts in network namespaces${WHY_NOT === undefined ? `, seed ${SEED}` : `: ${WHY_NOT}`}`,
  () => {
    let network: Network;
    let hasFailed = false;

    beforeAll(async () => {
      network = await openNetwork(3, HOST_CLUSTERS);
      network.write('profiles/archetypes/small.yaml', SMALL_CATALOGUE);
      network.write('substrates/tiny.yaml', substrateOfClusters('tiny', PODS_PER_CLUSTER));
    });
    afterAll(async () => {
      try {
        await Promise.all(network.hosts.map((host) => host.stopWorker()));
        for (const host of network.hosts) expect(host.leftovers()).toEqual({ processes: [], names: [] });
      } catch (cause) {
        hasFailed = true;
        throw cause;
      } finally {
        await network.close(hasFailed);
      }
    });

    test.each(selected())('$name', { timeout: 2 * LIMIT_MS }, async (scenario) => {
      try {
        await Promise.all(network.hosts.map((host) => host.startWorker()));
        await carryOut(network, scenario);
        await Promise.all(network.hosts.map((host) => expectNothingLeft(host, CLEAN_WITHIN_MS)));
      } catch (cause) {
        hasFailed = true;
        throw cause;
      }
    });
  },
);

function selected(): readonly Scenario[] {
  const wanted = process.env['BELAY_TEST_HOSTS'];
  if (wanted === undefined) return drawn(USUAL, 1);
  return [...USUAL, ...ON_REQUEST].filter(({ name }) => wanted === 'all' || name.includes(wanted));
}

/** A campaign of four clusters on two of three hosts, with churn and a fault on each cluster, and what the scenario has for it. */
async function carryOut(network: Network, scenario: Scenario): Promise<void> {
  const id = scenario.name.replaceAll(/\W+/g, '-');
  const { kill, cutMs, cancel, rampSeconds, soakSeconds = 32 } = scenario;
  network.write(
    `profiles/${id}.yaml`,
    smallProfile({
      name: id,
      machines: 2 * CLUSTERS,
      density: PODS / (2 * CLUSTERS),
      ...(rampSeconds === undefined ? {} : { rampSeconds }),
      soakSeconds,
      more: { runnerActions: [{ atSeconds: 5, action: 'fail-node', on: 'each' }] },
    }),
  );
  const [host] = network.hosts;
  if (host === undefined) throw new Error('the network has no hosts');
  const running = host.start(['run', id, '--substrate', 'tiny', '--id', id, '--hold', '10m']);
  const campaign = await placed(network, id, running);
  try {
    if (kill !== undefined) await killAndRetry(campaign, kill);
    if (cutMs !== undefined) await cutLink(campaign, cutMs);
    if (cancel === undefined) return await expectPassed(campaign, scenario);
    await campaign.until(`${cancel} runs`, ({ state }) => state.stage === cancel);
    running.signal('SIGINT');
    const ended = await running.ended(LIMIT_MS);
    expect(ended.exitCode, ended.stdout + ended.stderr).toBe(3);
    expect(recordOf(campaign.lead, id).summary).toMatchObject({ ending: 'aborted', passed: false });
  } finally {
    campaign.end();
  }
}

/** A campaign that runs, and its hosts. */
interface Campaign {
  readonly id: string;
  readonly running: BelayProcess;
  readonly lead: NetworkHost;
  /** The host of the other group. */
  readonly member: () => NetworkHost;
  /** The host without a group. */
  readonly third: NetworkHost;
  readonly until: (what: string, isTrue: (status: CampaignStatus) => boolean) => Promise<CampaignStatus>;
  end(): void;
}

/** Waits until a campaign's clusters are placed: which of the hosts leads it is not known before. */
async function placed({ hosts, follow }: Network, id: string, running: BelayProcess): Promise<Campaign> {
  const followed: Followed = follow(id);
  const until: Campaign['until'] = async (what, isTrue) => {
    for (const untilMs = Date.now() + LIMIT_MS; Date.now() < untilMs; await sleep(100)) {
      const status = followed.status();
      if (status !== undefined && isTrue(status)) return status;
      if (status?.state.mode === 'finished') break;
    }
    followed.end();
    throw new Error(`${id}: it is not so that ${what}: ${JSON.stringify(followed.status())}\n${running.output()}`);
  };
  const hostOf = (isWanted: (group: string) => boolean): NetworkHost => {
    // The latest one: a group that was placed again has a higher number, also when all of them are removed.
    const name = followed.status()?.groups?.findLast(({ group }) => isWanted(group))?.host;
    const found = hosts.find((each) => each.name() === name);
    if (found === undefined) throw new Error(`${id} has no host ${name}`);
    return found;
  };
  await until('two groups are placed', ({ groups }) => groups?.length === 2);
  const memberNow = (): NetworkHost => hostOf((group) => group !== LEAD_GROUP);
  const [lead, member] = [hostOf((group) => group === LEAD_GROUP), memberNow()];
  const third = hosts.find((each) => each !== lead && each !== member);
  if (third === undefined) throw new Error('there is no third host');
  return { id, running, lead, member: memberNow, third, until, end: () => followed.end() };
}

/** The host of a group loses its power in a stage. A retry places that group, and no other, on the third host. */
async function killAndRetry(campaign: Campaign, stage: Stage): Promise<void> {
  const { id, lead, third, until } = campaign;
  const dead = campaign.member();
  for (const untilMs = Date.now() + LIMIT_MS; !hasBegun(dead, id, stage); await sleep(20))
    if (Date.now() > untilMs) throw new Error(`${stage} did not begin on the member`);
  if (stage === 'soak') await sleep(6_000);
  const killedAtMs = Date.now();
  await dead.die();
  // Without CPU a host may have been silent before.
  const isNotice = ({ atMs, text }: StoryLine): boolean => atMs >= killedAtMs && text.includes('is silent');
  const silent = await until('the host is silent', ({ story }) => story.some(isNotice));
  const noticedAtMs = silent.story.find(isNotice)?.atMs ?? 0;
  console.log(`a dead host was noticed after ${(noticedAtMs - killedAtMs) / 1_000} s`);
  const held = await until('the campaign holds', ({ state }) => state.mode === 'hold');
  expect(held.state.hold).toMatchObject({ stage, failure: { kind: 'harness' } });
  expect(held.groups).toMatchObject([{ group: 'g0' }, { group: 'g1', host: dead.name(), state: 'lost' }]);
  // A change that every host has to know of: the bar is so far off that it decides nothing.
  const set = ['--set', 'gates.podBindP99.max=59'];
  const retried = await lead.run(['retry', id, '--reason', 'a third host is there', ...set]);
  expect(retried.exitCode, retried.stdout + retried.stderr).toBe(0);
  await until('the group has moved', ({ groups }) => groups?.[2]?.host === third.name());
  await dead.startWorker();
}

/** The link of the member is cut in the soak, after its fault. */
async function cutLink(campaign: Campaign, forMs: number): Promise<void> {
  const { id, lead } = campaign;
  const { state } = await campaign.until('the soak runs', (status) => status.state.stage === 'soak');
  const { execution } = state;
  for (const untilMs = Date.now() + LIMIT_MS; !hasBegun(lead, id, 'soak', execution); await sleep(100))
    if (Date.now() > untilMs) throw new Error('the soak did not begin');
  await sleep(12_000);
  await campaign.member().cutLink();
  await sleep(forMs);
  await campaign.member().restoreLink();
}

function hasBegun(host: NetworkHost, campaign: string, stage: Stage, execution = 1): boolean {
  return readTimeline(join(host.runs, campaign)).some(
    (event) => event.stage === stage && event.execution === execution && event.what === 'began',
  );
}

/** The campaign ended with exact totals, and with one report about all of its hosts. */
async function expectPassed(campaign: Campaign, { kill, cutMs = 0 }: Scenario): Promise<void> {
  const { id, running, lead, third } = campaign;
  // Without a person at its input, `run` ends at a hold.
  if (kill !== undefined) expect((await running.ended(LIMIT_MS)).exitCode).not.toBe(0);
  const ended = await (kill === undefined ? running : lead.start(['watch', id])).ended(LIMIT_MS);
  const member = campaign.member();
  if (kill !== undefined) expect(member).toBe(third);
  const { folder, summary, hostReason, timeline } = recordOf(lead, id);
  // A link that is cut takes checks away from a short soak, and so does a machine without CPU: all of these hosts share one. Neither
  // makes a system red.
  const verdicts = cutMs > 0 || hostReason !== undefined ? ['pass', 'unmeasured'] : ['pass'];
  expect(verdicts, ended.stdout + ended.stderr).toContain(summary.verdict);
  expect(ended.exitCode).toBe(summary.verdict === 'pass' ? 0 : 2);
  expect(summary).toMatchObject({ ending: 'completed', breaches: [] });
  expect(summary.facts['provision']).toMatchObject({ clusters: CLUSTERS });
  expect(summary.facts['ramp']).toMatchObject({ podsWanted: PODS, podsCreated: PODS, podsExisting: 0 });
  expect(summary.facts['soak']).toMatchObject({ podsPresent: PODS, podsBound: PODS });
  expect(summary.facts['soak']?.['podsReplaced']).toBeGreaterThan(PODS / 3);
  // Each group was provisioned once, and its faults were undone, and that was seen, in the soak that counts.
  const group = kill === undefined ? 'g1' : 'g2';
  const last = Math.max(...timeline.filter(({ stage }) => stage === 'soak').map(({ execution }) => execution));
  for (const name of [undefined, group]) {
    const own = timeline.filter((event) => event.group === name);
    momentOf(own, { stage: 'provision', what: 'began' });
    const undone = own.filter(
      ({ what, stage, execution, detail }) =>
        what === 'action' && stage === 'soak' && execution === last && detail.endsWith('is Ready and takes Pods again'),
    );
    expect(undone).toHaveLength(CLUSTERS / 2);
  }
  const report = readFileSync(join(folder, 'report.html'), 'utf8');
  for (const host of [lead, member]) expect(report).toContain(host.name());
  expect(await manifestProblems(folder)).toEqual([]);
  const manifest = readFileSync(join(folder, 'MANIFEST.json'), 'utf8');
  for (const name of readdirSync(join(folder, 'groups', group))) expect(manifest).toContain(name);
  expect(existsSync(join(member.runs, id)), 'the member keeps a copy').toBe(false);
}
