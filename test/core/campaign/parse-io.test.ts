import { readFileSync, readdirSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { parseRampCheckpoint } from '../../../src/core/plan/checkpoints/ramp.ts';
import { parseSoakCheckpoint } from '../../../src/core/plan/checkpoints/soak.ts';
import { parseSteadyCheckpoint } from '../../../src/core/plan/checkpoints/steady.ts';
import { initialState, next, type CampaignState } from '../../../src/core/campaign/machine.ts';
import {
  parseDriveInput,
  parseJudgeInput,
  parseSnapshotInput,
  parseStageInput,
  parseTeardownInput,
  parseWatchInput,
} from '../../../src/core/campaign/parse-input.ts';
import {
  parseDriveResult,
  parseJudgeResult,
  parseSnapshotResult,
  parseStageResult,
  parseTeardownResult,
} from '../../../src/core/campaign/parse-results.ts';
import type { StageResult } from '../../../src/core/campaign/stage-io.ts';
import { FIRST_STAGES } from '../../../src/core/plan/spec.ts';
import { parseHistory } from '../../workflows/history.ts';
import { aSpec } from '../../workflows/make-spec.ts';

const histories = new URL('../../histories/', import.meta.url);

/** Results of activities in all recorded histories: the activity's name and its result. */
function recordedResults(): readonly [string, unknown][] {
  return ['recorded/', 'first-version/recorded/'].flatMap((path) =>
    readdirSync(new URL(path, histories)).flatMap((file) => {
      const events = parseHistory(readFileSync(new URL(`${path}${file}`, histories), 'utf8'));
      const scheduled = events.filter(({ type }) => type === 'ActivityTaskScheduled');
      const names = new Map(
        events.map(({ type, attributes }, index) => [
          String(index + 1),
          type === 'ActivityTaskScheduled' ? (attributes['activityType'] as { name: string }).name : '',
        ]),
      );
      expect(scheduled.length > 0 || /invalid|ladder/.test(file), file).toBe(true);
      return events
        .filter(({ type }) => type === 'ActivityTaskCompleted')
        .map(({ attributes }): [string, unknown] => [
          names.get(String(attributes['scheduledEventId'])) ?? '?',
          decoded(attributes['result']),
        ]);
    }),
  );
}

function decoded(payloads: unknown): unknown {
  const [payload] = (payloads as { payloads?: { data?: string }[] } | undefined)?.payloads ?? [];
  return payload?.data === undefined ? undefined : JSON.parse(Buffer.from(payload.data, 'base64').toString('utf8'));
}

/** A result with the present name of its events. Histories of earlier versions have the former one. */
function renamed(value: StageResult): object {
  const { groundEvents, ...rest } = value as StageResult & { readonly groundEvents?: readonly string[] };
  return groundEvents === undefined
    ? rest
    : { ...rest, infrastructureEvents: value.infrastructureEvents ?? groundEvents };
}

const READ: Readonly<Record<string, (value: unknown) => unknown>> = {
  snapshot: parseSnapshotResult,
  judge: parseJudgeResult,
  teardown: parseTeardownResult,
};

describe('results of activities', () => {
  test('of every recorded history are read without loss', () => {
    const results = recordedResults().filter(([name]) => FIRST_STAGES.some((stage) => stage === name));
    expect(results.length).toBeGreaterThan(100);
    for (const [name, value] of results) {
      const stage = FIRST_STAGES.find((each) => each === name) ?? 'seed';
      const parsed = READ[name]?.(value) ?? parseStageResult(stage, value);
      expect(parsed, name).toEqual(renamed(value as StageResult));
    }
  });

  test('have the events of the infrastructure by their former name or by the present one', () => {
    const result = { detail: 'done', facts: {} };
    expect(parseStageResult('seed', { ...result, groundEvents: ['etcd died'] })).toEqual({
      ...result,
      infrastructureEvents: ['etcd died'],
    });
    expect(parseStageResult('seed', { ...result, infrastructureEvents: ['a'], groundEvents: ['b'] })).toEqual({
      ...result,
      infrastructureEvents: ['a'],
    });
  });

  test('get defaults for what they do not have, where there is one', () => {
    expect(parseStageResult('seed', { detail: 'done' })).toEqual({
      detail: 'done',
      facts: {},
      infrastructureEvents: [],
    });
    expect(parseJudgeResult({ detail: '', verdict: 'fail' })).toMatchObject({ reasons: [], gates: [] });
    expect(parseTeardownResult({ detail: '' }).leftovers).toEqual([]);
    expect(parseDriveResult({ detail: '', settledAtMs: 3 })).toEqual({
      detail: '',
      facts: {},
      infrastructureEvents: [],
      settledAtMs: 3,
    });
  });

  test.for<[string, () => unknown, string]>([
    ['no detail', () => parseStageResult('seed', {}), 'result of seed: detail: found nothing; allowed: a text'],
    ['nothing', () => parseStageResult('ramp', null), 'result of ramp: found null (null); allowed: an object'],
    [
      'no verdict',
      () => parseJudgeResult({ detail: '' }),
      'result of judge: verdict: found nothing; allowed: pass, unmeasured, fail',
    ],
    ['an unknown verdict', () => parseJudgeResult({ detail: '', verdict: 'great' }), 'verdict: found "great" (string)'],
    [
      'no parts',
      () => parseSnapshotResult({ detail: '' }),
      'result of snapshot: parts: found nothing; allowed: a list',
    ],
    [
      'a part without ok',
      () => parseSnapshotResult({ detail: '', parts: [{ what: 'logs' }] }),
      'result of snapshot: parts[0]: ok: found nothing',
    ],
  ])('with %s are refused by the name of the field', ([, read, message]) => {
    expect(read).toThrow(message);
  });
});

/** A record as the first version sent it: it lists no stages. */
function firstState(): CampaignState {
  const { stages: _, ...state } = next(initialState(1), { type: 'succeeded', stage: 'resolve', execution: 1, atMs: 2 });
  return state as CampaignState;
}

const SOAK = { stage: 'soak', execution: 2, outcome: 'succeeded', startedAtMs: 5, endedAtMs: 9 } as const;

describe('inputs of activities', () => {
  test('of this version name a specification by its hash', () => {
    const input = { campaign: 'c', specHash: 'h', stage: 'seed', execution: 2, group: 'g0', resume: { startAtMs: 1 } };
    expect(parseStageInput('seed', input)).toEqual({ input: { ...input, decisions: [] } });
  });

  test('of the first version have the specification in them', () => {
    const spec = aSpec();
    const sent = { spec, execution: 1, decisions: [], outcomes: [SOAK] };
    expect(parseStageInput('seed', sent)).toMatchObject({
      input: { campaign: spec.campaign, specHash: spec.specHash, stage: 'seed', group: 'g0' },
    });
    expect(parseSnapshotInput(sent).input.soak).toMatchObject({ execution: 2, startedAtMs: 5, endedAtMs: 9 });
    const judge = parseJudgeInput({ ...sent, state: firstState(), evidence: [], facts: {}, earlierSpecHashes: [] });
    expect(judge.input.state).toEqual({ ...firstState(), stages: FIRST_STAGES });
  });

  test('of several groups say when the soak starts, and where the groups are', () => {
    const common = { campaign: 'c', specHash: 'h', execution: 1, group: 'g1', decisions: [] };
    const groups = [
      { group: 'g0', host: 'a', firstCluster: 0, clusterCount: 0 },
      { group: 'g1', host: 'b', firstCluster: 0, clusterCount: 4 },
    ];
    const drive = { ...common, stage: 'soak', startAtMs: 7 };
    expect(parseDriveInput(drive).input).toEqual(drive);
    expect(parseWatchInput({ ...drive, groups }).input).toEqual({ ...drive, groups });
    expect(parseWatchInput({ ...drive, groups, settledAtMs: 9 }).input).toEqual({ ...drive, groups, settledAtMs: 9 });
    const teardown = { ...common, stage: 'teardown', groups };
    expect(parseTeardownInput(teardown).input).toEqual(teardown);
    const snapshot = { ...common, stage: 'snapshot', groups, leadLost: true };
    expect(parseSnapshotInput(snapshot).input).toEqual(snapshot);
    const judge = { ...common, stage: 'judge', groups, state: initialState(1) };
    expect(parseJudgeInput(judge).input).toMatchObject({ groups });
  });

  test('of a single host have no groups', () => {
    const common = { campaign: 'c', specHash: 'h', execution: 1 };
    expect(parseTeardownInput(common).input).not.toHaveProperty('groups');
    expect(parseSnapshotInput(common).input).not.toHaveProperty('groups');
    expect(parseSnapshotInput(common).input).not.toHaveProperty('leadLost');
  });

  test.for<[string, () => unknown, string]>([
    [
      'no start of the soak',
      () => parseDriveInput({ campaign: 'c', specHash: 'h', execution: 1 }),
      'input of drive: startAtMs: found nothing',
    ],
    [
      'a group without a host',
      () => parseTeardownInput({ campaign: 'c', specHash: 'h', execution: 1, groups: [{ group: 'g0' }] }),
      'input of teardown: groups[0]: host: found nothing',
    ],
    [
      'no hash',
      () => parseStageInput('seed', { campaign: 'c', execution: 1 }),
      'input of seed: specHash: found nothing',
    ],
    [
      'a text as execution',
      () => parseStageInput('seed', { campaign: 'c', specHash: 'h', execution: '1' }),
      'execution: found "1" (string)',
    ],
    [
      'no record for judge',
      () => parseJudgeInput({ campaign: 'c', specHash: 'h', execution: 1 }),
      'input of judge: state: found nothing',
    ],
  ])('with %s are refused by the name of the field', ([, read, message]) => {
    expect(read).toThrow(message);
  });
});

function onDisk(name: string): unknown {
  return JSON.parse(readFileSync(new URL(`first-version/on-disk/checkpoints/${name}.json`, histories), 'utf8'));
}

describe('checkpoints', () => {
  test('of the first version are read without loss', () => {
    expect(parseRampCheckpoint(onDisk('ramp-1'))).toEqual(onDisk('ramp-1'));
    expect(parseSteadyCheckpoint(onDisk('steady-1'))).toEqual(onDisk('steady-1'));
    expect(parseSoakCheckpoint(onDisk('soak-1'))).toEqual(onDisk('soak-1'));
    expect(parseSoakCheckpoint(onDisk('soak-1'))?.breach).toMatchObject({ gate: 'podBindP99', verdict: 'fail' });
  });

  test('have the reason of an earlier version by its present name', () => {
    const soak = onDisk('soak-1') as { readonly breach: { readonly reading: object } };
    const { breach } = soak;
    const unmeasured = { ...breach.reading, value: null, quality: 'unmeasured', reason: 'ground-gap' };
    const checkpoint = parseSoakCheckpoint({ ...soak, breach: { ...breach, reading: unmeasured } });
    expect(checkpoint?.breach?.reading.reason).toBe('infrastructure-gap');
  });

  test('are absent where a stage left none', () => {
    expect([parseRampCheckpoint(undefined), parseSteadyCheckpoint(undefined), parseSoakCheckpoint(undefined)]).toEqual([
      undefined,
      undefined,
      undefined,
    ]);
  });

  test.for<[string, () => unknown, string]>([
    [
      'no start',
      () => parseSoakCheckpoint({ lowWater: {}, actions: {} }),
      'checkpoint of soak: startAtMs: found nothing',
    ],
    [
      'a text as count',
      () => parseRampCheckpoint({ startAtMs: 1, lowWater: { c0: '7' } }),
      'checkpoint: lowWater: c0: found "7" (string)',
    ],
    ['a list', () => parseSteadyCheckpoint([1]), 'checkpoint of steady: found [1] (list); allowed: an object'],
    [
      'an action without a time',
      () => parseSoakCheckpoint({ startAtMs: 1, actions: { 0: { firedAtMs: 'now' } } }),
      'action 0: firedAtMs: found "now" (string)',
    ],
  ])('with %s are refused by the name of the field', ([, read, message]) => {
    expect(read).toThrow(message);
  });
});
