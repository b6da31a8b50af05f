import * as fc from 'fast-check';
import {
  initialState,
  next,
  refuseDecision,
  type CampaignState,
  type Decision,
  type FailureKind,
} from '../../src/core/campaign/machine.ts';
import { isClosing, STAGES, type Stage } from '../../src/core/model/stages.ts';
import { breach, harnessFails, systemFails, type Step, type WorkStage } from './scripted.ts';

/** The groups of a fate: one cluster each. */
const GROUPS = ['g0', 'g1', 'g2'] as const;
const WATCH = 'watch';

/** How one execution of a stage goes for one group; a breach is only seen by the watch. */
type Turn = 'succeed' | Exclude<FailureKind, 'target'>;

/** The fate of a campaign with three groups. Turns are taken in a fixed order; past the answers, holds are aborted. */
export interface GroupFate {
  readonly turns: readonly Turn[];
  readonly answers: readonly Decision[];
}

/** Fates in which about every fourth execution of a stage fails for some groups. */
export const groupFates: fc.Arbitrary<GroupFate> = fc.record({
  turns: fc.array(
    fc.oneof(
      { weight: 9, arbitrary: fc.constant<Turn>('succeed') },
      { weight: 1, arbitrary: fc.constantFrom<Turn>('system', 'harness', 'breach') },
    ),
    { minLength: 1, maxLength: 60 },
  ),
  answers: fc.array(fc.constantFrom<Decision>('retry', 'retry', 'retry', 'skip', 'abort'), { maxLength: 8 }),
});

/** The calls of one execution of a stage: `activity group`. In a soak that fails, some may not come to begin. */
interface ExpectedExecution {
  readonly execution: string;
  readonly calls: readonly string[];
  readonly isWhole: boolean;
}

/** What a fate leads to. */
export interface GroupWalk {
  readonly executions: readonly ExpectedExecution[];
  readonly state: CampaignState;
}

/** The answer to the nth hold. */
export function groupAnswer({ answers }: GroupFate, nth: number, state: CampaignState): Decision {
  const answer = answers[nth] ?? 'abort';
  const refused = state.hold !== null && refuseDecision(state, { ...state.hold, decision: answer }) !== null;
  return answer === 'skip' && refused ? 'retry' : answer;
}

/**
 * Walks a fate. A stage fails when it fails for a group, as the worst of the failures; a retry runs the groups that failed, but a soak
 * runs all of them, and so does a stage that was skipped and comes again.
 */
export function walkGroups(fate: GroupFate, holdMs: number): GroupWalk {
  let state: CampaignState = { ...initialState(0), holdMs };
  const executions: ExpectedExecution[] = [];
  let failedBefore: readonly string[] = [];
  let held = 0;
  while (state.mode !== 'finished') {
    const { stage, execution, hold } = state;
    if (hold !== null) {
      const decision = groupAnswer(fate, held++, state);
      state = next(state, { type: 'decided', ...hold, decision, reason: '', atMs: 0 });
      continue;
    }
    if (stage === 'resolve') {
      state = next(state, { type: 'succeeded', stage, execution, atMs: 0 });
      continue;
    }
    const latest = state.outcomes.findLast((outcome) => outcome.stage === stage);
    const repeats = stage !== 'soak' && latest?.outcome === 'failed';
    const ran = stage === 'judge' ? ['g0'] : repeats && !isClosing(stage) ? failedBefore : GROUPS;
    const turns = turnsOf(fate, stage, execution, ran);
    const failed = turns.filter(({ turn }) => turn !== 'succeed');
    failedBefore = failed.map(({ who }) => who);
    executions.push({
      execution: `${stage} ${execution}`,
      calls: callsOf(stage, ran, failed.length > 0),
      isWhole: stage !== 'soak' || failed.length === 0,
    });
    const kinds = failed.map(({ turn }) => turn);
    const worst = (['breach', 'system', 'harness'] as const).find((kind) => kinds.includes(kind));
    state =
      worst === undefined
        ? next(state, { type: 'succeeded', stage, execution, atMs: 0 })
        : next(state, { type: 'failed', stage, execution, failure: { kind: worst, message: '' }, atMs: 0 });
  }
  return { executions, state };
}

/** What an activity does in a fate. */
export function groupStep(fate: GroupFate, activity: WorkStage): Step {
  return (call) => {
    const { execution, group } = call.input;
    const stage = activity === 'drive' || activity === 'watch' ? 'soak' : activity;
    const isLastRead = 'settledAtMs' in call.input;
    const who = activity === 'watch' ? WATCH : group;
    const turn = turnsOf(fate, stage, execution, GROUPS).find((each) => each.who === who)?.turn ?? 'succeed';
    if (turn === 'succeed' || isLastRead) return {};
    return { breach: breach(), system: systemFails(), harness: harnessFails() }[turn](call);
  };
}

/** In a soak only the first failure counts: it cancels the others, which then may or may not have failed by themselves. */
function turnsOf(
  { turns }: GroupFate,
  stage: Stage,
  execution: number,
  ran: readonly string[],
): readonly { readonly who: string; readonly turn: Turn }[] {
  const first = 4 * (STAGES.length * execution + STAGES.indexOf(stage));
  const all = [...GROUPS, WATCH].map((who, index) => {
    const turn = turns[(first + index) % turns.length] ?? 'succeed';
    return { who, turn: turn === 'breach' && who !== WATCH ? ('system' as const) : turn };
  });
  if (stage !== 'soak') return all.filter(({ who }) => ran.includes(who));
  const failing = all.findLast(({ turn }) => turn !== 'succeed');
  return all.map((each) => (each === failing ? each : { ...each, turn: 'succeed' as const }));
}

function callsOf(stage: Stage, ran: readonly string[], fails: boolean): readonly string[] {
  if (stage !== 'soak') return ran.map((group) => `${stage} ${group}`);
  return [...ran.map((group) => `drive ${group}`), ...(fails ? ['watch g0'] : ['watch g0', 'watch g0'])];
}
