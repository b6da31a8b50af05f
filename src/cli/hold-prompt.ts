import { emitKeypressEvents } from 'node:readline';
import { styleText } from 'node:util';
import { decisionsFor, decideInput } from '../core/verdict/current-details.ts';
import type { Decision, Hold } from '../core/campaign/machine.ts';
import type { CampaignStatus } from '../core/campaign/stage-io.ts';
import { momentText } from '../core/text/time.ts';

/** An answer to a hold at the terminal. `leave` keeps the hold open. */
export type HoldAnswer = Decision | 'leave';

/** The hold as text, for a terminal and for a log: what broke, what waits, until when, and how to answer. */
export function holdText(status: CampaignStatus, workflowId: string): string {
  const hold = status.state.hold;
  if (hold === null) return '';
  const until = status.holdEndsAtMs === null ? '' : ` until ${momentText(status.holdEndsAtMs)}`;
  return [
    '',
    styleText('yellow', `The campaign holds: ${hold.stage}, execution ${hold.execution}, failed.`),
    `  what broke     ${hold.failure.message}`,
    `  what waits     clusters, Nodes, Pods and Prometheus${until}; without an answer: evidence, verdict, teardown`,
    '  answers',
    ...decisionsFor(hold).map(({ decision, effect }) => `    ./belay ${decision} ${workflowId}   ${effect}`),
    ...(hold.failure.gate === undefined
      ? []
      : [`    ./belay retry ${workflowId} --set gates.${hold.failure.gate}.max=…   retry with another bar`]),
    `  or in the Temporal UI: Send an Update, decide, ${decideInput(hold, 'retry')}`,
    '',
  ].join('\n');
}

/**
 * Asks for an answer by one key: r, s (where allowed), a, or l to leave the hold open.
 * @returns undefined when the signal aborts first, for example after an answer in the UI
 */
export async function askForDecision(hold: Hold, signal: AbortSignal): Promise<HoldAnswer | undefined> {
  const keys = new Map<string, HoldAnswer>([
    ...decisionsFor(hold).map(({ decision }): [string, HoldAnswer] => [decision.charAt(0), decision]),
    ['l', 'leave'],
  ]);
  const offered = [...keys].map(([key, answer]) => `[${key}] ${answer}`).join('  ');
  process.stdout.write(`  ${styleText('bold', offered)} `);
  const { stdin } = process;
  emitKeypressEvents(stdin);
  stdin.setRawMode(true);
  stdin.resume();
  try {
    return await new Promise<HoldAnswer | undefined>((done) => {
      const onKey = (text: string | undefined, key: { readonly name?: string; readonly ctrl?: boolean }): void => {
        // In raw mode Ctrl-C arrives as a key. It leaves the hold open.
        const answer = key.ctrl === true && key.name === 'c' ? 'leave' : keys.get(text ?? '');
        if (answer === undefined) return;
        stdin.off('keypress', onKey);
        done(answer);
      };
      stdin.on('keypress', onKey);
      signal.addEventListener('abort', () => {
        stdin.off('keypress', onKey);
        done(undefined);
      });
    });
  } finally {
    stdin.setRawMode(false);
    stdin.pause();
    process.stdout.write('\n');
  }
}
