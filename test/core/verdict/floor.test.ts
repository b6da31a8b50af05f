import { describe, expect, test } from 'vitest';
import { endingOf, healedExecutions, type Ending } from '../../../src/core/campaign/ending.ts';
import { stageFloor } from '../../../src/core/verdict/floor.ts';
import { withUnreportedBreach } from '../../../src/core/verdict/unreported-breach.ts';
import {
  initialState,
  type CampaignState,
  type EarlyEnd,
  type FailureKind,
  type StageOutcome,
} from '../../../src/core/campaign/machine.ts';
import { STAGES, type Stage } from '../../../src/core/model/stages.ts';
import type { Verdict } from '../../../src/core/gates/model.ts';
import { gateOf, resultOf } from '../../adapters/evidence/fixture.ts';

/** An outcome in short: `soak` succeeded; `soak!breach` failed; `soak~` was cancelled; `soak>` was skipped; `soak#2` is execution 2. */
function outcome(text: string): StageOutcome {
  const [, stage = '', execution = '1', sign = '', kind] = /^(\w+)(?:#(\d))?([!~>]?)(\w*)$/.exec(text) ?? [];
  const ended = { '': 'succeeded', '!': 'failed', '~': 'cancelled', '>': 'skipped' } as const;
  return {
    stage: stage as Stage,
    execution: Number(execution),
    outcome: ended[sign as keyof typeof ended],
    startedAtMs: 0,
    endedAtMs: 1,
    ...(sign === '!' ? { failure: { kind: kind as FailureKind, message: 'broke' } } : {}),
  };
}

function after(texts: readonly string[], earlyEnd: EarlyEnd | null = null): CampaignState {
  return { ...initialState(0), mode: 'finished', outcomes: texts.map(outcome), earlyEnd };
}

const UP_TO_STEADY = ['resolve', 'provision', 'install', 'seed', 'ramp', 'steady'];
const GREEN = [...UP_TO_STEADY, 'soak', 'snapshot', 'judge', 'teardown'];
const CLOSING = ['snapshot', 'judge', 'teardown'];

describe('the floor of the verdict', () => {
  test.for<[string, readonly string[], Verdict, readonly string[]]>([
    ['of a green campaign', GREEN, 'pass', []],
    [
      'does not look at judge and teardown',
      [...UP_TO_STEADY, 'soak', 'snapshot', 'judge!harness', 'teardown!harness'],
      'pass',
      [],
    ],
    ['of a breach', [...UP_TO_STEADY, 'soak!breach', ...CLOSING], 'fail', ['stage soak failed (execution 1): broke']],
    [
      'of a system that did not get there',
      ['resolve', 'provision', 'install', 'seed', 'ramp!system', ...CLOSING],
      'fail',
      ['stage ramp failed (execution 1): broke', 'stage steady never ran', 'stage soak never ran'],
    ],
    [
      'of a broken harness',
      ['resolve', 'provision!harness', ...CLOSING],
      'unmeasured',
      [
        'stage provision failed (execution 1): broke',
        ...['install', 'seed', 'ramp', 'steady', 'soak'].map((stage) => `stage ${stage} never ran`),
      ],
    ],
    [
      'of a cluster that refuses',
      ['resolve', 'provision', 'install', 'seed', 'ramp!target', ...CLOSING],
      'unmeasured',
      ['stage ramp failed (execution 1): broke', 'stage steady never ran', 'stage soak never ran'],
    ],
    [
      'of a cancelled soak',
      [...UP_TO_STEADY, 'soak~', ...CLOSING],
      'unmeasured',
      ['stage soak cancelled (execution 1)'],
    ],
    [
      'of missing evidence',
      [...UP_TO_STEADY, 'soak', 'snapshot!harness'],
      'unmeasured',
      ['stage snapshot failed (execution 1): broke'],
    ],
    ['of a breach that a retry healed', [...UP_TO_STEADY, 'soak!breach', 'steady#2', 'soak#2', ...CLOSING], 'pass', []],
    [
      'of a breach that came again',
      [...UP_TO_STEADY, 'soak!breach', 'steady#2', 'soak#2!breach', ...CLOSING],
      'fail',
      ['stage soak failed (execution 2): broke'],
    ],
    [
      'of a breach that was skipped',
      [...UP_TO_STEADY, 'soak!breach', 'soak>', ...CLOSING],
      'fail',
      ['stage soak failed (execution 1): broke'],
    ],
    [
      'of a pass that was followed by unsteadiness',
      [...UP_TO_STEADY, 'soak!breach', 'steady#2!system', ...CLOSING],
      'fail',
      ['stage steady failed (execution 2): broke', 'stage soak failed (execution 1): broke'],
    ],
  ])('%s', ([, outcomes, verdict, reasons]) => {
    expect(stageFloor(after(outcomes))).toEqual({ verdict, reasons });
  });
});

describe('the ending', () => {
  test.for<[string, readonly string[], EarlyEnd | null, Ending]>([
    ['of a green campaign', GREEN, null, 'completed'],
    ['of a breach that ended it', [...UP_TO_STEADY, 'soak!breach', ...CLOSING], 'failed', 'completed'],
    ['of an abort', [...UP_TO_STEADY, 'soak!breach', ...CLOSING], 'aborted', 'completed'],
    ['of a cancel', [...UP_TO_STEADY, 'soak~', ...CLOSING], 'cancelled', 'aborted'],
    ['of a cancel after the harness broke', ['resolve', 'provision!harness', ...CLOSING], 'cancelled', 'aborted'],
    ['of a broken harness', ['resolve', 'provision!harness', ...CLOSING], 'failed', 'harness-fault'],
    ['of a cluster that refuses', [...UP_TO_STEADY.slice(0, 4), 'ramp!target', ...CLOSING], 'failed', 'completed'],
    ['of a broken harness that was aborted', ['resolve', 'provision!harness', ...CLOSING], 'aborted', 'harness-fault'],
    [
      'of a broken harness that was mended',
      ['resolve', 'provision!harness', 'provision#2', ...GREEN.slice(2)],
      null,
      'completed',
    ],
    [
      'of a broken harness that was skipped',
      [...UP_TO_STEADY.slice(0, 5), 'steady!harness', 'steady>', 'soak', ...CLOSING],
      null,
      'completed',
    ],
    [
      'of a harness that broke again after a skip',
      [...UP_TO_STEADY.slice(0, 5), 'steady!harness', 'steady>', 'soak!breach', 'steady#2!harness', ...CLOSING],
      'hold-expired',
      'harness-fault',
    ],
    [
      'of evidence that is missing',
      [...UP_TO_STEADY, 'soak', 'snapshot!harness', 'judge', 'teardown'],
      null,
      'completed',
    ],
    [
      'of a teardown that failed',
      [...UP_TO_STEADY, 'soak', 'snapshot', 'judge', 'teardown!harness'],
      null,
      'completed',
    ],
    [
      'of a campaign that could not be judged',
      [...UP_TO_STEADY, 'soak', 'snapshot', 'judge!harness', 'teardown'],
      null,
      'harness-fault',
    ],
    ['of one that could not be resolved', ['resolve!harness'], 'failed', 'harness-fault'],
  ])('%s', ([, outcomes, earlyEnd, ending]) => {
    expect(endingOf(after(outcomes, earlyEnd))).toBe(ending);
  });
});

describe('failures that were healed', () => {
  test.for<[readonly string[], readonly string[]]>([
    [GREEN, []],
    [['soak!breach', 'steady#2', 'soak#2'], ['soak 1']],
    [
      ['soak!breach', 'soak#2!breach', 'soak#3'],
      ['soak 1', 'soak 2'],
    ],
    [['soak!breach', 'soak>'], []],
    [['soak!breach', 'soak#2~'], []],
    [['provision!harness', 'provision#2', 'soak!breach'], ['provision 1']],
  ])('of %j are %j', ([outcomes, healed]) => {
    expect(healedExecutions(after(outcomes)).map(({ failed }) => `${failed.stage} ${failed.execution}`)).toEqual(
      healed,
    );
  });

  test('cover every stage that can be run again', () => {
    for (const stage of STAGES) expect(healedExecutions(after([`${stage}!system`, `${stage}#2`]))).toHaveLength(1);
  });
});

describe('a breach that was read', () => {
  const hard = gateOf('hard', { failFast: true });
  const late = gateOf('late');
  const shown = gateOf('shown', { failFast: true, barKind: 'informational' });
  const read = (
    gate: typeof hard,
    value: number,
    execution = 1,
  ): Parameters<typeof withUnreportedBreach>[2][number] => ({
    ...resultOf(gate, value),
    stage: 'soak',
    execution,
  });
  const broken = /^a fail-fast gate broke in soak \(execution \d\): hard = 5 s/;

  test.for<[string, readonly string[], ReturnType<typeof read>[], number, Verdict, readonly RegExp[]]>([
    ['fails a soak that went on', ['soak'], [read(hard, 5), read(hard, 1)], 1, 'fail', [broken]],
    ['fails a soak whose worker never came back', ['soak!harness'], [read(hard, 5)], 1, 'fail', [broken, /failed/]],
    ['fails a soak that was cancelled', ['soak~'], [read(hard, 5)], 1, 'fail', [broken, /cancelled/]],
    ['is reported once where it ended the soak', ['soak!breach'], [read(hard, 5)], 1, 'fail', [/^stage soak failed/]],
    ['is reported once where its gate fails at the end', ['soak'], [read(hard, 5)], 5, 'pass', []],
    ['was healed by a retry', ['soak!breach', 'soak#2'], [read(hard, 5), read(hard, 1, 2)], 1, 'pass', []],
    ['is none of a gate that is judged at the end', ['soak'], [read(late, 5)], 1, 'pass', []],
    ['is none of a gate that is only shown', ['soak'], [read(shown, 5)], 1, 'pass', []],
  ])('%s', ([, soaks, readings, last, verdict, reasons]) => {
    const state = after([...UP_TO_STEADY, ...soaks, 'snapshot']);
    const floor = stageFloor(withUnreportedBreach(state, [hard, late, shown], readings, [resultOf(hard, last)]));
    expect(floor.verdict).toBe(verdict);
    expect(floor.reasons).toEqual(reasons.map((reason) => expect.stringMatching(reason) as unknown));
  });
});
