import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { campaignFolder, forgetProcess, readLedger, writeLedger } from '../../../src/adapters/host/ledger.ts';
import type { ClusterRecord } from '../../../src/adapters/host/ledger.ts';
import { isAlive } from '../../../src/adapters/host/processes.ts';
import {
  ensureProcess,
  processLogPath,
  removeProcess,
  removeProcessesOf,
} from '../../../src/adapters/systems/system-processes.ts';
import type { ProcessScope } from '../../../src/adapters/systems/system-processes.ts';
import type { SystemProcess } from '../../../src/core/model/system.ts';
import { eventually } from '../eventually.ts';
import { processesMentioning, testHome } from '../substrates/local-campaign.ts';
import type { TestHome } from '../substrates/local-campaign.ts';

const SLUG = 'sysproc';

let home: TestHome;
let place: ProcessScope;

beforeEach(() => {
  home = testHome();
  const nowMs = Date.now();
  writeLedger({
    campaign: SLUG,
    slug: SLUG,
    workflowId: '',
    runId: '',
    createdAtMs: nowMs,
    expiresAtMs: nowMs,
    clusters: [],
    processes: [],
  });
  const cluster: ClusterRecord = {
    index: 0,
    name: `${SLUG}-c0`,
    kubeconfigPath: join(campaignFolder(SLUG), 'clusters', `${SLUG}-c0.kubeconfig`),
    context: '',
    owned: true,
    uid: 'u',
  };
  place = { slug: SLUG, cluster, systemFolder: home.folder, tools: new Map() };
});

afterEach(async () => {
  await removeProcessesOf(SLUG, place.cluster, 2_000);
  home.close();
});

test('a process runs with its placeholders filled in, is taken up the second time, and keeps its ports the third', async () => {
  const first = await ensureProcess(place, SERVER, signal());
  expect(first.ports?.['web']).toBeGreaterThan(1_024);
  expect(first.args).toContain(`${first.ports?.['web']} ${SLUG}-c0`);
  const log = processLogPath(SLUG, place.cluster, 'server');
  await eventually(() => readFileSync(log, 'utf8').includes(`${first.ports?.['web']} ${SLUG}-c0 ${home.folder}`));

  const second = await ensureProcess(place, SERVER, signal());
  expect(second.pid).toBe(first.pid);

  process.kill(first.pid, 'SIGKILL');
  await eventually(() => !isAlive(first));
  const third = await ensureProcess(place, SERVER, signal());
  expect(third.pid).not.toBe(first.pid);
  expect(third.ports).toEqual(first.ports);
  expect(readLedger(SLUG)?.processes).toEqual([third]);
});

test('one that was started and never recorded is found, stopped and replaced; removal leaves none', async () => {
  const first = await ensureProcess(place, SERVER, signal());
  await isSleeping(first.pid);
  // As if the worker had died right after the start.
  forgetProcess(SLUG, first.name);
  const second = await ensureProcess(place, SERVER, signal());
  expect(isAlive(first)).toBe(false);
  await isSleeping(second.pid);
  forgetProcess(SLUG, second.name);

  await removeProcess(SLUG, place.cluster, 'server', 2_000);

  expect(isAlive(second)).toBe(false);
  expect(processesMentioning(SLUG)).toEqual([]);
  expect(existsSync(join(campaignFolder(SLUG), `${SLUG}-c0.server`))).toBe(false);
});

test.each<[string, Partial<SystemProcess>, string]>([
  ['a tool nobody made ready', { tool: 'nothing' }, 'install.processes.server.tool: nothing was not made ready'],
  ['a program that does not exist', { tool: '/no/such/file' }, '/no/such/file does not exist'],
  [
    'an unknown placeholder',
    { args: ['${pord.web}'] },
    'install.processes.server.args[0]: unknown placeholder ${pord.web}',
  ],
])('%s is refused before anything starts', async (_what, change, message) => {
  await expect(ensureProcess(place, { ...SERVER, ...change }, signal())).rejects.toThrow(message);
  expect(readLedger(SLUG)?.processes).toEqual([]);
});

/** The shell has become `sleep`. While it does, the kernel shows no environment of the process. */
async function isSleeping(pid: number): Promise<void> {
  await eventually(() => readFileSync(`/proc/${pid}/environ`, 'utf8') !== '' && commandOf(pid) === 'sleep');
}

function commandOf(pid: number): string {
  return readFileSync(`/proc/${pid}/comm`, 'utf8').trim();
}

function signal(): AbortSignal {
  return AbortSignal.timeout(30_000);
}

const SERVER: SystemProcess = {
  name: 'server',
  tool: '/bin/sh',
  args: ['-c', 'echo "$0 $FOLDER"; exec sleep 600', '${port.web} ${cluster}'],
  env: { FOLDER: '${folder}' },
  ports: ['web'],
  restart: true,
};
