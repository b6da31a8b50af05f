import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readTimeline } from '../../src/adapters/evidence/evidence-folder.ts';
import { manifestProblems } from '../../src/adapters/evidence/manifest.ts';
import { LEAD_GROUP, type CampaignStatus, type StoryLine } from '../../src/core/campaign/stage-io.ts';
import { isClosing, STAGES, type Stage } from '../../src/core/model/stages.ts';
import { SEED } from '../drawn.ts';
import type { BelayProcess } from './belay-process.ts';
import { momentOf, recordOf } from './campaign-record.ts';
import { selectedScenarios, type Scenario } from './hosts-scenarios.ts';
import {
  expectNothingLeft,
  openNetwork,
  whyNoHosts,
  type Followed,
  type Network,
  type NetworkHost,
} from './network-hosts.ts';
import { BROKEN_GATE, SMALL_CATALOGUE, smallProfile, substrateOfClusters } from './small-profile.ts';

/**
 * The hosts share the CPU of one machine with their Temporal and each other. Gates that are read every 2 s, as in other small profiles,
 * were not read at all in 12 of 13 cases: a query has longer, and is made more seldom.
 */
const PATIENT = { gateInterval: '8s', query: '8s' } as const;

const WHY_NOT = await whyNoHosts();
const HOST_CLUSTERS = 2;
const CLUSTERS = 4;
const PODS_PER_CLUSTER = 12;
const PODS = CLUSTERS * PODS_PER_CLUSTER;
const SLOW_NODES_SECONDS = 6;
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
      network.write('substrates/slow.yaml', substrateOfClusters('slow', PODS_PER_CLUSTER, SLOW_NODES_SECONDS));
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

    test.each(selectedScenarios())('$name', { timeout: 3 * LIMIT_MS }, async (scenario) => {
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

/** A campaign of four clusters on two of three hosts, with churn and a fault on each cluster, and what the scenario has for it. */
async function carryOut(network: Network, scenario: Scenario): Promise<void> {
  const id = scenario.name.replaceAll(/\W+/g, '-');
  const { kill, cutMs, cutIn, cancel, terminate, reboot, rampSeconds, soakSeconds = 32 } = scenario;
  network.write(
    `profiles/${id}.yaml`,
    smallProfile({
      name: id,
      machines: 2 * CLUSTERS,
      density: PODS / (2 * CLUSTERS),
      ...(rampSeconds === undefined ? {} : { rampSeconds }),
      soakSeconds,
      deadlines: PATIENT,
      ...(reboot === undefined ? {} : { gates: { noPods: BROKEN_GATE } }),
      more: { runnerActions: [{ atSeconds: 5, action: 'fail-node', on: 'each' }] },
    }),
  );
  const [host] = network.hosts;
  if (host === undefined) throw new Error('the network has no hosts');
  // Something happens in the seed only if it takes some time.
  const substrate = [kill, cutIn, cancel, terminate].includes('seed') ? 'slow' : 'tiny';
  const running = host.start(['run', id, '--substrate', substrate, '--id', id, '--hold', '10m']);
  const campaign = await placed(network, id, running);
  try {
    if (kill !== undefined) await killAndRetry(campaign, kill);
    if (reboot !== undefined) await rebootInHold(network, campaign);
    if (cutMs !== undefined) await cutLink(campaign, cutMs, cutIn);
    if (scenario.loseLead === true) return await loseLead(campaign);
    if (terminate !== undefined) return await terminateIn(network, campaign, terminate);
    if (scenario.name === 'nothing') await expectListed(network, campaign);
    if (cancel === undefined) return await expectPassed(campaign, scenario);
    await campaign.until(`${cancel} has begun`, (status) => isIn(status, cancel));
    running.signal('SIGINT');
    const ended = await running.ended(LIMIT_MS);
    // Once the soak is over, nothing is left to stop: what was measured is judged.
    const isOver = isClosing(cancel);
    expect(ended.exitCode, ended.stdout + ended.stderr).toBe(isOver ? 0 : 3);
    const { summary } = recordOf(campaign.lead, id);
    expect(summary).toMatchObject(
      isOver ? { ending: 'completed', passed: true } : { ending: 'aborted', passed: false },
    );
  } catch (cause) {
    // Its hosts clean up, and the next scenario has their capacity.
    await network.terminate(id).catch(() => undefined);
    throw cause;
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
  /** The host of the first group that was not the lead's. */
  readonly dead: () => NetworkHost;
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
  // It ends at once where its files are refused.
  await running.line(new RegExp(`campaign {2}${id}`));
  await until('two groups are placed', ({ groups }) => groups?.length === 2);
  const memberNow = (): NetworkHost => hostOf((group) => group !== LEAD_GROUP);
  const [lead, member] = [hostOf((group) => group === LEAD_GROUP), memberNow()];
  const third = hosts.find((each) => each !== lead && each !== member);
  if (third === undefined) throw new Error('there is no third host');
  return { id, running, lead, member: memberNow, dead: () => member, third, until, end: () => followed.end() };
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

/** All hosts lose their power in a hold that a gate caused. The clusters come back with what they had, and the soak is retried. */
async function rebootInHold({ hosts }: Network, { id, lead, until }: Campaign): Promise<void> {
  const held = await until('the campaign holds', ({ state }) => state.mode === 'hold');
  expect(held.state.hold).toMatchObject({ stage: 'soak', failure: { kind: 'breach', gate: 'noPods' } });
  await Promise.all(hosts.map((host) => host.die()));
  await Promise.all(hosts.map((host) => host.startWorker()));
  const retried = await lead.run(['retry', id, '--reason', 'wrong bar', '--set', 'gates.noPods.max=1000']);
  expect(retried.exitCode, retried.stdout + retried.stderr).toBe(0);
}

/** Without its lead a campaign ends as a harness fault. What the other host has stays there; a lead that returns cleans up. */
async function loseLead({ id, lead, member }: Campaign): Promise<void> {
  for (const untilMs = Date.now() + LIMIT_MS; !hasBegun(lead, id, 'soak'); await sleep(100))
    if (Date.now() > untilMs) throw new Error('the soak did not begin');
  await sleep(6_000);
  await lead.die();
  const ended = await member()
    .start(['watch', id])
    .ended(2 * LIMIT_MS);
  expect(ended.exitCode, ended.stdout + ended.stderr).toBe(4);
  const kept = join(member().runs, id);
  expect(readTimeline(kept).some(({ stage, what }) => stage === 'soak' && what === 'began')).toBe(true);
  expect(readdirSync(join(kept, 'logs')).length).toBeGreaterThan(0);
  await lead.startWorker();
  expect(readTimeline(join(lead.runs, id)).length).toBeGreaterThan(0);
}

/** A campaign whose workflow is terminated leaves nothing on its hosts but evidence, whether its own hosts or a sweep remove the rest. */
async function terminateIn({ terminate }: Network, campaign: Campaign, stage: Stage): Promise<void> {
  const { id, lead, third, running, until } = campaign;
  await until(`${stage} has begun`, (status) => isIn(status, stage));
  await terminate(id);
  expect((await running.ended(LIMIT_MS)).exitCode).not.toBe(0);
  const swept = await third.run(['sweep', '--all-hosts']);
  expect([0, 4], swept.stdout + swept.stderr).toContain(swept.exitCode);
  await Promise.all([lead, campaign.member()].map((host) => expectNothingLeft(host, CLEAN_WITHIN_MS)));
  expect(readTimeline(join(lead.runs, id)).length).toBeGreaterThan(0);
}

/** Any host lists all of them: names, queues, capacity, groups of the campaign, and that they were heard of. */
async function expectListed({ hosts }: Network, { id, lead, member, third }: Campaign): Promise<void> {
  const line = (host: NetworkHost, groups: readonly string[]): unknown =>
    expect.objectContaining({
      host: host.name(),
      address: host.address,
      capacityClusters: HOST_CLUSTERS,
      queues: [expect.stringContaining(host.name()), expect.stringContaining(host.name())],
      lastHeartbeat: expect.any(String) as string,
      groups: groups.map((group) => expect.objectContaining({ campaign: id, group, clusters: 2 }) as unknown),
    });
  // A campaign that does not answer at once is left out.
  const listed = async (): Promise<unknown> =>
    JSON.parse((await third.run(['status', '--hosts', '--output', 'json'])).stdout);
  await expect
    .poll(listed, { timeout: 90_000, interval: 1_000 })
    .toEqual(expect.arrayContaining([line(lead, ['g0']), line(member(), ['g1']), line(third, [])]));
  const doctor = await third.run(['doctor']);
  for (const host of hosts) expect(doctor.stdout).toContain(host.name());
}

/** The link of the member is cut in the soak, after its fault, or as soon as another stage has begun. */
async function cutLink(campaign: Campaign, forMs: number, cutIn: Stage = 'soak'): Promise<void> {
  const { id, lead } = campaign;
  const { state } = await campaign.until(`${cutIn} has begun`, (status) => isIn(status, cutIn));
  if (cutIn === 'soak') {
    const { execution } = state;
    for (const untilMs = Date.now() + LIMIT_MS; !hasBegun(lead, id, 'soak', execution); await sleep(100))
      if (Date.now() > untilMs) throw new Error('the soak did not begin');
    await sleep(12_000);
  }
  await campaign.member().cutLink();
  await sleep(forMs);
  await campaign.member().restoreLink();
}

/** Whether a campaign is in a stage, or past it: one of milliseconds may have passed unseen. */
function isIn({ state }: CampaignStatus, stage: Stage): boolean {
  return state.stage !== null && STAGES.indexOf(state.stage) >= STAGES.indexOf(stage);
}

function hasBegun(host: NetworkHost, campaign: string, stage: Stage, execution = 1): boolean {
  return readTimeline(join(host.runs, campaign)).some(
    (event) => event.stage === stage && event.execution === execution && event.what === 'began',
  );
}

/** The campaign ended with exact totals, and with one report about all of its hosts. */
async function expectPassed(campaign: Campaign, { kill, cutMs = 0, reboot }: Scenario): Promise<void> {
  const { id, running, lead, third } = campaign;
  // Without a person at its input, `run` ends at a hold.
  const isRetried = kill !== undefined || reboot !== undefined;
  if (isRetried) expect((await running.ended(LIMIT_MS)).exitCode).not.toBe(0);
  const ended = await (isRetried ? lead.start(['watch', id]) : running).ended(LIMIT_MS);
  const member = campaign.member();
  if (kill !== undefined) expect(member).toBe(third);
  const { folder, summary, hostReason, timeline } = recordOf(lead, id);
  // A link that is cut takes checks away from a short soak, and so does a machine without CPU: all of these hosts share one. Neither
  // makes a system red.
  const verdicts = cutMs > 0 || hostReason !== undefined ? ['pass', 'unmeasured'] : ['pass'];
  console.log(`${id}: ${summary.verdict}, ${summary.reasons[0] ?? 'without a reason'}`);
  expect(verdicts, ended.stdout + ended.stderr).toContain(summary.verdict);
  expect(ended.exitCode).toBe(summary.verdict === 'pass' ? 0 : 2);
  expect(summary).toMatchObject({ ending: 'completed' });
  if (reboot === undefined) expect(summary.breaches).toEqual([]);
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
  if (kill !== undefined) expectEvidenceOfDead(campaign, kill);
}

/** What a host had when it died is on the lead, or still on that host; the summary says where. */
function expectEvidenceOfDead({ id, lead, dead }: Campaign, stage: Stage): void {
  const { folder, summary } = recordOf(lead, id);
  const named = summary.evidence.find(({ what }) => what.startsWith('evidence of g1, whose clusters have moved away'));
  const isOnLead = named?.what.endsWith('groups/g1') === true;
  expect(named?.what).toContain(isOnLead ? 'groups/g1' : `runs/${id} there`);
  const timeline = readTimeline(isOnLead ? join(folder, 'groups', 'g1') : join(dead().runs, id));
  expect(timeline.some((event) => event.stage === stage && event.what === 'began')).toBe(true);
}
