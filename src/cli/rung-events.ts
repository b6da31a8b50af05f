import { EXIT } from '../core/verdict/exit-codes.ts';
import type { RungLine } from '../core/campaign/climb.ts';
import { verdictOfRefusal } from './run-output.ts';
import type { SayRefused } from './usage-error.ts';

/** The events of a climb for programs, one JSON object per line on standard output. docs/output.md describes them. */
export interface RungEvents {
  /** The climb with this workflow id has begun. */
  readonly begun: (workflowId: string) => void;
  /** Writes an event for each rung that began or ended since the last call. */
  readonly news: (rungs: readonly RungLine[]) => void;
  readonly summary: (
    end: { readonly end: string; readonly rungs: readonly RungLine[]; readonly message: string },
    pageUrl: string | undefined,
    exitCode: number,
  ) => void;
  /** The command ends before the climb. */
  readonly left: (exitCode: number) => void;
  /** The command ends with an error. */
  readonly refused: SayRefused;
}

/** Events of a climb. */
export function createRungEvents(write: (line: string) => void = (line) => process.stdout.write(line)): RungEvents {
  const known = new Map<string, string>();
  let climb: string | null = null;
  let hasEnded = false;
  const say = (event: string, rest: object): void =>
    write(`${JSON.stringify({ event, at: new Date().toISOString(), climb, ...rest })}\n`);
  return {
    begun: (workflowId) => {
      climb = workflowId;
    },
    news: (rungs) => {
      for (const { workflowId, ...rung } of rungs) {
        if (rung.end === (known.get(rung.rung) ?? 'not-started')) continue;
        known.set(rung.rung, rung.end);
        say('rung', { ...rung, campaign: workflowId });
      }
    },
    summary: ({ end, rungs, message }, pageUrl, exitCode) => {
      hasEnded = true;
      say('summary', { verdict: end, exitCode, running: false, message, rungs, page: pageUrl ?? null });
    },
    left: (exitCode) => {
      hasEnded = true;
      say('summary', { verdict: null, exitCode, running: true, message: '', rungs: [], page: null });
    },
    refused: (message, exitCode) => {
      if (hasEnded) return;
      hasEnded = true;
      const running = climb !== null && exitCode !== EXIT.usage;
      const verdict = running ? null : verdictOfRefusal(exitCode);
      say('summary', { verdict, exitCode, running, message, rungs: [], page: null });
    },
  };
}
