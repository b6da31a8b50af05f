import { bundleWorkflowCode, Worker } from '@temporalio/worker';
import { DeterminismViolationError } from '@temporalio/workflow';
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { repositoryFolder } from '../../src/adapters/host/folders.ts';
import { workflowBundlePath } from '../../src/adapters/temporal/workflow-bundle.ts';
import { REAL } from '../histories/real-scenarios.ts';
import { lacks } from '../histories/scenario.ts';
import { SCENARIOS } from '../histories/scenarios.ts';
import { missingFrom, parseHistory, scheduledActivities } from './history.ts';
import { installQuietRuntime } from './temporal.ts';

const recorded = historiesIn('recorded/');
const firstVersion = historiesIn('first-version/recorded/');

/** Histories as JSON, by name. */
function historiesIn(path: string): ReadonlyMap<string, string> {
  const folder = new URL(`../histories/${path}`, import.meta.url);
  return new Map(
    readdirSync(folder).map((file) => [file.replace(/\.json$/, ''), readFileSync(new URL(file, folder), 'utf8')]),
  );
}

/** The largest history that the quickstart may have, as JSON. */
const QUICKSTART_BYTES = 70_000;

let work: string;
beforeAll(() => {
  installQuietRuntime();
  work = mkdtempSync(join(tmpdir(), 'belay-replay-'));
});
afterAll(() => rmSync(work, { recursive: true, force: true }));

/** Replays histories on workflow code. @returns what went wrong, by history; empty when nothing did */
async function replay(
  codePath: string,
  all: ReadonlyMap<string, string> = recorded,
): Promise<ReadonlyMap<string, Error>> {
  const names = new Map([...all].map(([name, json]) => [workflowIdOf(json), name]));
  const histories = [...all.values()].map((json) => ({
    workflowId: workflowIdOf(json),
    history: JSON.parse(json) as unknown,
  }));
  const wrong = new Map<string, Error>();
  let replayed = 0;
  for await (const { workflowId, error } of Worker.runReplayHistories({ workflowBundle: { codePath } }, histories)) {
    replayed += 1;
    if (error !== undefined) wrong.set(names.get(workflowId) ?? workflowId, error);
  }
  expect(replayed).toBe(all.size);
  return wrong;
}

/** A workflow is replayed under its own id, because the ids of rungs begin with their ladder's. */
function workflowIdOf(json: string): string {
  return String(parseHistory(json)[0]?.attributes['workflowId']);
}

function ignore(): void {
  // Sizes and timings of the bundler.
}

/** Two histories are of the same workflow at two moments; they are replayed one after the other. */
function heldOf(all: ReadonlyMap<string, string>): [string, string] {
  return ['real-held', all.get('real-held') ?? ''];
}

function withOneOfEachId(all: ReadonlyMap<string, string>): ReadonlyMap<string, string> {
  return new Map([...all].filter(([name]) => name !== 'real-held'));
}

/** The bundle of workflow code in which one file has `to` instead of `from`. */
async function alteredBundle(file: string, from: string, to: string): Promise<string> {
  const copy = mkdtempSync(join(work, 'src-'));
  for (const room of ['core', 'workflows'])
    cpSync(join(repositoryFolder, 'src', room), join(copy, 'src', room), { recursive: true });
  symlinkSync(join(repositoryFolder, 'node_modules'), join(copy, 'node_modules'));
  const path = join(copy, 'src/workflows', file);
  const text = readFileSync(path, 'utf8');
  expect(text.split(from), `${file} has to have ${from} once`).toHaveLength(2);
  writeFileSync(path, text.replace(from, to));
  const { code } = await bundleWorkflowCode({
    workflowsPath: join(copy, 'src/workflows/all.ts'),
    logger: { log: ignore, trace: ignore, debug: ignore, info: ignore, warn: ignore, error: ignore },
  });
  const bundle = join(copy, 'bundle.js');
  writeFileSync(bundle, code);
  return bundle;
}

describe('recorded histories', () => {
  test('exist for every scenario, and contain what it requires', () => {
    const lacking = SCENARIOS.map((scenario) => {
      const json = recorded.get(scenario.name);
      return json === undefined ? `${scenario.name} is not recorded` : lacks(scenario, parseHistory(json));
    });
    expect(lacking.filter((sentence) => sentence !== null)).toEqual([]);
  });

  test.for(Object.entries(REAL))('of a whole campaign exist: %s', ([name, scenario]) => {
    const history = parseHistory(recorded.get(name) ?? '{"events":[]}');
    expect(missingFrom(history, scenario.holds)).toBeNull();
    // Nothing was provisioned twice, whatever happened.
    expect(scheduledActivities(history)).toMatchObject({ provision: 1, install: 1, seed: 1, ramp: 1, teardown: 1 });
  });

  test.for([
    ...recorded,
    ...[...firstVersion].map(([name, json]): [string, string] => [`first version: ${name}`, json]),
  ])('%s is small, and does not name the machine it was recorded on', ([, json]) => {
    expect(json.length).toBeLessThan(300_000);
    const texts = [...json.matchAll(/"data":"([^"]*)"/g)].map(([, data]) =>
      Buffer.from(data ?? '', 'base64').toString(),
    );
    const all = [json, ...texts].join('\n');
    expect(all.match(/"identity":"(?!1@host)[^"]*@[^"]*"/g)).toBeNull();
    for (const path of [repositoryFolder, `${homedir()}/`]) expect(all).not.toContain(path);
  });

  test('replay on the workflow code as it is', async () => {
    expect(await replay(await workflowBundlePath())).toEqual(new Map());
  });

  test('of the first version replay, one that it left in a hold and one that was upgraded in its hold among them', async () => {
    expect([...firstVersion.keys()]).toEqual(expect.arrayContaining(['real-held', 'real-held-then-upgraded']));
    expect(await replay(await workflowBundlePath(), withOneOfEachId(firstVersion))).toEqual(new Map());
    expect(await replay(await workflowBundlePath(), new Map([heldOf(firstVersion)]))).toEqual(new Map());
  });

  test('of a campaign that was upgraded in its hold provision nothing again', () => {
    const history = parseHistory(firstVersion.get('real-held-then-upgraded') ?? '{"events":[]}');
    expect(scheduledActivities(history)).toEqual({
      provision: 1,
      install: 1,
      seed: 1,
      ramp: 1,
      respec: 1,
      steady: 2,
      soak: 2,
      snapshot: 1,
      judge: 1,
      teardown: 1,
    });
  });

  test('of the quickstart are small: the specification is on disk, and activities get its hash', () => {
    const json = recorded.get('real-quickstart') ?? '';
    expect(json.length).toBeGreaterThan(10_000);
    expect(json.length).toBeLessThanOrEqual(QUICKSTART_BYTES);
    const inputs = parseHistory(json).flatMap(({ type, attributes }) =>
      type === 'ActivityTaskScheduled' ? [JSON.stringify(attributes['input']).length] : [],
    );
    expect(inputs).toHaveLength(9);
    // `judge` gets the machine's record as well.
    expect(inputs.filter((bytes) => bytes > 1_000)).toHaveLength(1);
  });
});

/** How often a history schedules the activity `respec`; undefined if it never does. */
function respecsIn(all: ReadonlyMap<string, string>, name: string): number | undefined {
  return scheduledActivities(parseHistory(all.get(name) ?? '{"events":[]}'))['respec'];
}

describe('the patch of docs/compatibility.md', () => {
  test('is the code as it is', () => {
    const document = readFileSync(join(repositoryFolder, 'docs/compatibility.md'), 'utf8');
    const source = readFileSync(join(repositoryFolder, 'src/workflows/changed-outline.ts'), 'utf8');
    const [, example = ''] = /```ts\n([^`]+)```/.exec(document) ?? [];
    expect(example).toContain('patched(');
    expect(source).toContain(example);
  });

  test('makes the changed specification by an activity since then, by a local activity before', () => {
    for (const name of ['hold-and-retry', 'real-hold-and-retry']) {
      expect(respecsIn(recorded, name), name).toBe(1);
      expect(respecsIn(firstVersion, name), name).toBeUndefined();
    }
    expect(respecsIn(firstVersion, 'real-held-then-upgraded')).toBe(1);
  });
});

describe('a change of workflow code that breaks histories', () => {
  test.for([
    [
      'that leaves out a command',
      'campaign.ts',
      "showStage('hold');",
      '',
      ['hold-and-retry', 'abort', 'cancel-in-hold'],
    ],
    [
      'that runs another activity',
      'stage-call.ts',
      'await activityOf(activities, stage)(input)',
      "await activityOf(activities, stage === 'seed' ? 'ramp' : stage)(input)",
      ['green', 'crash'],
    ],
    [
      'that begins a rung under another id',
      'ladder.ts',
      'workflowId: `${workflowId}.${rung.id}`',
      'workflowId: `${workflowId}-${rung.id}`',
      ['ladder', 'ladder-red'],
    ],
  ] as const)('%s is caught', async ([, file, from, to, caught]) => {
    const wrong = await replay(await alteredBundle(file, from, to));
    for (const name of caught) expect(wrong.get(name), name).toBeInstanceOf(DeterminismViolationError);
  });
});
