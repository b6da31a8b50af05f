import { EXIT } from '../core/verdict/exit-codes.ts';
import { messageOf } from '../core/text/message-of.ts';
import { StoppedError } from './stoppable.ts';

/** An error that the user of the command line can fix. It is shown without a stack trace; exit code 64. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/** Says for programs why a command ends without a result; the exit code is the one of the error. */
export type SayRefused = (message: string, exitCode: number) => void;

/**
 * Calls `work`, and says for programs why it has no result. The error is still thrown: people read it on standard error.
 * @param say undefined where the output is for people
 */
export async function sayingRefusals<T>(say: SayRefused | undefined, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    say?.(messageOf(error), exitOfRefusal(error));
    throw error;
  }
}

function exitOfRefusal(error: unknown): number {
  if (error instanceof UsageError) return EXIT.usage;
  return error instanceof StoppedError ? EXIT.aborted : EXIT.harnessFault;
}

/** Belay's own infrastructure failed (a server, a tool, a port). It is shown without a stack trace; exit code 4. */
export class HarnessError extends Error {
  override readonly name = 'HarnessError';
}
