import { existsSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { infrastructureGaps } from '../../../src/core/gates/infrastructure.ts';
import { readInfrastructureEvents } from '../../../src/adapters/host/infrastructure-events.ts';
import type { InfrastructureEvent } from '../../../src/core/gates/infrastructure.ts';
import { startKeeper } from '../../../src/adapters/keeper/keeper.ts';
import { campaignFolder, markClosing, readLedger, recordProcess } from '../../../src/adapters/host/ledger.ts';
import type { ClusterRecord, LedgerProcess } from '../../../src/adapters/host/ledger.ts';
import { markOf } from '../../../src/adapters/host/process-marks.ts';
import { isAlive, startDetached, stopProcess } from '../../../src/adapters/host/processes.ts';
import { componentStates } from '../../../src/adapters/substrates/local/components.ts';
import type { ComponentName } from '../../../src/adapters/substrates/local/layout.ts';
import { eventually } from '../eventually.ts';
import { testCampaign, testHome } from '../substrates/local-campaign.ts';
import type { TestCampaign, TestHome } from '../substrates/local-campaign.ts';

/** The issue's own bound on noticing a death. */
const NOTICED_WITHIN_MS = 5_000;

let home: TestHome;
let campaign: TestCampaign;
const keepers: Keeper[] = [];

interface Keeper {
  stop(): Promise<void>;
}

beforeEach(() => {
  home = testHome();
});

afterEach(async () => {
  for (const keeper of keepers.splice(0)) await keeper.stop();
  for (const process of readLedger(campaign.spec.slug)?.processes ?? []) await stopProcess(process);
  await campaign.close();
  home.close();
});

test('components of a cluster that die are noticed, started again and told; what is stopped is told', async () => {
  campaign = await testCampaign('keep');
  const [cluster] = (await campaign.provision(1)) as [ClusterRecord];
  keep();
  await untilKnown('keep-c0/etcd');

  for (const component of ['kube-scheduler', 'etcd'] as const) {
    const dead = stateOf(cluster, component);
    const killedAtMs = Date.now();
    process.kill(dead.pid, 'SIGKILL');
    const restarted = await event({ component, what: 'restarted' });
    const [died] = events({ component, what: 'died' });
    expect(died).toMatchObject({ cluster: 'keep-c0' });
    expect((died?.atMs ?? Infinity) - killedAtMs).toBeLessThanOrEqual(NOTICED_WITHIN_MS);
    // Known alive before the kill; the gap covers all that can have been missed.
    expect(died?.gapStartMs).toBeLessThanOrEqual(killedAtMs + 100);
    expect(restarted).toMatchObject({ gapStartMs: died?.gapStartMs });
    expect(stateOf(cluster, component)).toMatchObject({ state: 'running' });
    expect(stateOf(cluster, component).pid).not.toBe(dead.pid);
  }

  const stopped = stateOf(cluster, 'kwok-controller');
  process.kill(stopped.pid, 'SIGSTOP');
  await event({ component: 'kwok-controller', what: 'frozen' });
  process.kill(stopped.pid, 'SIGCONT');
  await event({ component: 'kwok-controller', what: 'resumed' });
  expect(stateOf(cluster, 'kwok-controller').pid).toBe(stopped.pid);

  // The apiserver itself runs on without its store, and says so when it is asked.
  const store = stateOf(cluster, 'etcd');
  process.kill(store.pid, 'SIGSTOP');
  const silent = await event({ component: 'kube-apiserver', what: 'frozen' });
  expect(silent.detail).toContain('/readyz');
  process.kill(store.pid, 'SIGCONT');
  await event({ component: 'kube-apiserver', what: 'resumed' });
  await event({ component: 'etcd', what: 'resumed' });
  expect(infrastructureGaps(readInfrastructureEvents(campaign.spec.campaign)).every((gap) => gap.endMs !== null)).toBe(
    true,
  );
});

test('a process is started again as it was, by one of two keepers, with its ports and its name', async () => {
  campaign = await testCampaign('proc');
  // Another campaign's ledger that nobody can read is no reason to leave this one unwatched.
  mkdirSync(campaignFolder('broken'), { recursive: true });
  writeFileSync(join(campaignFolder('broken'), 'ledger.json'), '{');
  const first = await sleeper('proc', 'worker.sleeper', true);
  keep();
  keep();
  await untilKnown('process/worker.sleeper');
  // As if a keeper had died between the start and the record.
  const stray = await startDetached(first);

  process.kill(first.pid, 'SIGKILL');
  await event({ component: 'worker.sleeper', what: 'restarted' });

  const second = recorded('worker.sleeper');
  expect(second).toMatchObject({ args: first.args, restart: true, ports: { metrics: 4711 } });
  expect(second.pid).not.toBe(first.pid);
  expect(isAlive(second)).toBe(true);
  expect(isAlive(stray)).toBe(false);
  expect(events({}).map((each) => each.what)).toEqual(['died', 'restarted']);
});

test('a crash loop ends and is told once; what must not be restarted is only told', async () => {
  campaign = await testCampaign('loop');
  const crash = await startDetached({
    name: 'crasher',
    file: '/bin/sh',
    args: ['-c', 'echo out of oranges; exit 1'],
    cwd: home.folder,
    logPath: join(campaignFolder('loop'), 'logs', 'crasher.log'),
  });
  recordProcess('loop', crash, true);
  const once = await sleeper('loop', 'once', false);
  keep();
  await untilKnown('process/once');
  process.kill(once.pid, 'SIGKILL');

  const gaveUp = await event({ component: 'crasher', what: 'gave-up' });

  expect(gaveUp.detail).toContain('out of oranges');
  expect(events({ component: 'crasher' }).map((each) => each.what)).toEqual(['died', 'gave-up']);
  expect(events({ component: 'once' }).map((each) => each.what)).toEqual(['died']);
  expect(infrastructureGaps(readInfrastructureEvents(campaign.spec.campaign)).map((gap) => gap.endMs)).toEqual([
    null,
    null,
  ]);
});

test('what dies while no keeper looks: the gap starts when it was last seen alive', async () => {
  campaign = await testCampaign('away');
  const first = await sleeper('away', 'sleeper', true);
  const keeper = keep();
  await untilKnown('process/sleeper');
  await keeper.stop();
  const stoppedAtMs = Date.now();
  process.kill(first.pid, 'SIGKILL');
  await eventually(() => !isAlive(first));

  keep();
  await event({ component: 'sleeper', what: 'restarted' });

  const [died] = events({ what: 'died' });
  expect(died?.gapStartMs).toBeLessThanOrEqual(stoppedAtMs);
  expect(died?.gapStartMs).toBeGreaterThanOrEqual(first.startedAtMs);
});

test('a campaign that is being torn down is left alone', async () => {
  campaign = await testCampaign('closing');
  const first = await sleeper('closing', 'sleeper', true);
  const other = await testCampaign('other');
  const witness = await sleeper('other', 'witness', true);
  const keeper = keep();
  await untilKnown('process/sleeper');
  markClosing('closing');
  process.kill(first.pid, 'SIGKILL');
  process.kill(witness.pid, 'SIGKILL');

  // The keeper has been round since: it mended the other campaign.
  await eventually(() => readInfrastructureEvents(other.spec.campaign).some((each) => each.what === 'restarted'));

  expect(events({})).toEqual([]);
  expect(isAlive(recorded('sleeper'))).toBe(false);
  await keeper.stop();
  for (const process of readLedger('other')?.processes ?? []) await stopProcess(process);
  await other.close();
  expect(existsSync(join(home.folder, 'state', 'keeper.lock'))).toBe(false);
  expect(readdirSync(join(home.folder, 'state', 'campaigns'))).toEqual(['closing']);
});

const SILENT = { info: () => undefined, warn: () => undefined };

function keep(): Keeper {
  const ended = new AbortController();
  const done = startKeeper({ log: SILENT, signal: ended.signal });
  const keeper = {
    stop: () => {
      ended.abort();
      return done;
    },
  };
  keepers.push(keeper);
  return keeper;
}

/** Waits until a keeper has seen a part well. */
async function untilKnown(key: string): Promise<void> {
  const path = join(campaignFolder(campaign.spec.slug), 'keeper.json');
  await eventually(() => existsSync(path) && key in (JSON.parse(readFileSync(path, 'utf8')) as object));
}

async function sleeper(slug: string, name: string, restart: boolean): Promise<LedgerProcess> {
  const record = await startDetached({
    name,
    file: '/bin/sleep',
    args: ['600'],
    env: markOf(slug, name),
    cwd: home.folder,
    logPath: join(campaignFolder(slug), 'logs', `${name}.log`),
  });
  recordProcess(slug, record, restart, { ports: { metrics: 4711 } });
  return { ...record, restart, ports: { metrics: 4711 } };
}

function recorded(name: string): LedgerProcess {
  const found = readLedger(campaign.spec.slug)?.processes.find((each) => each.name === name);
  if (found === undefined) throw new Error(`${name} is not on record`);
  return found;
}

function stateOf(cluster: ClusterRecord, component: ComponentName): ReturnType<typeof componentStates>[number] {
  const found = componentStates(cluster).find((each) => each.name === component);
  if (found === undefined) throw new Error(`no ${component}`);
  return found;
}

function events(like: Partial<InfrastructureEvent>): readonly InfrastructureEvent[] {
  return readInfrastructureEvents(campaign.spec.campaign).filter((each) =>
    Object.entries(like).every(([key, value]) => each[key as keyof InfrastructureEvent] === value),
  );
}

function event(like: Partial<InfrastructureEvent>): Promise<InfrastructureEvent> {
  return eventually(() => events(like)[0]);
}
