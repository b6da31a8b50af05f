import { WorkflowUpdateFailedError } from '@temporalio/client';
import * as fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { endingOf } from '../../src/core/campaign/ending.ts';
import {
  initialState,
  latestOutcome,
  next,
  refuseDecision,
  type CampaignState,
  type Decision,
} from '../../src/core/campaign/machine.ts';
import { isClosing, STAGES, type Stage } from '../../src/core/model/stages.ts';
import { order } from './asserting.ts';
import { groupAnswer, groupFates, groupStep, walkGroups, type GroupFate } from './group-fates.ts';
import { aPlacedSpec, aSpec } from './make-spec.ts';
import { breach, harnessFails, systemFails, untilCancelled, type StageCall, type WorkStage } from './scripted.ts';
import { TestTemporal } from './temporal.ts';

let temporal: TestTemporal;
beforeAll(async () => {
  temporal = await TestTemporal.start();
});
afterAll(() => temporal.stop());

/** How one execution of a stage goes. The `cancel-…` ones ask the workflow to stop first. */
type Turn = 'succeed' | 'breach' | 'system' | 'harness' | 'cancel-heard' | 'cancel-deaf' | 'cancel-failing';
/** What happens to one hold. */
type Answer = Decision | 'expire' | 'cancel';

/** A campaign's fate: one turn an execution in the order in which they come, one answer a hold. Past their end all goes well. */
interface Fate {
  readonly holds: boolean;
  readonly turns: readonly Turn[];
  readonly answers: readonly Answer[];
}

const fates: fc.Arbitrary<Fate> = fc.record({
  holds: fc.boolean(),
  turns: fc.array(
    fc.oneof(
      { weight: 7, arbitrary: fc.constant<Turn>('succeed') },
      { weight: 4, arbitrary: fc.constantFrom<Turn>('breach', 'system', 'harness') },
      { weight: 1, arbitrary: fc.constantFrom<Turn>('cancel-heard', 'cancel-deaf', 'cancel-failing') },
    ),
    { maxLength: 20 },
  ),
  answers: fc.array(fc.constantFrom<Answer>('retry', 'retry', 'retry', 'skip', 'skip', 'abort', 'expire', 'cancel'), {
    maxLength: 8,
  }),
});

const PATIENT_MS = 60_000;
const BRIEF_MS = 200;

/** What the pure machine makes of a fate: every execution that begins, and the state at the end. */
interface Walk {
  readonly begun: readonly string[];
  readonly state: CampaignState;
  readonly holdMs: number;
}

/** A hold that is to expire has a short limit, and one limit is all a campaign has: then every one expires. */
function holdOf(fate: Fate): number {
  if (!fate.holds) return 0;
  return fate.answers.length === 0 || fate.answers[0] === 'expire' ? BRIEF_MS : PATIENT_MS;
}

/** The answer to the nth hold. A fate without an answer for it aborts in the end. */
function answerOf(fate: Fate, nth: number, state: CampaignState): Answer {
  if (holdOf(fate) === BRIEF_MS) return 'expire';
  const answer = fate.answers[nth] ?? 'abort';
  if (answer === 'expire') return 'abort';
  return answer === 'skip' && state.hold !== null && refuseDecision(state, { ...state.hold, decision: 'skip' }) !== null
    ? 'retry'
    : answer;
}

function walk(fate: Fate): Walk {
  let state: CampaignState = { ...initialState(0), holdMs: holdOf(fate) };
  const begun: string[] = [];
  let held = 0;
  while (state.mode !== 'finished') {
    const { stage, execution, hold } = state;
    if (hold !== null) {
      const answer = answerOf(fate, held++, state);
      state =
        answer === 'cancel'
          ? next(state, { type: 'cancelRequested', atMs: 0 })
          : answer === 'expire'
            ? next(state, { type: 'holdExpired', ...hold, atMs: 0 })
            : next(state, { type: 'decided', ...hold, decision: answer, reason: '', atMs: 0 });
    } else if (stage === 'resolve') {
      state = next(state, { type: 'succeeded', stage, execution, atMs: 0 });
    } else {
      const turn = fate.turns[begun.length] ?? 'succeed';
      begun.push(`${stage} ${execution}`);
      if (turn.startsWith('cancel-')) state = next(state, { type: 'cancelRequested', atMs: 0 });
      const ended = { stage, execution, atMs: 0 };
      const kind = turn === 'breach' || turn === 'system' ? turn : 'harness';
      state =
        turn === 'succeed' || turn === 'cancel-deaf' || (turn === 'cancel-heard' && isClosing(stage))
          ? next(state, { type: 'succeeded', ...ended })
          : turn === 'cancel-heard'
            ? next(state, { type: 'cancelled', ...ended })
            : next(state, { type: 'failed', ...ended, failure: { kind, message: '' } });
    }
  }
  return { begun, state, holdMs: holdOf(fate) };
}

/** The same fate for the real workflow: what each call of an activity does, in the order in which they come. */
function step(fate: Fate, nth: number, cancel: () => Promise<void>): (call: StageCall) => unknown {
  return async (call) => {
    const turn = fate.turns[nth] ?? 'succeed';
    if (turn.startsWith('cancel-')) await cancel();
    switch (turn) {
      case 'breach':
        return breach()(call);
      case 'system':
        return systemFails()(call);
      case 'harness':
      case 'cancel-failing':
        return harnessFails()(call);
      case 'cancel-heard':
        return isClosing(call.stage) ? {} : untilCancelled(call);
      default:
        return {};
    }
  };
}

/** What of a state does not depend on the clock. */
function timeless(state: CampaignState): object {
  return {
    mode: state.mode,
    stage: state.stage,
    execution: state.execution,
    hold: state.hold,
    earlyEnd: state.earlyEnd,
    cancelRequested: state.cancelRequested,
    outcomes: state.outcomes.map(({ stage, execution, outcome, failure }) => [
      stage,
      execution,
      outcome,
      failure?.kind,
    ]),
    decisions: state.decisions.map(({ stage, execution, decision }) => [stage, execution, decision]),
  };
}

test('the workflow goes where the machine goes, whatever happens', { timeout: 180_000 }, async () => {
  // Three at a time: most of a campaign is waiting.
  await fc.assert(
    fc.asyncProperty(fc.tuple(fates, fates, fates), async (three) => {
      await Promise.all(three.map(compare));
    }),
    { numRuns: 10, endOnFailure: true },
  );
});

async function compare(fate: Fate): Promise<void> {
  const expected = walk(fate);
  let called = 0;
  const cancel = async (): Promise<void> => void (await run.handle.cancel());
  const act = (call: StageCall): unknown => step(fate, called++, cancel)(call);
  const run = await temporal.begin('model', {
    resolve: ({ workflowId }) => aSpec({ workflowId, holdMs: expected.holdMs }),
    stages: Object.fromEntries(STAGES.slice(1).map((stage) => [stage, act])),
  });
  // A hold that expires needs no answer.
  for (let nth = 0; expected.holdMs === PATIENT_MS; nth++) {
    const { state } = await run.untilHoldAfter(nth);
    if (state.hold === null) break;
    const answer = answerOf(fate, nth, state);
    if (answer === 'cancel') await run.handle.cancel();
    else await answerTo(run, state.hold.stage, state.hold.execution, answer);
  }
  await run.result().catch(() => undefined);
  const { state } = await run.status();
  expect(order(run)).toEqual(expected.begun);
  expect(timeless(state)).toEqual(timeless(expected.state));
  expect((await run.handle.describe()).status.name).toBe(closedAs(expected.state));
}

test(
  'with several groups, each stage runs on the groups that the model says, and fails as it says',
  {
    timeout: 180_000,
  },
  async () => {
    await fc.assert(
      fc.asyncProperty(fc.tuple(groupFates, groupFates, groupFates), async (three) => {
        await Promise.all(three.map(compareGroups));
      }),
      { numRuns: 4, endOnFailure: true, examples: [[[SKIPPED_AND_AGAIN, GREEN, GREEN]]] },
    );
  },
);

/** Steadiness fails and is skipped, the soak fails and is retried: steadiness is proved again, for all groups. */
const SKIPPED_AND_AGAIN: GroupFate = {
  turns: [
    ...(['system', 'breach', 'breach', 'succeed', 'succeed', 'succeed'] as const),
    ...(['succeed', 'system', 'succeed', 'succeed', 'harness', 'system'] as const),
  ],
  answers: ['skip', 'retry', 'retry', 'retry', 'retry', 'skip', 'retry', 'retry'],
};
const GREEN: GroupFate = { turns: ['succeed'], answers: [] };

async function compareGroups(fate: GroupFate): Promise<void> {
  const expected = walkGroups(fate, PATIENT_MS);
  const activities: readonly WorkStage[] = [...STAGES.filter((stage) => stage !== 'resolve'), 'drive', 'watch'];
  const run = await temporal.begin('groups-model', {
    oneWorker: true,
    fleet: { lead: 1, a: 1, b: 1 },
    resolve: ({ workflowId }) => aPlacedSpec({ workflowId, clusterCount: 3, holdMs: PATIENT_MS }),
    stages: Object.fromEntries(activities.map((activity) => [activity, groupStep(fate, activity)])),
  });
  for (let nth = 0; ; nth++) {
    const { state } = await run.untilHoldAfter(nth);
    if (state.hold === null) break;
    await answerTo(run, state.hold.stage, state.hold.execution, groupAnswer(fate, nth, state));
  }
  await run.result().catch(() => undefined);
  const { state } = await run.status();
  const found = Map.groupBy(run.calls, ({ stage, execution }) => `${stageOf(stage)} ${execution}`);
  expect([...found.keys()]).toEqual(expected.executions.map(({ execution }) => execution));
  for (const { execution, calls, isWhole } of expected.executions) {
    const called = (found.get(execution) ?? []).map(({ stage, input }) => `${stage} ${input.group}`);
    if (isWhole) expect(called.toSorted(), execution).toEqual(calls.toSorted());
    else expect(calls, execution).toEqual(expect.arrayContaining(called));
  }
  expect(timeless(state)).toEqual(timeless(expected.state));
  expect((await run.handle.describe()).status.name).toBe(closedAs(expected.state));
}

/** The stage of an activity. */
function stageOf(activity: WorkStage): Stage {
  return activity === 'drive' || activity === 'watch' ? 'soak' : activity;
}

/** How Temporal shows a campaign that ended so. One that could not be judged has no result to complete with. */
function closedAs(state: CampaignState): string {
  const ending = endingOf(state);
  if (ending === 'aborted') return 'CANCELLED';
  return ending === 'completed' && latestOutcome(state, 'judge')?.outcome === 'succeeded' ? 'COMPLETED' : 'FAILED';
}

async function answerTo(
  run: { decide(answer: unknown): Promise<string> },
  stage: string,
  execution: number,
  decision: string,
): Promise<void> {
  // An answer to another execution changes nothing.
  const stale = await run.decide({ stage, execution: execution + 1, decision }).catch((error: unknown) => error);
  expect(stale).toBeInstanceOf(WorkflowUpdateFailedError);
  await run.decide({ stage, execution, decision, reason: '' });
}
