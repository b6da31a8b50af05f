import type { Stage } from '../model/stages.ts';
import type { CampaignState, StageOutcome } from './machine.ts';
import type { CampaignStatus } from './stage-io.ts';
import { cell, table, unbroken } from '../text/markdown.ts';
import { timeOfDayText } from '../text/time.ts';

/** The table of a campaign that is retried for days stays readable. */
const MAX_ROWS = 20;

/**
 * The campaign's stages as a Markdown table: one row per execution in the order in which they ran, then the stage that runs,
 * then the stages that follow.
 *
 * @param planned what a stage is going to do, in one line
 */
export function stageTable(status: CampaignStatus, planned: Readonly<Partial<Record<Stage, string>>> = {}): string {
  const { state, details } = status;
  const rows = state.outcomes.map((outcome) => ended(state, outcome, details));
  if (state.mode === 'stage') {
    const label = labelOf(state.stage, state.execution);
    rows.push([
      '▶',
      `**${label}**`,
      timeOfDayText(state.stageStartedAtMs),
      'running',
      cell(planned[state.stage] ?? ''),
    ]);
  }
  const left = rows.length - MAX_ROWS;
  const shown = left > 0 ? [['…', unbroken(`${left} earlier`), '', '', ''], ...rows.slice(left)] : rows;
  return table(['', 'stage', unbroken('began (UTC)'), 'took', ''], [...shown, ...notRun(state, planned)]);
}

function ended(state: CampaignState, outcome: StageOutcome, details: CampaignStatus['details']): readonly string[] {
  const { stage, execution, startedAtMs, endedAtMs, failure } = outcome;
  const row = (mark: string, took: string, detail: string): readonly string[] => [
    mark,
    labelOf(stage, execution),
    timeOfDayText(startedAtMs),
    unbroken(took),
    cell(detail),
  ];
  const took = tookText(outcome);
  switch (outcome.outcome) {
    case 'succeeded': {
      // Details are those of the latest execution.
      const isLatest = !state.outcomes.some((other) => other.stage === stage && other.execution > execution);
      return row('✓', took, isLatest ? (details[stage] ?? '') : '');
    }
    case 'failed':
      return row('✗', took, `failed: ${failure?.message ?? 'no reason is known'}`);
    case 'cancelled':
      return row('–', took, 'stopped');
    case 'skipped':
      return row('–', '', `skipped by decision at ${timeOfDayText(endedAtMs)}`);
  }
}

/** Stages without an execution: those that follow, and those that a campaign which closed early did not run. */
function notRun(
  state: CampaignState,
  planned: Readonly<Partial<Record<Stage, string>>>,
): readonly (readonly string[])[] {
  const ran = new Set(state.outcomes.map(({ stage }) => stage));
  const { stages } = state;
  return stages
    .filter((stage) => !ran.has(stage) && !(state.mode === 'stage' && stage === state.stage))
    .map((stage) => {
      const isPast =
        state.mode === 'finished' || (state.earlyEnd !== null && stages.indexOf(stage) < stages.indexOf(state.stage));
      return isPast ? ['–', stage, '', '', 'not run'] : ['·', stage, '', '', cell(planned[stage] ?? '')];
    });
}

function labelOf(stage: Stage, execution: number): string {
  return execution > 1 ? unbroken(`${stage} (execution ${execution})`) : stage;
}

/** A stage's state in one or two words: waiting, running, done in 3.2 s, failed, skipped. */
export function stageState(state: CampaignState, stage: Stage): string {
  if (state.mode === 'stage' && state.stage === stage)
    return state.execution > 1 ? `running (execution ${state.execution})` : 'running';
  const outcomes = state.outcomes.filter((outcome) => outcome.stage === stage);
  const latest = outcomes.at(-1);
  if (latest === undefined) return state.mode === 'finished' ? 'not run' : 'waiting';
  if (latest.outcome === 'skipped') return 'skipped';
  const took = tookText(latest);
  const execution = latest.execution > 1 ? `, execution ${latest.execution}` : '';
  return latest.outcome === 'succeeded' ? `done in ${took}${execution}` : `${latest.outcome} after ${took}${execution}`;
}

function tookText({ startedAtMs, endedAtMs }: StageOutcome): string {
  return `${((endedAtMs - startedAtMs) / 1_000).toFixed(1)} s`;
}
