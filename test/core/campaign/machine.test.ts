import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { endingOf, healedExecutions } from '../../../src/core/campaign/ending.ts';
import { floorOf, stageFloor } from '../../../src/core/verdict/floor.ts';
import {
  clustersMayExist,
  initialState,
  latestOutcome,
  next,
  refuseDecision,
  type CampaignEvent,
  type CampaignState,
  type FailureKind,
} from '../../../src/core/campaign/machine.ts';
import { isClosing, STAGES, type Stage } from '../../../src/core/model/stages.ts';

const LEAD_GONE = { kind: 'harness', message: 'the lead is gone' } as const;

const RANK = { pass: 0, unmeasured: 1, fail: 2 } as const;

/** One random happening; it is made to fit the state, or not, by `eventOf`. */
const happening = fc.record({
  kind: fc.constantFrom(
    'succeed',
    'succeed',
    'succeed',
    'fail',
    'lose-lead',
    'cancelled',
    'cancelRequest',
    'spend',
    'decide',
    'expire',
    'stale',
  ),
  failure: fc.constantFrom<FailureKind>('breach', 'system', 'harness'),
  decision: fc.constantFrom('retry' as const, 'skip' as const, 'abort' as const),
  stage: fc.constantFrom(...STAGES),
  execution: fc.integer({ min: 1, max: 3 }),
});
type Happening = typeof happening extends fc.Arbitrary<infer T> ? T : never;

function eventOf(state: CampaignState, random: Happening, atMs: number): CampaignEvent {
  const { stage, execution } = state;
  const failure = { kind: random.failure, message: 'broke' };
  switch (random.kind) {
    case 'succeed':
      return { type: 'succeeded', stage, execution, atMs };
    case 'fail':
      return { type: 'failed', stage, execution, failure, atMs };
    case 'lose-lead':
      return { type: 'failed', stage, execution, failure: LEAD_GONE, leadLost: true, atMs };
    case 'cancelled':
      return { type: 'cancelled', stage, execution, atMs };
    case 'cancelRequest':
      return { type: 'cancelRequested', atMs };
    case 'decide':
      return { type: 'decided', stage, execution, decision: random.decision, reason: '', atMs };
    case 'expire':
      return { type: 'holdExpired', stage, execution, atMs };
    case 'spend':
      return { type: 'budgetSpent', reason: 'budget.usd of 1 is used up', atMs };
    default:
      return {
        type: 'decided',
        stage: random.stage,
        execution: random.execution,
        decision: random.decision,
        reason: '',
        atMs,
      };
  }
}

describe('the campaign machine', () => {
  test('holds its invariants in 20,000 random campaigns', () => {
    fc.assert(
      fc.property(fc.constantFrom(0, 1_000), fc.array(happening, { maxLength: 40 }), (holdMs, happenings) => {
        let state: CampaignState = { ...initialState(0), holdMs };
        let atMs = 0;
        const begun: { stage: Stage; execution: number }[] = [{ stage: 'resolve', execution: 1 }];
        for (const random of happenings) {
          const event = eventOf(state, random, ++atMs);
          const before = state;
          state = next(before, event);
          checkStep(before, event, state);
          if (state.mode === 'stage' && (state.stage !== before.stage || state.execution !== before.execution))
            begun.push(state);
        }
        // However it went so far: with every stage succeeding and every hold expiring, it comes to an end.
        for (let step = 0; state.mode !== 'finished'; step++) {
          expect(step).toBeLessThan(40);
          const { stage, execution } = state;
          const before = state;
          state = next(state, {
            type: state.mode === 'hold' ? 'holdExpired' : 'succeeded',
            stage,
            execution,
            atMs: ++atMs,
          });
          checkStep(before, { type: 'succeeded', stage, execution, atMs }, state);
          if (state.mode === 'stage') begun.push(state);
        }
        checkWhole(state, begun);
      }),
      { numRuns: 20_000 },
    );
  });

  test('a breach that is retried and passes heals, and stays on record', () => {
    let state = runTo('soak', 60_000);
    state = next(state, {
      type: 'failed',
      stage: 'soak',
      execution: 1,
      failure: { kind: 'breach', message: 'p99 9 s > 5 s' },
      atMs: 1,
    });
    expect(state.mode).toBe('hold');
    expect(stageFloor(state).verdict).toBe('fail');
    state = next(state, {
      type: 'decided',
      stage: 'soak',
      execution: 1,
      decision: 'retry',
      reason: 'new build',
      atMs: 2,
    });
    expect(state).toMatchObject({ mode: 'stage', stage: 'steady', execution: 2 });
    state = succeedThrough(state);
    expect(stageFloor(state)).toEqual({ verdict: 'pass', reasons: [] });
    expect(healedExecutions(state).map(({ failed }) => [failed.stage, failed.execution])).toEqual([['soak', 1]]);
    expect(state.outcomes.filter((o) => o.stage === 'provision' || o.stage === 'seed')).toHaveLength(2);
  });

  test.for(['provision', 'ramp', 'soak'] as const)(
    'a budget that is used up in %s ends the campaign when the stage has stopped, without a hold, with the reason in the verdict',
    (stage) => {
      const spent = next(runTo(stage, 60_000), { type: 'budgetSpent', reason: 'budget.usd of 1 is used up', atMs: 5 });
      expect(spent).toMatchObject({ mode: 'stage', stage, spent: { atMs: 5 } });
      const failure = { kind: 'harness', message: 'broke' } as const;
      for (const event of [{ type: 'cancelled' }, { type: 'failed', failure }, { type: 'succeeded' }] as const) {
        const state = next(spent, { ...event, stage, execution: 1, atMs: 6 });
        expect(state).toMatchObject({
          mode: 'stage',
          stage: 'snapshot',
          earlyEnd: 'over-budget',
          cancelRequested: false,
        });
        const { verdict, reasons } = floorOf(state, []);
        expect(verdict).toBe('unmeasured');
        expect(reasons[0]).toMatch(/^the campaign was ended at .*: budget\.usd of 1 is used up$/);
      }
    },
  );

  test('a budget that is used up ends a hold at once, and changes nothing once the campaign closes', () => {
    const failure = { kind: 'breach', message: 'x' } as const;
    const held = next(runTo('soak', 60_000), { type: 'failed', stage: 'soak', execution: 1, failure, atMs: 1 });
    const spend = { type: 'budgetSpent', reason: 'budget.wallClock of 2h is used up', atMs: 2 } as const;
    const ended = next(held, spend);
    expect(ended).toMatchObject({ mode: 'stage', stage: 'snapshot', hold: null, earlyEnd: 'over-budget' });
    expect(endingOf(succeedThrough(ended))).toBe('completed');
    const closing = runTo('judge', 0);
    expect(next(closing, spend)).toBe(closing);
  });

  test('a campaign that is refused its clusters does not hold', () => {
    const failure = { kind: 'harness', message: 'in use' } as const;
    const failed = { type: 'failed', stage: 'provision', execution: 1, failure, atMs: 1 } as const;
    expect(next(runTo('provision', 60_000), failed).mode).toBe('hold');
    expect(next(runTo('provision', 60_000), { ...failed, refused: true })).toMatchObject({
      mode: 'stage',
      stage: 'snapshot',
      earlyEnd: 'failed',
    });
  });

  test('a skip heals nothing', () => {
    let state = runTo('soak', 60_000);
    state = next(state, {
      type: 'failed',
      stage: 'soak',
      execution: 1,
      failure: { kind: 'breach', message: 'x' },
      atMs: 1,
    });
    state = next(state, { type: 'decided', stage: 'soak', execution: 1, decision: 'skip', reason: '', atMs: 2 });
    expect(state.stage).toBe('snapshot');
    expect(stageFloor(succeedThrough(state)).verdict).toBe('fail');
  });

  test('refusals say what would be accepted', () => {
    let state = runTo('seed', 60_000);
    expect(refuseDecision(state, { stage: 'seed', execution: 1, decision: 'retry' })).toMatch(
      /There is no hold: stage seed/,
    );
    state = next(state, {
      type: 'failed',
      stage: 'seed',
      execution: 1,
      failure: { kind: 'harness', message: 'x' },
      atMs: 1,
    });
    expect(refuseDecision(state, { stage: 'soak', execution: 1, decision: 'retry' })).toMatch(
      /hold is on stage "seed", execution 1/,
    );
    expect(refuseDecision(state, { stage: 'seed', execution: 2, decision: 'retry' })).toMatch(
      /execution 1; this answers .* execution 2/,
    );
    expect(refuseDecision(state, { stage: 'seed', execution: 1, decision: 'skip' })).toMatch(
      /cannot be skipped.*Allowed here: retry, abort/,
    );
    expect(refuseDecision(state, { stage: 'seed', execution: 1, decision: 'retry' })).toBeNull();
  });

  test('cancel during a hold closes; cancel before provision has nothing to close', () => {
    let state = runTo('ramp', 60_000);
    state = next(state, {
      type: 'failed',
      stage: 'ramp',
      execution: 1,
      failure: { kind: 'system', message: 'x' },
      atMs: 1,
    });
    state = next(state, { type: 'cancelRequested', atMs: 2 });
    expect(state).toMatchObject({ mode: 'stage', stage: 'snapshot', earlyEnd: 'cancelled' });
    expect(endingOf(succeedThrough(state))).toBe('aborted');

    const early = next(next(initialState(0), { type: 'cancelRequested', atMs: 1 }), {
      type: 'cancelled',
      stage: 'resolve',
      execution: 1,
      atMs: 2,
    });
    expect(early).toMatchObject({ mode: 'finished', earlyEnd: 'cancelled' });
  });
});

describe('a lead that is lost', () => {
  test('closes the campaign without a hold and without a verdict, as a fault of the harness', () => {
    const closing = lose('ramp');
    expect(closing).toMatchObject({
      mode: 'stage',
      stage: 'snapshot',
      earlyEnd: 'lead-lost',
      leadLost: true,
      hold: null,
    });
    const ended = succeedThrough(closing);
    expect(ended.outcomes.map(({ stage }) => stage).slice(-2)).toEqual(['snapshot', 'teardown']);
    expect(endingOf(ended)).toBe('harness-fault');
  });

  test('in a closing stage does the same, and a cancel before it is still a cancel', () => {
    expect(endingOf(succeedThrough(lose('snapshot')))).toBe('harness-fault');
    const cancelled = next(runTo('ramp', 0), { type: 'cancelRequested', atMs: 1 });
    const event = { type: 'failed', stage: 'ramp', execution: 1, failure: LEAD_GONE, leadLost: true, atMs: 2 } as const;
    expect(endingOf(succeedThrough(next(cancelled, event)))).toBe('aborted');
  });
});

describe('the list of stages of a specification', () => {
  test('decides what runs, so that a campaign goes on with the stages it began with', () => {
    const stages = ['resolve', 'provision', 'seed', 'soak', 'judge', 'teardown'] as const;
    let state: CampaignState = { ...initialState(0), stages, holdMs: 1_000 };
    const begun: Stage[] = [];
    while (state.mode === 'stage') {
      begun.push(state.stage);
      const { stage, execution } = state;
      state = next(state, { type: 'succeeded', stage, execution, atMs: 1 });
    }
    expect(begun).toEqual(stages);
    expect(stageFloor(state)).toEqual({ verdict: 'pass', reasons: [] });
    expect(endingOf(state)).toBe('completed');
  });

  test('without steady retries a soak directly, and without snapshot closes with judge', () => {
    const stages = ['resolve', 'provision', 'soak', 'judge', 'teardown'] as const;
    let state: CampaignState = { ...initialState(0), stages, holdMs: 1_000, stage: 'soak' };
    const failure = { kind: 'breach', message: 'broke' } as const;
    state = next(state, { type: 'failed', stage: 'soak', execution: 1, failure, atMs: 1 });
    const answer = { type: 'decided', stage: 'soak', execution: 1, reason: '', atMs: 2 } as const;
    expect(next(state, { ...answer, decision: 'retry' })).toMatchObject({ stage: 'soak', execution: 2 });
    expect(next(state, { ...answer, decision: 'abort' })).toMatchObject({ stage: 'judge', earlyEnd: 'aborted' });
  });
});

/** What must hold from one state to the next. */
function checkStep(before: CampaignState, event: CampaignEvent, after: CampaignState): void {
  // A decision acts on the hold it names or not at all.
  if (event.type === 'decided') {
    const named =
      before.mode === 'hold' && before.hold?.stage === event.stage && before.hold.execution === event.execution;
    if (!named) expect(after).toBe(before);
    if (after !== before) expect(after.decisions.length).toBe(before.decisions.length + 1);
  }
  // The verdict never gets better without a decision on record.
  if (after.decisions.length === 0) {
    const worseOrEqual = RANK[verdictOfFinished(after)] >= RANK[failedSoFar(before)];
    expect(worseOrEqual).toBe(true);
  }
  // Nothing that happened is ever taken back.
  expect(after.outcomes.slice(0, before.outcomes.length)).toEqual(before.outcomes);
  expect((after.mode === 'hold') === (after.hold !== null)).toBe(true);
}

function failedSoFar(state: CampaignState): 'pass' | 'fail' {
  return state.outcomes.some(
    (o) => o.outcome === 'failed' && o.failure?.kind !== 'harness' && !isClosing(o.stage) && o.stage !== 'resolve',
  )
    ? 'fail'
    : 'pass';
}

function verdictOfFinished(state: CampaignState): 'pass' | 'unmeasured' | 'fail' {
  return stageFloor(state).verdict;
}

/** What must hold of a whole campaign. */
function checkWhole(state: CampaignState, begun: readonly { stage: Stage; execution: number }[]): void {
  // Once clusters may exist, teardown runs, last, and once.
  if (begun.some(({ stage }) => stage === 'provision')) {
    expect(begun.at(-1)?.stage).toBe('teardown');
    expect(begun.filter(({ stage }) => stage === 'teardown')).toHaveLength(1);
    expect(begun.some(({ stage }) => stage === 'snapshot')).toBe(true);
    // Only a lead can judge.
    const judges = !state.outcomes.some(
      ({ stage, failure }) => failure === LEAD_GONE && STAGES.indexOf(stage) < STAGES.indexOf('judge'),
    );
    expect(begun.some(({ stage }) => stage === 'judge')).toBe(judges);
  } else {
    expect(clustersMayExist(state)).toBe(false);
  }
  // Stages begin in order, one at a time; a step back only after a decision to retry.
  const backSteps = begun.filter(
    ({ stage }, i) => i > 0 && STAGES.indexOf(stage) <= STAGES.indexOf(begun[i - 1]!.stage),
  ).length;
  expect(backSteps).toBe(state.decisions.filter((d) => d.decision === 'retry').length);
  // Executions of a stage are numbered without gaps.
  for (const stage of STAGES) {
    const executions = begun.filter((b) => b.stage === stage).map((b) => b.execution);
    expect(executions).toEqual(executions.map((_, i) => i + 1));
  }
}

function runTo(stage: Stage, holdMs: number): CampaignState {
  let state: CampaignState = { ...initialState(0), holdMs };
  while (state.stage !== stage)
    state = next(state, { type: 'succeeded', stage: state.stage, execution: state.execution, atMs: 0 });
  return state;
}

/** The campaign after its lead was lost in a stage. */
function lose(stage: Stage): CampaignState {
  const before = runTo(stage, 1_000);
  const { execution } = before;
  return next(before, { type: 'failed', stage, execution, failure: LEAD_GONE, leadLost: true, atMs: 1 });
}

function succeedThrough(from: CampaignState): CampaignState {
  let state = from;
  while (state.mode === 'stage')
    state = next(state, { type: 'succeeded', stage: state.stage, execution: state.execution, atMs: 9 });
  expect(latestOutcome(state, 'teardown')?.outcome).toBe('succeeded');
  return state;
}
