import { STAGES, type Stage } from './stages.ts';
import { isSkippable, type CampaignState, type Decision, type Hold } from './machine.ts';
import type { CampaignStatus, JudgeResult } from './stage-io.ts';

/**
 * The campaign's story as Markdown, for Current Details in the Temporal UI: whoever opens the page understands where the
 * campaign is, what broke, and how to answer, without a command line.
 */
export function currentDetails(status: CampaignStatus, judged: JudgeResult | null): string {
  const sections = [
    headline(status),
    judged === null ? '' : verdictSection(judged),
    holdSection(status),
    stageTable(status),
    story(status),
  ];
  return sections.filter((section) => section !== '').join('\n\n');
}

function headline(status: CampaignStatus): string {
  const { state } = status;
  const what =
    status.profile === null
      ? 'Reading the profile.'
      : `**${status.profile}** on substrate **${status.substrate ?? '?'}**, system **${status.system ?? '?'}**, ${status.fleetSize ?? '?'} machines.`;
  const now =
    state.mode === 'hold'
      ? '## Holding: waiting for a decision'
      : state.mode === 'finished'
        ? `## Finished${status.verdict === null ? '' : `: ${status.verdict}`}`
        : `## Running: ${state.stage}${state.execution > 1 ? ` (execution ${state.execution})` : ''}`;
  const evidence = status.campaign === null ? '' : ` Evidence: \`runs/${status.campaign}/\` on the worker's host.`;
  return `${now}\n\n${what}${evidence}${state.cancelRequested ? ' Cancel was requested.' : ''}`;
}

function holdSection(status: CampaignStatus): string {
  const hold = status.state.hold;
  if (hold === null) return '';
  const until = status.holdEndsAtMs === null ? '' : ` until **${isoTime(status.holdEndsAtMs)}**`;
  return [
    `### What broke`,
    `Stage **${hold.stage}**, execution ${hold.execution}, failed at ${isoTime(hold.openedAtMs)}: ${hold.failure.message}`,
    `Everything that was made still stands (clusters, Nodes, Pods, Prometheus), and waits${until}. Without an answer the campaign then keeps its evidence, is judged and taken down.`,
    `### Answer`,
    `Press *Send an Update*, choose \`decide\`, and paste one of these:`,
    ...decisionsFor(hold).map(
      ({ decision, effect }) => `- ${effect}\n\n  \`\`\`json\n  ${decideInput(hold, decision)}\n  \`\`\``,
    ),
    hold.failure.gate === undefined
      ? ''
      : `A retry may change a bar: \`${JSON.stringify({ stage: hold.stage, execution: hold.execution, decision: 'retry', reason: 'new bar', set: { [`gates.${hold.failure.gate}.max`]: 1 } })}\``,
  ]
    .filter((line) => line !== '')
    .join('\n\n');
}

/** The decisions that a hold accepts, with what each does. */
export function decisionsFor(hold: Hold): readonly { readonly decision: Decision; readonly effect: string }[] {
  const retry =
    hold.stage === 'soak'
      ? 'prove steadiness again, then soak anew, on the same clusters'
      : `run ${hold.stage} again on what stands`;
  return [
    { decision: 'retry' as const, effect: retry },
    ...(isSkippable(hold.stage)
      ? [{ decision: 'skip' as const, effect: `leave ${hold.stage} as it is and close; a skip heals nothing` }]
      : []),
    { decision: 'abort' as const, effect: 'keep the evidence, judge, take down' },
  ];
}

/** The exact input of the Update `decide` for a hold. */
export function decideInput(hold: Pick<Hold, 'stage' | 'execution'>, decision: Decision): string {
  return JSON.stringify({ stage: hold.stage, execution: hold.execution, decision, reason: 'why' });
}

function verdictSection(judged: JudgeResult): string {
  const rows = judged.gates.map(
    (gate) =>
      `| ${cell(gate.gate)} | ${gate.value === null ? '–' : `${round(gate.value)} ${cell(gate.unit)}`} | ${bar(gate)} | ${gate.headroom === null ? '–' : `${Math.round(gate.headroom * 100)} %`} | ${gate.informational ? 'info' : gate.verdict} |`,
  );
  const reasons = judged.reasons.map((reason) => `- ${reason}`).join('\n');
  return [
    `### Verdict: ${judged.verdict}`,
    reasons,
    ['| gate | measured | bar | headroom | verdict |', '|---|---|---|---|---|', ...rows].join('\n'),
  ]
    .filter((part) => part !== '')
    .join('\n\n');
}

function bar(gate: { readonly min?: number; readonly max?: number }): string {
  const sides = [gate.min === undefined ? '' : `≥ ${gate.min}`, gate.max === undefined ? '' : `≤ ${gate.max}`];
  return sides.filter((side) => side !== '').join(', ') || '–';
}

function stageTable(status: CampaignStatus): string {
  const rows = STAGES.map(
    (stage) => `| ${stage} | ${stageState(status.state, stage)} | ${cell(status.details[stage] ?? '')} |`,
  );
  return ['| stage | state | |', '|---|---|---|', ...rows].join('\n');
}

/** A stage's state in a word or two: waiting, running, done in 3.2 s, failed, skipped. */
export function stageState(state: CampaignState, stage: Stage): string {
  if (state.mode === 'stage' && state.stage === stage)
    return state.execution > 1 ? `running (execution ${state.execution})` : 'running';
  const outcomes = state.outcomes.filter((outcome) => outcome.stage === stage);
  const latest = outcomes.at(-1);
  if (latest === undefined) return state.mode === 'finished' ? 'not run' : 'waiting';
  const took = `${((latest.endedAtMs - latest.startedAtMs) / 1000).toFixed(1)} s`;
  const execution = latest.execution > 1 ? `, execution ${latest.execution}` : '';
  return latest.outcome === 'succeeded' ? `done in ${took}${execution}` : `${latest.outcome} after ${took}${execution}`;
}

function story(status: CampaignStatus): string {
  if (status.story.length === 0) return '';
  // Current Details are limited to 20 kB: the newest lines are the ones that matter.
  const lines = status.story.slice(-60).map((line) => `- \`${isoTime(line.atMs).slice(11)}\` ${line.text}`);
  return ['### Story', ...lines].join('\n');
}

function isoTime(atMs: number): string {
  return new Date(atMs)
    .toISOString()
    .replace(/\.\d+Z$/, 'Z')
    .replace('T', ' ');
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|').replaceAll('\n', ' ');
}

function round(value: number): string {
  return String(Number(value.toPrecision(4)));
}
