import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test, vi } from 'vitest';
import { hostQueues } from '../../src/adapters/host/host-queues.ts';
import { STAGES } from '../../src/core/model/stages.ts';
import { SHARED_QUEUE } from '../../src/core/model/host-queues.ts';
import { freePort } from '../../src/adapters/host/ports.ts';
import { isAlive, startDetached, stopProcess } from '../../src/adapters/host/processes.ts';
import { connectClient, isHealthy } from '../../src/adapters/temporal/client.ts';
import { SEARCH_ATTRIBUTES } from '../../src/adapters/temporal/search-attributes.ts';
import { externalTarget } from '../../src/adapters/temporal/target.ts';
import { ensureTools } from '../../src/adapters/toolchain/ensure-tools.ts';
import { eventually } from '../adapters/eventually.ts';
import { withBelay, type Belay } from './belay-cli.ts';
import { recordOf } from './campaign-record.ts';
import { namesIn } from './leftovers.ts';
import { addProfile } from './small-profile.ts';

/** What shells, containers and CI set, and what none of Belay's own connections may mind. */
const UNUSUAL = {
  NODE_ENV: 'production',
  NODE_USE_ENV_PROXY: '1',
  TMPDIR: '/no/such/folder',
  ...Object.fromEntries(
    ['http_proxy', 'https_proxy', 'all_proxy', 'HTTP_PROXY', 'HTTPS_PROXY', 'ALL_PROXY'].map((name) => [
      name,
      'http://127.0.0.1:1',
    ]),
  ),
};
const TEAM = 'team';
const FULL = 'full';
const UI = 'http://ui.example';
/** `IndexedValueType` of a keyword, and how many of them a SQLite namespace holds. */
const [KEYWORD, MOST_KEYWORDS] = [2, 10];

afterEach(() => {
  vi.unstubAllEnvs();
});

test('a Temporal that others run is prepared, used and left as it was', async () => {
  await withBelay(async (belay) => {
    await withTemporal([TEAM, FULL], async (address) => {
      const env = { TEMPORAL_ADDRESS: address, TEMPORAL_NAMESPACE: TEAM, BELAY_TEMPORAL_UI: UI };
      vi.stubEnv('TEMPORAL_ADDRESS', address);
      vi.stubEnv('TEMPORAL_NAMESPACE', TEAM);
      addProfile(belay, { name: 'guest', machines: 4, density: 6, rampSeconds: 2 });
      // No search attribute is registered yet. doctor reports it with the command, and changes nothing.
      const looked = await belay.run(['doctor', '--output', 'json'], env);
      expect(looked.exitCode, looked.stdout).toBe(4);
      expect(checkNamed(looked.stdout, 'Temporal server')).toMatchObject({
        state: 'ok',
        found: expect.stringContaining(address) as string,
        from: `TEMPORAL_*, namespace ${TEAM}`,
      });
      expect(checkNamed(looked.stdout, 'search attributes')).toMatchObject({
        state: 'problem',
        fix: expect.stringMatching(
          /temporal operator search-attribute create --namespace team --name BelayProfile/,
        ) as string,
      });
      expect(await attributesOf(TEAM)).toEqual([]);

      // Somebody else's campaign in the namespace is none of our business, before and after.
      await belay.withClient((client) =>
        client.workflow.start('campaign', { workflowId: 'theirs', taskQueue: 'their-queue', args: [] }),
      );
      const ended = await belay.run(['run', 'guest', '--id', 'ours', '-o', 'json'], { ...env, ...UNUSUAL });
      expect(ended.exitCode, ended.stdout + ended.stderr).toBe(0);
      const events = ended.stdout
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line) as Record<string, unknown>);
      const page = `${UI}/namespaces/${TEAM}/workflows/ours`;
      expect(events.every(({ campaign }) => campaign === 'ours')).toBe(true);
      expect(events[0]).toMatchObject({ event: 'campaign', profile: 'guest', page });
      expect(events.at(-1)).toMatchObject({ event: 'summary', verdict: 'pass', exitCode: 0, running: false, page });
      const ends = events.flatMap(({ event, stage, state }) =>
        event === 'stage' && state === 'succeeded' ? [stage] : [],
      );
      expect(ends).toEqual([...STAGES]);
      expect(ended.stderr).not.toMatch(/proxy/i);
      expect(recordOf(belay, 'ours').summary.verdict).toBe('pass');
      expect(existsSync(join(belay.home, 'stack.json')), 'a server of our own was started').toBe(false);
      expect(existsSync(join(belay.home, 'temporal')), 'a server of our own was started').toBe(false);
      expect(namesIn(join(belay.home, 'workers')), 'workers left').toEqual([]);

      expect(await attributesOf(TEAM)).toEqual(Object.keys(SEARCH_ATTRIBUTES).sort());
      await servedByOurQueues(belay);
      const again = await belay.run(['doctor', '--output', 'json'], env);
      expect(checkNamed(again.stdout, 'search attributes')).toMatchObject({ state: 'ok' });
      const stopped = await belay.run(['down'], env);
      expect(stopped.stdout).toContain('nothing is running');

      // Where Belay cannot register them, the message has the command for an administrator.
      await fillUp();
      for (const command of [['up'], ['run', 'guest']]) {
        const refused = await belay.run(command, { ...env, TEMPORAL_NAMESPACE: FULL });
        expect(refused.exitCode, refused.stdout + refused.stderr).toBe(4);
        expect(refused.stderr).toMatch(
          /search attributes of namespace full cannot be seen to \(.+\); register them once.*\n +temporal operator search-attribute create --namespace full --name BelayProfile --type Keyword/,
        );
      }
      const nowhere = await belay.run(['run', 'guest'], { ...env, TEMPORAL_NAMESPACE: 'nobody' });
      expect(nowhere.exitCode, nowhere.stderr).toBe(4);
      expect(nowhere.stderr).toMatch(
        /the server has no namespace nobody.*\n +temporal operator namespace create --namespace nobody/,
      );
      expect(namesIn(join(belay.home, 'workers')), 'workers left').toEqual([]);
      const target = externalTarget();
      expect(target !== undefined && (await isHealthy(target, 5_000)), 'their server still runs').toBe(true);
      await belay.withClient(async (client) => {
        expect((await client.workflow.getHandle('theirs').describe()).status.name).toBe('RUNNING');
      });
    });
  });
});

/** A dev server with these namespaces, started as anybody would, that knows nothing of Belay. */
async function withTemporal(namespaces: readonly string[], use: (address: string) => Promise<void>): Promise<void> {
  const file = (await ensureTools(['temporal'])).get('temporal')?.path ?? '';
  const folder = mkdtempSync(join(tmpdir(), 'belay-their-temporal-'));
  const address = `127.0.0.1:${await freePort()}`;
  const port = address.split(':')[1] ?? '';
  const server = await startDetached({
    name: 'their-temporal',
    file,
    args: [
      'server',
      'start-dev',
      '--headless',
      '--ip=127.0.0.1',
      `--port=${port}`,
      '--log-level=error',
      ...namespaces.flatMap((namespace) => ['--namespace', namespace]),
    ],
    env: { HOME: folder },
    cwd: folder,
    logPath: join(folder, 'server.log'),
  });
  try {
    const target = { external: true, address, namespace: TEAM, connection: { address } };
    await eventually(() => isHealthy(target, 2_000));
    await use(address);
    expect(isAlive(server)).toBe(true);
  } finally {
    await stopProcess(server);
    rmSync(folder, { recursive: true, force: true });
  }
}

function checkNamed(output: string, name: string): unknown {
  const { checks } = JSON.parse(output) as { readonly checks: readonly { readonly what: string }[] };
  return checks.find(({ what }) => what === name);
}

/** Our search attributes that a namespace has. */
async function attributesOf(namespace: string): Promise<readonly string[]> {
  const client = await connectClient();
  try {
    const { customAttributes } = await client.connection.operatorService.listSearchAttributes({ namespace });
    return Object.keys(customAttributes)
      .filter((name) => name.startsWith('Belay'))
      .sort();
  } finally {
    await client.connection.close();
  }
}

/** Takes all the room for keywords that a namespace has. */
async function fillUp(): Promise<void> {
  const client = await connectClient();
  try {
    const names = Array.from({ length: MOST_KEYWORDS }, (_, index) => `Theirs${index}`);
    const searchAttributes = Object.fromEntries(names.map((name) => [name, KEYWORD]));
    await client.connection.operatorService.addSearchAttributes({ namespace: FULL, searchAttributes });
  } finally {
    await client.connection.close();
  }
}

/** Every task of the campaign went to this host's queues, and what it set on itself can be searched for. */
async function servedByOurQueues(belay: Belay): Promise<void> {
  await belay.withClient(async (client) => {
    const handle = client.workflow.getHandle('ours');
    const { taskQueue, searchAttributes } = await handle.describe();
    expect(taskQueue).toBe(SHARED_QUEUE);
    expect(searchAttributes).toMatchObject({ BelayProfile: ['guest'], BelayVerdict: ['pass'] });
    const { events } = await handle.fetchHistory();
    const queues = (events ?? []).flatMap((event) => {
      const scheduled = event.activityTaskScheduledEventAttributes;
      return scheduled?.activityType?.name == null
        ? []
        : [`${scheduled.activityType.name} ${scheduled.taskQueue?.name}`];
    });
    const { hostQueue, loadQueue } = hostQueues();
    const load = ['seed', 'ramp', 'steady', 'soak'];
    expect(queues).toHaveLength(9);
    for (const line of queues) {
      const [stage = '', queue] = line.split(' ');
      expect(queue, stage).toBe(load.includes(stage) ? loadQueue : hostQueue);
    }
    const found = await eventually(async () => {
      const ids: string[] = [];
      for await (const { workflowId } of client.workflow.list({ query: "BelayVerdict = 'pass'" })) ids.push(workflowId);
      return ids.length > 0 ? ids : undefined;
    });
    expect(found).toEqual(['ours']);
  });
}
