import { type ApplicationFailure, Context } from '@temporalio/activity';
import { HALT_CHECK_MS } from '../core/plan/limits.ts';

const halts = new WeakMap<Context, AbortSignal>();

/**
 * Looks about once a second whether the running activity has to stop, and aborts its steps when it has.
 * @param why the failure with which it stops; undefined while it may go on
 * @returns ends the looking
 * @throws that failure, when it may not begin
 */
export function watchForHalt(why: () => ApplicationFailure | undefined): () => void {
  const first = why();
  if (first !== undefined) throw first;
  const halt = new AbortController();
  halts.set(Context.current(), halt.signal);
  const look = (): void => {
    const failure = lookedAt(why);
    if (failure === undefined) return;
    clearInterval(timer);
    halt.abort(failure);
  };
  const timer = setInterval(look, HALT_CHECK_MS);
  return () => clearInterval(timer);
}

/** Aborts when the running activity has to stop; the reason is its failure. Undefined for one that is not watched. */
export function haltSignal(): AbortSignal | undefined {
  return halts.get(Context.current());
}

/** A look that fails says nothing: a ledger may be gone, or a folder. */
function lookedAt(why: () => ApplicationFailure | undefined): ApplicationFailure | undefined {
  try {
    return why();
  } catch {
    return undefined;
  }
}
