import type { Answer } from '../../core/gates/answers.ts';
import type { CallBounds } from './client.ts';
import { QueryError } from './query-error.ts';

/** Asks many questions: so many at once, each within its budget, all of them before one deadline. */
export interface Asker {
  /** Asks; a question that fails is an answer with its error. @throws the signal's reason when it aborts */
  ask<T>(question: (bounds: CallBounds) => Promise<readonly T[]>): Promise<Answer<T>>;
}

/**
 * An asker. Answers that come after `totalMs` would be of no use to who waits, so questions whose turn has not come by
 * then are not asked any more, and one that runs is cut there.
 */
export function asker(options: {
  readonly signal: AbortSignal;
  readonly budgetMs: number;
  readonly totalMs: number;
  readonly atOnce: number;
}): Asker {
  const endsAt = performance.now() + options.totalMs;
  const waiting: (() => void)[] = [];
  let running = 0;

  const turn = async (): Promise<void> => {
    if (running < options.atOnce) {
      running += 1;
      return;
    }
    await new Promise<void>((resolve) => {
      waiting.push(resolve);
    });
  };
  const done = (): void => {
    const next = waiting.shift();
    if (next === undefined) running -= 1;
    else next();
  };

  return {
    async ask(question) {
      await turn();
      try {
        options.signal.throwIfAborted();
        const budgetMs = Math.min(options.budgetMs, Math.floor(endsAt - performance.now()));
        if (budgetMs <= 0)
          return { ok: false, error: `not asked: the evaluation's ${options.totalMs} ms were used up` };
        return { ok: true, series: await question({ signal: options.signal, budgetMs }) };
      } catch (cause) {
        if (cause instanceof QueryError) return { ok: false, error: cause.message };
        throw cause;
      } finally {
        done();
      }
    },
  };
}
