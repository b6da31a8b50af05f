import { bundleWorkflowCode, Worker } from '@temporalio/worker';
import { DeterminismViolationError } from '@temporalio/workflow';
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { repositoryFolder } from '../../src/adapters/host/folders.ts';
import { workflowBundlePath } from '../../src/adapters/temporal/workflow-bundle.ts';
import { REAL } from '../histories/real-scenarios.ts';
import { lacks, SCENARIOS } from '../histories/scenarios.ts';
import { missingFrom, parseHistory, scheduledActivities } from './history.ts';
import { installQuietRuntime } from './temporal.ts';

const folder = new URL('../histories/recorded/', import.meta.url);
const recorded = new Map(
  readdirSync(folder).map((file) => [file.replace(/\.json$/, ''), readFileSync(new URL(file, folder), 'utf8')]),
);

let work: string;
beforeAll(() => {
  installQuietRuntime();
  work = mkdtempSync(join(tmpdir(), 'belay-replay-'));
});
afterAll(() => rmSync(work, { recursive: true, force: true }));

/** Replays every recorded history on workflow code. @returns what went wrong, by history; empty when nothing did */
async function replay(codePath: string): Promise<ReadonlyMap<string, Error>> {
  const names = new Map([...recorded].map(([name, json]) => [workflowIdOf(json), name]));
  const histories = [...recorded.values()].map((json) => ({
    workflowId: workflowIdOf(json),
    history: JSON.parse(json) as unknown,
  }));
  const wrong = new Map<string, Error>();
  let replayed = 0;
  for await (const { workflowId, error } of Worker.runReplayHistories({ workflowBundle: { codePath } }, histories)) {
    replayed += 1;
    if (error !== undefined) wrong.set(names.get(workflowId) ?? workflowId, error);
  }
  expect(replayed).toBe(recorded.size);
  return wrong;
}

/** Ids of rungs are made of their ladder's. */
function workflowIdOf(json: string): string {
  return String(parseHistory(json)[0]?.attributes['workflowId']);
}

function ignore(): void {
  // The bundler's sizes and timings.
}

/** The bundle of workflow code in which `from`, in one file, reads `to`. */
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
  test('are there for every scenario, and hold what they stand for', () => {
    const lacking = SCENARIOS.map((scenario) => {
      const json = recorded.get(scenario.name);
      return json === undefined ? `${scenario.name} is not recorded` : lacks(scenario, parseHistory(json));
    });
    expect(lacking.filter((sentence) => sentence !== null)).toEqual([]);
  });

  test.for(Object.entries(REAL))('of a whole campaign are there: %s', ([name, scenario]) => {
    const history = parseHistory(recorded.get(name) ?? '{"events":[]}');
    expect(missingFrom(history, scenario.holds)).toBeNull();
    // Whatever happened to it, nobody provisioned twice.
    expect(scheduledActivities(history)).toMatchObject({ provision: 1, install: 1, seed: 1, ramp: 1, teardown: 1 });
  });

  test.for([...recorded])('%s is small, and says nothing of the machine it was recorded on', ([, json]) => {
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
});

describe('a change of workflow code that histories do not bear', () => {
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
