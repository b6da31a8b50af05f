import type { GateDefinition } from '../gates/model.ts';
import { bytesOf, cell, cut } from './markdown.ts';
import { STAGES, type Stage } from './stages.ts';
import { isSkippable, type CampaignState, type Decision, type Hold } from './machine.ts';
import type { CampaignStatus, JudgeResult } from './stage-io.ts';

/**
 * The campaign's story as Markdown, for Current Details in the Temporal UI: whoever opens the page understands where the
 * campaign is, what broke, and how to answer, without a command line.
 */
export function currentDetails(
  status: CampaignStatus,
  judged: JudgeResult | null,
  gates: readonly Pick<GateDefinition, 'name' | 'bar'>[] = [],
): string {
  const sections = [
    headline(status),
    judged === null ? '' : verdictSection(judged),
    holdSection(status, gates),
    stageTable(status),
  ].filter((section) => section !== '');
  const left = MAX_BYTES - bytesOf(sections.join(BETWEEN) + BETWEEN);
  return [...sections, story(status, left)].filter((section) => section !== '').join(BETWEEN);
}

/** Temporal takes no more than 20 kB of Markdown. */
const MAX_BYTES = 20_000;
const BETWEEN = '\n\n';
/** A failure may quote whole logs; the evidence has all of it. */
const MAX_MESSAGE = 1_500;
const MAX_REASON = 200;

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

function holdSection(status: CampaignStatus, gates: readonly Pick<GateDefinition, 'name' | 'bar'>[]): string {
  const hold = status.state.hold;
  if (hold === null) return '';
  const until = status.holdEndsAtMs === null ? '' : ` until **${isoTime(status.holdEndsAtMs)}**`;
  return [
    `### What broke`,
    `Stage **${hold.stage}**, execution ${hold.execution}, failed at ${isoTime(hold.openedAtMs)}: ${cut(hold.failure.message, MAX_MESSAGE)}`,
    `Everything that was made still stands (clusters, Nodes, Pods, Prometheus), and waits${until}. Without an answer the campaign then keeps its evidence, is judged and taken down.`,
    `### Answer`,
    `Press *Send an Update*, choose \`decide\`, and paste one of these:`,
    ...decisionsFor(hold).map(
      ({ decision, effect }) => `- ${effect}\n\n  \`\`\`json\n  ${decideInput(hold, decision)}\n  \`\`\``,
    ),
    barAnswer(
      hold,
      gates.find((gate) => gate.name === hold.failure.gate),
    ),
  ]
    .filter((line) => line !== '')
    .join('\n\n');
}

/** The retry that changes the bar of the gate that broke, with the bar as it is: what is left is to write another number. */
function barAnswer(hold: Hold, gate: Pick<GateDefinition, 'name' | 'bar'> | undefined): string {
  if (gate === undefined) return '';
  const { stage, execution } = hold;
  const set = Object.fromEntries(
    Object.entries(gate.bar).map(([side, value]) => [`gates.${gate.name}.${side}`, value]),
  );
  const answer = JSON.stringify({ stage, execution, decision: 'retry', reason: 'new bar', set });
  return `A retry may change the bar, now ${bar(gate.bar)}; put another number in:\n\n\`\`\`json\n${answer}\n\`\`\``;
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
  const reasons = judged.reasons.map((reason) => `- ${cut(reason, MAX_REASON)}`).join('\n');
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
  if (latest.outcome === 'skipped') return 'skipped';
  const took = `${((latest.endedAtMs - latest.startedAtMs) / 1000).toFixed(1)} s`;
  const execution = latest.execution > 1 ? `, execution ${latest.execution}` : '';
  return latest.outcome === 'succeeded' ? `done in ${took}${execution}` : `${latest.outcome} after ${took}${execution}`;
}

/** The newest lines that fit: they are the ones that matter. */
function story(status: CampaignStatus, maxBytes: number): string {
  const title = '### Story';
  const lines: string[] = [];
  let left = maxBytes - bytesOf(title);
  for (const { atMs, text } of status.story.toReversed()) {
    const line = `- \`${isoTime(atMs).slice(11)}\` ${cut(text, MAX_MESSAGE)}`;
    left -= bytesOf(line) + 1;
    if (left < 0) break;
    lines.unshift(line);
  }
  return lines.length === 0 ? '' : [title, ...lines].join('\n');
}

function isoTime(atMs: number): string {
  return new Date(atMs)
    .toISOString()
    .replace(/\.\d+Z$/, 'Z')
    .replace('T', ' ');
}

function round(value: number): string {
  return String(Number(value.toPrecision(4)));
}
