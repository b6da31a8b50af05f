import type { CampaignStatus } from '../core/campaign/stage-io.ts';
import { decisionsFor } from '../core/verdict/current-details.ts';
import { createCampaignEvents } from './campaign-events.ts';
import { EXIT } from '../core/verdict/exit-codes.ts';
import type { LiveActivity } from './campaign-rows.ts';
import { closingFacts, closingWords, type EndWhere } from './closing-words.ts';
import type { CampaignEnd } from './follow-campaign.ts';
import { holdText } from './hold-prompt.ts';
import type { SayRefused } from './usage-error.ts';
import { createProgressDisplay, type ProgressDisplay } from './progress-display.ts';

/** A campaign that was started. */
export interface StartedCampaign {
  readonly workflowId: string;
  readonly pageUrl: string | undefined;
  /** What runs, in numbers, and in one line. */
  readonly facts: Readonly<Record<string, string | number>>;
}

/** Where `run` and `watch` show a campaign: to people, or to programs as one JSON object per line. */
export interface RunOutput {
  /** Whether somebody may be asked. */
  readonly isForPeople: boolean;
  readonly display: ProgressDisplay;
  started(campaign: StartedCampaign): void;
  status(workflowId: string, status: CampaignStatus, live: LiveActivity | undefined): void;
  held(workflowId: string, status: CampaignStatus): void;
  /** The command ends before the campaign. */
  left(workflowId: string, how: { readonly exitCode: number; readonly detached: boolean }): void;
  ended(end: CampaignEnd, where: EndWhere, exitCode: number): void;
  /** The command ends with an error. People read it on standard error. */
  readonly refused: SayRefused;
}

/** Words and tables on standard output, progress on standard error. */
export function textOutput(): RunOutput {
  return {
    isForPeople: true,
    display: createProgressDisplay(),
    started: ({ workflowId, pageUrl }) =>
      console.log(`campaign  ${workflowId}${pageUrl === undefined ? '' : `\npage      ${pageUrl}`}\n`),
    status: () => undefined,
    held: (workflowId, status) => console.log(holdText(status, workflowId)),
    left: (workflowId, { detached }) =>
      console.log(
        detached
          ? `The campaign continues. ./belay watch ${workflowId} follows it, ./belay status lists all, ./belay down stops Temporal.`
          : `\nThe campaign continues without this command. ./belay watch ${workflowId} follows it, ./belay abort ${workflowId} stops it, ./belay down stops Temporal.`,
      ),
    ended: (end, where) => console.log(closingWords(end, where)),
    refused: () => undefined,
  };
}

/** One event per line on standard output, the summary last; nothing else is on standard output. */
export function jsonOutput(write: (line: string) => void = (line) => process.stdout.write(line)): RunOutput {
  let campaign = '';
  let hasEnded = false;
  const news = createCampaignEvents();
  const say = (event: object, atMs: number = Date.now()): void => {
    const { event: kind, ...rest } = event as { readonly event: string };
    write(
      `${JSON.stringify({ event: kind, at: new Date(atMs).toISOString(), campaign: campaign === '' ? null : campaign, ...rest })}\n`,
    );
  };
  return {
    isForPeople: false,
    display: {
      show: () => undefined,
      note: (text, atMs) => say({ event: 'note', text }, atMs),
      close: () => undefined,
    },
    started: ({ workflowId, pageUrl, facts }) => {
      campaign = workflowId;
      say({ event: 'campaign', page: pageUrl ?? null, ...facts });
    },
    status: (workflowId, status, live) => {
      campaign = workflowId;
      for (const event of news(status, live)) say(event);
    },
    held: (workflowId, { state: { hold }, holdEndsAtMs }) => {
      if (hold === null) return;
      const { stage, execution, failure } = hold;
      const answers = decisionsFor(hold).map(({ decision }) => `./belay ${decision} ${workflowId}`);
      const until = holdEndsAtMs === null ? null : new Date(holdEndsAtMs).toISOString();
      say({ event: 'hold', stage, execution, until, text: failure.message, gate: failure.gate ?? null, answers });
    },
    left: (workflowId, { exitCode }) => {
      campaign = workflowId;
      hasEnded = true;
      say({ event: 'summary', verdict: null, exitCode, running: true, ...NO_RESULT });
    },
    ended: (end, where, exitCode) => {
      campaign = where.workflowId;
      hasEnded = true;
      say({ event: 'summary', verdict: end.end, exitCode, running: false, ...closingFacts(end, where) });
    },
    refused: (message, exitCode) => {
      // What fails after the summary, e.g. to stop the stack, is on standard error and in the exit code only.
      if (hasEnded) return;
      const running = campaign !== '';
      const verdict = running ? null : verdictOfRefusal(exitCode);
      say({ event: 'summary', verdict, exitCode, running, ...NO_RESULT, message });
    },
  };
}

/** What a command that has no campaign says for a verdict. */
export function verdictOfRefusal(exitCode: number): 'invalid' | 'aborted' | 'harness-fault' {
  if (exitCode === EXIT.usage) return 'invalid';
  return exitCode === EXIT.aborted ? 'aborted' : 'harness-fault';
}

const NO_RESULT = {
  message: '',
  reasons: [],
  gates: [],
  leftovers: [],
  evidence: null,
  report: null,
  page: null,
} satisfies ReturnType<typeof closingFacts>;
