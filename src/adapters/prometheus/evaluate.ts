import type { Answer, PointSeries, Sample } from '../../core/gates/answers.ts';
import type { AnyAnswer, Asking, Question } from '../../core/gates/asking.ts';
import { judgeGate } from '../../core/gates/judge.ts';
import type { GateDefinition, GateResult } from '../../core/gates/model.ts';
import { readGate, silentReading } from '../../core/gates/read-gate.ts';
import { applyRests, withRests } from '../../core/gates/rests.ts';
import type { ReadingContext } from '../../core/gates/subject.ts';
import type { SoakWindow, TimeSpan } from '../../core/gates/window.ts';
import { gateWindow } from '../../core/gates/window.ts';
import { EVALUATION_QUERIES, QUERIES_AT_ONCE } from '../../core/plan/limits.ts';
import type { Asker } from './asker.ts';
import { asker } from './asker.ts';
import type { PrometheusClient } from './client.ts';

/** What is evaluated, and how. */
export interface Evaluation extends ReadingContext {
  readonly client: PrometheusClient;
  readonly gates: readonly GateDefinition[];
  readonly window: SoakWindow;
  /** `failFast`: only the gates that may end the soak. */
  readonly only: 'failFast' | 'all';
  readonly signal: AbortSignal;
  /** Budget of each query. */
  readonly queryBudgetMs: number;
  /** Share of a window in which the host had no CPU left, 0 to 1; undefined where it is not known. */
  readonly hostBusy?: (window: TimeSpan) => Promise<number | undefined> | number | undefined;
}

/**
 * Evaluates gates at the moment `window.nowMs`: the one way gates are read, in the soak and at the end. Every query has
 * its own budget, and a query that fails costs the readings that need it, not the rest.
 * @throws the signal's reason when it aborts; nothing else
 */
export async function evaluateGates(evaluation: Evaluation): Promise<readonly GateResult[]> {
  const { client, window, signal, queryBudgetMs } = evaluation;
  const asked = evaluation.gates.filter((gate) => evaluation.only === 'all' || gate.failFast);
  const gates = withRests(evaluation.gates, asked);
  const asking = asker({
    signal,
    budgetMs: queryBudgetMs,
    totalMs: EVALUATION_QUERIES * queryBudgetMs,
    atOnce: QUERIES_AT_ONCE,
  });
  // A Prometheus that does not answer at all is found out once, not once a query.
  const alive = await asking.ask((bounds) => client.query('vector(1)', window.nowMs, bounds));
  const session = new Session(client, asking);
  const results = await Promise.all(
    gates.map(async (gate) => {
      const span = gateWindow(gate, window);
      const atMs = gate.readAt === 'settled' ? window.nowMs : span.endMs;
      const reading = alive.ok
        ? await session.run(readGate(gate, span, atMs, evaluation))
        : silentReading(gate, span, atMs, evaluation, alive.error);
      const hostBusy = await evaluation.hostBusy?.(span);
      return judgeGate(gate, hostBusy === undefined ? reading : { ...reading, hostBusy });
    }),
  );
  const names = new Set(asked.map(({ name }) => name));
  return applyRests(gates, results).filter(({ gate }) => names.has(gate));
}

/** One evaluation's questions; what several gates ask alike is asked once. */
class Session {
  readonly #client: PrometheusClient;
  readonly #asking: Asker;
  readonly #asked = new Map<string, Promise<AnyAnswer>>();

  constructor(client: PrometheusClient, asking: Asker) {
    this.#client = client;
    this.#asking = asking;
  }

  /** Runs a calculation to its end. */
  async run<T>(calculation: Asking<T>): Promise<T> {
    let step = calculation.next();
    while (step.done !== true) {
      step = calculation.next(await Promise.all(step.value.map((question) => this.#answer(question))));
    }
    return step.value;
  }

  #answer(question: Question): Promise<AnyAnswer> {
    const key = JSON.stringify(question);
    const known = this.#asked.get(key);
    if (known !== undefined) return known;
    const asked = this.#ask(question);
    this.#asked.set(key, asked);
    return asked;
  }

  #ask(question: Question): Promise<Answer<Sample>> | Promise<Answer<PointSeries>> {
    const client = this.#client;
    switch (question.kind) {
      case 'instant':
        return this.#asking.ask((bounds) => client.query(question.promql, question.atMs, bounds));
      case 'raw':
        return this.#asking.ask((bounds) => client.queryRaw(question.promql, question.atMs, bounds));
      case 'range':
        return this.#asking.ask((bounds) => client.queryRange(question.promql, question, bounds));
      case 'seen':
        return this.#asking.ask((bounds) => client.seen(question.selector, question, bounds));
      case 'type':
        return this.#asking.ask((bounds) => client.types(question.metric, bounds));
    }
  }
}
