import type { GateDefinition } from '../gates/model.ts';
import { endingOf, healedExecutions } from '../campaign/ending.ts';
import { healedSentence } from './wording.ts';
import { barSymbols } from '../text/bar.ts';
import { headroomText, quantityText } from '../text/number.ts';
import { momentText, timeOfDayText } from '../text/time.ts';
import { latestOutcome, type CampaignState, type Decision, type Hold } from '../campaign/machine.ts';
import { bytesOf, cell, cut, END, paragraph, table, unbroken } from '../text/markdown.ts';
import { isSkippable, STAGES, type Stage } from '../model/stages.ts';
import type { CampaignStatus, GateLine, JudgeResult } from '../campaign/stage-io.ts';
import { stageTable } from '../campaign/stage-table.ts';

/** What the details show besides the status. */
export interface DetailsContext {
  readonly gates?: readonly Pick<GateDefinition, 'name' | 'bar'>[];
  /** What each stage will do, in one line. */
  readonly planned?: Readonly<Partial<Record<Stage, string>>>;
  /** Addresses in the UI, from its root: this run, and the form that starts another. */
  readonly pages?: { readonly run: string; readonly start: string };
}

/**
 * The campaign's story as Markdown, for Current Details in the Temporal UI. The page shows which stage runs, what broke, and how
 * to answer a hold without a command line.
 */
export function currentDetails(
  status: CampaignStatus,
  judged: JudgeResult | null,
  context: DetailsContext = {},
): string {
  const sections = [
    headline(status, context),
    refusedInput(status.state, context),
    holdSection(status, context.gates ?? []),
    judged === null ? '' : verdictSection(status, judged),
    status.profile === null ? '' : stageTable(status, context.planned),
  ].filter((section) => section !== '');
  const left = MAX_BYTES - bytesOf([...sections, '', END].join(BETWEEN));
  const whole = [...sections, story(status, left), END].filter((section) => section !== '').join(BETWEEN);
  return cut(whole, MAX_BYTES);
}

/** Temporal accepts at most 20 kB of Markdown. */
const MAX_BYTES = 20_000;
const BETWEEN = '\n\n';
/** A failure may quote whole logs. The evidence has the full text. */
const MAX_MESSAGE = 1_500;
const MAX_REASON = 200;
const MAX_HEALED = 10;
const MAX_CHANGES = 5;

function headline(status: CampaignStatus, { pages }: DetailsContext): string {
  const { state } = status;
  const what =
    status.profile === null
      ? ''
      : `**${status.profile}** on substrate **${status.substrate ?? '?'}**, system **${status.system ?? '?'}**, ${status.fleetSize ?? '?'} machines.`;
  const evidence =
    status.campaign === null || status.profile === null
      ? ''
      : `Evidence: \`runs/${status.campaign}/\` on the worker's host${state.mode === 'finished' ? '; begin with `report.html`' : ''}.`;
  const live =
    pages === undefined || state.mode !== 'stage'
      ? ''
      : `Live numbers: [Pending Activities](${pages.run}/pending-activities).`;
  const another =
    pages === undefined || status.profile === null || state.mode !== 'finished'
      ? ''
      : `[Start another campaign](${pages.start}).`;
  const cancel = state.cancelRequested && state.mode !== 'finished' ? 'Cancel was requested.' : '';
  return [`## ${title(status)}`, [what, cancel, live, evidence, another].filter((part) => part !== '').join(' ')]
    .filter((part) => part !== '')
    .join(BETWEEN);
}

function title({ state, verdict, profile }: CampaignStatus): string {
  if (state.mode === 'hold') return 'Holding: waiting for a decision';
  if (state.mode === 'stage') {
    const execution = state.execution > 1 ? ` (execution ${state.execution})` : '';
    return profile === null ? 'Reading the profile' : `Running: ${state.stage}${execution}`;
  }
  if (latestOutcome(state, 'resolve')?.outcome === 'failed') return 'Not started';
  const ending = endingOf(state);
  if (ending === 'aborted') return `Stopped on request${verdict === null ? '' : `; verdict so far: ${verdict}`}`;
  if (ending === 'harness-fault') return 'Harness fault: this says nothing about the system';
  return `Finished: ${verdict ?? 'not judged'}`;
}

/** For a campaign whose input was refused: what is wrong with it, and examples of valid inputs. */
function refusedInput(state: CampaignState, { pages }: DetailsContext): string {
  const failure = latestOutcome(state, 'resolve')?.failure;
  if (failure === undefined) return '';
  const form = pages === undefined ? 'Start it again' : `[Start it again](${pages.start})`;
  return [
    ...failure.message.split('\n').map((line) => `- ${paragraph(line, MAX_MESSAGE)}`),
    '',
    `${form} with one of these inputs: nothing, which is the quickstart; a profile's name, \`"dev-50"\`; or an object:`,
    '',
    '```json',
    '{"profile":"dev-50","substrate":"local","hold":"30m","overrides":{"loadProfile.soakSeconds":60}}',
    '```',
  ].join('\n');
}

function holdSection(status: CampaignStatus, gates: readonly Pick<GateDefinition, 'name' | 'bar'>[]): string {
  const { hold, outcomes } = status.state;
  if (hold === null) return '';
  const until = status.holdEndsAtMs === null ? '' : ` until **${momentText(status.holdEndsAtMs)}**`;
  const isDone = (stage: Stage): boolean =>
    outcomes.some((outcome) => outcome.stage === stage && outcome.outcome === 'succeeded');
  const building = ['provision', 'install', 'seed', isDone('steady') ? 'steady' : 'ramp'] as const;
  const existing = building.filter(isDone).flatMap((stage) => status.details[stage] ?? []);
  return [
    `### What broke`,
    `Stage **${hold.stage}**, execution ${hold.execution}, failed at ${momentText(hold.openedAtMs)}: ${paragraph(hold.failure.message, MAX_MESSAGE)}`,
    `### What still exists`,
    existing.length === 0
      ? `What ${hold.stage} created before it failed.`
      : existing.map((detail) => `- ${paragraph(detail, MAX_REASON)}`).join('\n'),
    `All of it waits${until}. Without an answer by then, the campaign ends as after an abort: evidence saved, verdict, teardown.`,
    `### Answer`,
    `*More Actions* (top right), *Send an Update*, name \`decide\`; paste one of these as its data, and *Submit*:`,
    ...decisionsFor(hold).map(
      ({ decision, effect }) => `**${decision}**: ${effect}\n\n${json(decideInput(hold, decision))}`,
    ),
    barAnswer(
      hold,
      gates.find((gate) => gate.name === hold.failure.gate),
    ),
  ]
    .filter((line) => line !== '')
    .join(BETWEEN);
}

/** A retry with another bar for the gate that broke. It contains the present bar, so that only the number has to be changed. */
function barAnswer(hold: Hold, gate: Pick<GateDefinition, 'name' | 'bar'> | undefined): string {
  if (gate === undefined) return '';
  const { stage, execution } = hold;
  const set = Object.fromEntries(
    Object.entries(gate.bar).map(([side, value]) => [`gates.${gate.name}.${side}`, value]),
  );
  const [head = ''] = JSON.stringify({ stage, execution, decision: 'retry', reason: 'new bar' }).split(/}$/);
  // Two lines, because the UI does not wrap a line and cuts off what is too long.
  const answer = `${head},\n "set":${JSON.stringify(set)}}`;
  return `A **retry** may change the bar, now ${barSymbols(gate.bar, '')}; replace the number:\n\n${json(answer)}`;
}

function json(text: string): string {
  return `\`\`\`json\n${text}\n\`\`\``;
}

/** The decisions that a hold accepts, with the effect of each. */
export function decisionsFor(hold: Hold): readonly { readonly decision: Decision; readonly effect: string }[] {
  const retry =
    hold.stage === 'soak'
      ? 'prove steadiness again, then run a new soak, on the same clusters'
      : `run ${hold.stage} again on the same clusters`;
  return [
    { decision: 'retry' as const, effect: retry },
    ...(isSkippable(hold.stage)
      ? [
          {
            decision: 'skip' as const,
            effect: `continue without ${hold.stage}; its failure still counts in the verdict`,
          },
        ]
      : []),
    { decision: 'abort' as const, effect: 'save the evidence, judge, tear down' },
  ];
}

/** The exact input of the Update `decide` for a hold. */
export function decideInput(hold: Pick<Hold, 'stage' | 'execution'>, decision: Decision): string {
  return JSON.stringify({ stage: hold.stage, execution: hold.execution, decision, reason: 'why' });
}

/** Reasons, failures that a retry healed, a table of the gates that are judged, and a line of the others. */
function verdictSection({ state }: CampaignStatus, judged: JudgeResult): string {
  const healed = healedExecutions(state).slice(-MAX_HEALED).map(healedSentence);
  const reasons = [...judged.reasons, ...healed].map((reason) => `- ${paragraph(reason, MAX_REASON)}`);
  const changes = (judged.changes ?? []).slice(0, MAX_CHANGES).map((change) => `- ${paragraph(change, MAX_REASON)}`);
  const counting = judged.gates.filter((gate) => !gate.informational);
  const shown = judged.gates.filter((gate) => gate.informational);
  return [
    `### Verdict: ${judged.verdict}`,
    reasons.join('\n'),
    counting.length === 0
      ? ''
      : table(
          ['gate', 'measured', 'bar', 'headroom', 'verdict'],
          counting.map((gate) => [
            cell(gate.gate),
            measuredText(gate),
            unbroken(cell(barSymbols(gate, gate.unit))),
            gate.headroom === null ? '–' : unbroken(headroomText(gate.headroom)),
            gate.verdict === 'pass' ? 'pass' : `**${gate.verdict}**`,
          ]),
        ),
    shown.length === 0
      ? ''
      : `Not judged: ${shown.map((gate) => `${unbroken(cell(gate.gate))} ${measuredText(gate)}`).join(', ')}.`,
    changes.length === 0 ? '' : `Changed over the latest comparable runs:\n\n${changes.join('\n')}`,
  ]
    .filter((part) => part !== '')
    .join(BETWEEN);
}

function measuredText({ value, unit }: GateLine): string {
  return value === null ? '–' : unbroken(quantityText(value, cell(unit)));
}

/** Events that the table of stages does not show: decisions, changes, failures and repairs. The newest lines that fit. */
function story(status: CampaignStatus, maxBytes: number): string {
  const heading = '### Story';
  const lines: string[] = [];
  let left = maxBytes - bytesOf(heading + BETWEEN);
  for (const { atMs, text } of status.story.toReversed()) {
    if (isShownInTable(text)) continue;
    const line = `- \`${timeOfDayText(atMs)}\` ${paragraph(text, MAX_MESSAGE)}`;
    left -= bytesOf(line) + 1;
    if (left < 0) break;
    lines.unshift(line);
  }
  return lines.length === 0 ? '' : [heading, '', ...lines].join('\n');
}

function isShownInTable(text: string): boolean {
  return STAGES.some(
    (stage) => text.startsWith(`${stage}: `) || text.startsWith(`**${stage} failed**`) || text === `${stage} stopped`,
  );
}
