import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { MockActivityEnvironment } from '@temporalio/testing';
import * as fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { createClimb } from '../../src/activities/climb.ts';
import { createComparison } from '../../src/activities/compare.ts';
import { createResolve, type ResolveAdapters } from '../../src/activities/resolve.ts';
import { createJanitor, type SweepAdapters } from '../../src/activities/sweep-host.ts';
import { runFolder, runsFolder, stateFolder } from '../../src/adapters/host/folders.ts';
import { campaignFolder } from '../../src/adapters/host/ledger.ts';
import { campaignName, campaignNameOfRun } from '../../src/core/campaign/campaign-name.ts';
import {
  parseDriveInput,
  parseJudgeInput,
  parseSnapshotInput,
  parseStageInput,
  parseTeardownInput,
  parseWatchInput,
} from '../../src/core/campaign/parse-input.ts';
import { parseComparison } from '../../src/core/campaign/comparison.ts';
import { parseJanitorInput, parseKeepRequest } from '../../src/core/campaign/sweep.ts';
import { parsePlaceInput } from '../../src/core/campaign/placement.ts';
import { UnreadableRecord } from '../../src/core/files/recorded-fields.ts';
import { isDnsLabel, isSafeName } from '../../src/core/files/safe-name.ts';
import { parseSpec } from '../../src/core/plan/parse-spec.ts';
import { aSpec } from '../workflows/make-spec.ts';

/** Inputs of a caller that schedules activities directly: they must reach nothing but the folders of campaigns. */

const folder = mkdtempSync(join(tmpdir(), 'belay-hostile-'));
const LEADING_OUT = [
  '../x',
  '..',
  '.',
  '/etc',
  'a/../../b',
  'a/b',
  'a\\b',
  '',
  'a\0b',
  '-rf',
  '.ssh',
  'a..b',
  'x\n',
  'x'.repeat(64),
  '~',
  '%2e%2e',
  7,
  null,
  {},
  ['a'],
];

beforeAll(() => {
  vi.stubEnv('BELAY_HOME', join(folder, 'home'));
  vi.stubEnv('BELAY_RUNS', join(folder, 'runs'));
});
afterAll(() => {
  vi.unstubAllEnvs();
  rmSync(folder, { recursive: true, force: true });
});

describe.each(LEADING_OUT)('a name %j', (name) => {
  const input = {
    campaign: 'c',
    specHash: 'h',
    stage: 'seed',
    execution: 1,
    group: 'g0',
    decisions: [],
    startAtMs: 1,
    groups: [],
  };
  const place = {
    campaign: 'c',
    slug: 'b0',
    workflowId: 'w',
    runId: 'r',
    specHash: 'h',
    group: 'g0',
    firstCluster: 0,
    wanted: 1,
    expiresAtMs: 1,
  };

  test('is no campaign and no group of a stage', () => {
    for (const parse of [
      parseDriveInput,
      parseWatchInput,
      parseTeardownInput,
      (value: unknown) => parseStageInput('seed', value),
    ]) {
      expect(() => parse({ ...input, campaign: name })).toThrow(/campaign: found .*; allowed: a name of letters/);
      // Earlier versions sent no group.
      if (name !== null)
        expect(() => parse({ ...input, group: name })).toThrow(/group: found .*; allowed: a name of letters/);
      expect(() => parse(input)).not.toThrow();
    }
  });

  test('is no campaign, slug or group to place', () => {
    for (const field of ['campaign', 'slug', 'group'])
      expect(() => parsePlaceInput({ ...place, [field]: name }), field).toThrow(new RegExp(`: ${field}: found `));
    expect(() => parsePlaceInput(place)).not.toThrow();
  });

  test('is in no specification', () => {
    const spec = aSpec();
    for (const field of ['campaign', 'slug'])
      expect(() => parseSpec({ ...spec, [field]: name }), field).toThrow(`: ${field}: found `);
    expect(() => parseSpec(spec)).not.toThrow();
  });

  test('is no folder of a ladder', async () => {
    const spec = { folder: name } as unknown as Parameters<ReturnType<typeof createClimb>['writeClimb']>[0]['spec'];
    const result = { ladder: 'night', end: 'pass', rungs: [] } as const;
    const activities = createClimb();
    const write = (): Promise<void> => activities.writeClimb({ spec, result });
    await expect(new MockActivityEnvironment().run(write)).rejects.toThrow(/folder: found .*a name of letters/);
    expect(existsSync(folder) ? readdirSync(folder) : []).toEqual([]);
  });
});

describe.each([8.64e15 + 1, -8.64e15 - 1, 1e308, Infinity, NaN, '1', null, [1], {}])('a moment %j', (moment) => {
  const input = { campaign: 'c', specHash: 'h', execution: 1, decisions: [], startAtMs: 1, groups: [] };
  const decision = { stage: 'soak', execution: 1, decision: 'skip', atMs: moment };
  const times = { execution: 1, startedAtMs: 1, endedAtMs: 1 };
  const outcome = { stage: 'soak', outcome: 'failed', ...times };
  const state = {
    mode: 'stage',
    stages: ['soak'],
    stage: 'soak',
    execution: 1,
    stageStartedAtMs: 1,
    outcomes: [outcome],
  };
  const judge = { ...input, state };

  test.each<[string, () => unknown]>([
    ['atMs of a decision', () => parseStageInput('seed', { ...input, decisions: [decision] })],
    ['startAtMs of drive', () => parseDriveInput({ ...input, startAtMs: moment })],
    ['startAtMs of watch', () => parseWatchInput({ ...input, startAtMs: moment })],
    ['startedAtMs of a soak', () => parseSnapshotInput({ ...input, soak: { ...times, startedAtMs: moment } })],
    ['endedAtMs of a soak', () => parseSnapshotInput({ ...input, soak: { ...times, endedAtMs: moment } })],
    ['stageStartedAtMs', () => parseJudgeInput({ ...judge, state: { ...state, stageStartedAtMs: moment } })],
    [
      'endedAtMs of an outcome',
      () => parseJudgeInput({ ...judge, state: { ...state, outcomes: [{ ...outcome, endedAtMs: moment }] } }),
    ],
    [
      'atMs of a spent budget',
      () => parseJudgeInput({ ...judge, state: { ...state, spent: { reason: 'r', atMs: moment } } }),
    ],
    [
      'expiresAtMs of a placement',
      () =>
        parsePlaceInput({
          campaign: 'c',
          slug: 'b0',
          workflowId: 'w',
          runId: 'r',
          specHash: 'h',
          group: 'g0',
          firstCluster: 0,
          wanted: 1,
          expiresAtMs: moment,
        }),
    ],
  ])('is no %s', (field, parse) => {
    expect(() => parseJudgeInput(judge)).not.toThrow();
    expect(parse).toThrow(new RegExp(`${field.split(' ')[0]}: found .*; allowed: a number of ms since 1970`));
  });
});

describe('a value that cannot be quoted', () => {
  const deep: unknown = JSON.parse(`${'['.repeat(100_000)}${']'.repeat(100_000)}`);
  const parsers: readonly (readonly [string, (value: unknown) => unknown])[] = [
    ['place', parsePlaceInput],
    ['a stage', (value) => parseStageInput('seed', value)],
    ['drive', parseDriveInput],
    ['watch', parseWatchInput],
    ['snapshot', parseSnapshotInput],
    ['judge', parseJudgeInput],
    ['teardown', parseTeardownInput],
    ['keep', parseKeepRequest],
    ['comparison', parseComparison],
    ['specification', parseSpec],
  ];

  test.each(parsers)('is refused in words where %s expects its fields', (_, parse) => {
    for (const value of [deep, { campaign: deep, inputs: deep }, 2n ** 70n, 'x'.repeat(1_000_000)]) {
      expect(() => parse(value)).toThrow(UnreadableRecord);
      expect(() => parse(value)).toThrow(/^.{20,600}$/);
    }
  });

  test('is what the workflow janitor refuses in words', () => {
    for (const value of [deep, { dryRun: deep }, { host: deep }, { keep: deep }, { ['k'.repeat(1_000_000)]: 1 }])
      expect(parseJanitorInput(value)).toMatch(/^.{20,600}$/);
  });
});

/** Arguments of the activities that are no stages: what a stranger may send, and what of it is named. */
const START = { workflowId: 'w', runId: 'r', scheduled: false, child: false };
const LINE = { rung: 'r', profile: 'p', substrate: 's', workflowId: 'w', end: 'pass' };
const CLIMB = { spec: { folder: 'night' }, result: { ladder: 'night', end: 'pass', rungs: [LINE] } };
const LOOK = { spec: { inputs: { baseline: {}, branch: {} }, pairs: 2 }, campaigns: [] };
const MISSHAPEN: readonly (readonly [activity: string, argument: unknown, named: RegExp])[] = [
  ...['sweepHost', 'keepOnHost', 'writeClimb', 'lookAtComparison', 'resolve', 'resolveLadder', 'respec'].flatMap(
    (activity) =>
      [undefined, null, 7, 'x', [], {}, [START], JSON.parse('{"__proto__":{"workflowId":"w"}}') as unknown].map(
        (argument) => [activity, argument, /found /] as const,
      ),
  ),
  ['sweepHost', { dryRun: 'false' }, /^sweep: dryRun: found "false" \(string\); allowed: true or false/],
  ['keepOnHost', { campaign: 'c', untilMs: '9' }, /^keep: found .*; allowed: an object of campaign and untilMs/],
  ['keepOnHost', { campaign: 'c', untilMs: 8.64e15 + 2 }, /^keep: found /],
  ['keepOnHost', { campaign: 'c', untilMs: Infinity }, /^keep: found /],
  ['keepOnHost', { campaign: 'c', untilMs: 1, slug: '../x' }, /^keep: found /],
  ['writeClimb', { ...CLIMB, spec: { folder: '../x' } }, /spec: folder: found "\.\.\/x"/],
  ['writeClimb', { ...CLIMB, result: { ...CLIMB.result, end: 'won' } }, /end: found "won"/],
  ['writeClimb', { ...CLIMB, result: { ...CLIMB.result, rungs: 'all' } }, /rungs: found "all"/],
  ['writeClimb', { ...CLIMB, result: { ...CLIMB.result, rungs: [{ ...LINE, reason: {} }] } }, /rungs\[0\]: reason/],
  [
    'lookAtComparison',
    { ...LOOK, spec: { ...LOOK.spec, pairs: 1e12 } },
    /pairs: found 1000000000000 .*from 1 to 1000$/,
  ],
  ['lookAtComparison', { ...LOOK, spec: { ...LOOK.spec, pairs: 0 } }, /pairs: found 0/],
  ['lookAtComparison', { ...LOOK, campaigns: Array.from({ length: 5 }, () => LOOK) }, /pair: found nothing/],
  ['lookAtComparison', { ...LOOK, spec: { ...LOOK.spec, metrics: [{}] } }, /metrics\[0\]: found \{\}/],
  ['resolve', { ...START, workflowId: ['w'] }, /workflowId: found \["w"\]/],
  ['resolve', { ...START, child: 'no' }, /child: found "no"/],
  ['resolveLadder', { ...START, workflowId: 7 }, /workflowId: found 7/],
  ['respec', { campaign: '../x', specHash: 'h', set: {} }, /campaign: found "\.\.\/x"/],
  ['respec', { campaign: 'c', specHash: 'h', set: ['gates'] }, /set: found /],
];

function never(): never {
  throw new TypeError('something was done');
}

test.each(MISSHAPEN)('%s refuses %j and does nothing', async (activity, argument, named) => {
  const adapters = new Proxy({}, { get: () => never });
  const activities = {
    ...createClimb(),
    ...createComparison(),
    ...createJanitor(adapters as SweepAdapters),
    ...createResolve(adapters as ResolveAdapters),
  } as unknown as Readonly<Record<string, (argument: unknown) => Promise<unknown>>>;
  const call = (): Promise<unknown> => activities[activity]?.(argument) ?? never();
  await expect(new MockActivityEnvironment().run(call)).rejects.toMatchObject({
    type: 'InvalidSpec',
    nonRetryable: true,
    message: expect.stringMatching(named) as string,
  });
  expect(existsSync(folder) ? readdirSync(folder) : []).toEqual([]);
});

test('folders of campaigns lie directly below their base, or are refused', () => {
  fc.assert(
    fc.property(fc.oneof(fc.string({ unit: 'binary' }), fc.stringMatching(/^[./\\a-z~-]{0,12}$/)), (name) => {
      for (const [make, base] of [
        [runFolder, runsFolder()],
        [campaignFolder, join(stateFolder(), 'campaigns')],
      ] as const) {
        try {
          const made = make(name);
          expect(dirname(made)).toBe(base);
          expect(made.endsWith(`/${name}`)).toBe(true);
        } catch (error) {
          expect(error).toBeInstanceOf(RangeError);
        }
      }
    }),
  );
});

test('every workflow id gives a name that is accepted', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 200 }), fc.uuid(), (workflowId, runId) => {
      expect(isSafeName(campaignName(workflowId))).toBe(true);
      expect(isSafeName(campaignNameOfRun(workflowId, runId))).toBe(true);
    }),
  );
});

test('a DNS label is what Kubernetes takes for one', () => {
  for (const label of ['a', 'b0-c', '0']) expect(isDnsLabel(label)).toBe(true);
  for (const label of ['', '-a', 'a-', 'A', 'a.b', 'a_b', 'a'.repeat(64), 'a\n']) expect(isDnsLabel(label)).toBe(false);
});
