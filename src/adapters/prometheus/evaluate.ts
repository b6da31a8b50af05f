import type { Answer, InfrastructureGap, Sample } from '../../core/gates/answers.ts';
import { resetSeries } from '../../core/gates/counter.ts';
import type { CounterAnswer } from '../../core/gates/counter.ts';
import { jobCoverage } from '../../core/gates/coverage.ts';
import { judgeGate } from '../../core/gates/judge.ts';
import type { GateDefinition, GateResult } from '../../core/gates/model.ts';
import { EVALUATION_QUERIES, QUERIES_AT_ONCE } from '../../core/plan/limits.ts';
import { promDuration } from '../../core/promql/placeholders.ts';
import type { CounterQuestions, GateQuestions } from '../../core/gates/questions.ts';
import { coverageQuestion, exactSelector, gateQuestions } from '../../core/gates/questions.ts';
import type { CoverageAnswer, QuantileAnswers, SelectorAnswers } from '../../core/gates/read.ts';
import { readGate, unmeasuredReading } from '../../core/gates/read.ts';
import type { SoakWindow, TimeSpan } from '../../core/gates/window.ts';
import { gateWindow } from '../../core/gates/window.ts';
import type { Asker } from './asker.ts';
import { asker } from './asker.ts';
import type { PrometheusClient } from './client.ts';

/** Series whose resets are looked into one by one; a counter with more of them reset is not bridged. */
const MAX_RESET_SERIES = 20;

export interface Evaluation {
  readonly client: PrometheusClient;
  readonly gates: readonly GateDefinition[];
  /** Fills `$campaign`. */
  readonly campaign: string;
  readonly window: SoakWindow;
  readonly gaps: readonly InfrastructureGap[];
  /** `failFast`: only the gates that may end the soak. */
  readonly only: 'failFast' | 'all';
  /** Interval of the scrapes behind the series. */
  readonly scrapeIntervalMs: number;
  readonly signal: AbortSignal;
  /** Budget of each query. */
  readonly queryBudgetMs: number;
}

/**
 * Evaluates gates at the moment `window.nowMs`: the one way gates are read, in the soak and at the end. Every query has
 * its own budget, and a query that fails costs the readings that need it, not the rest.
 * @throws the signal's reason when it aborts; nothing else
 */
export async function evaluateGates(evaluation: Evaluation): Promise<readonly GateResult[]> {
  const { client, window, signal, queryBudgetMs, scrapeIntervalMs, campaign } = evaluation;
  const gates = evaluation.gates.filter((gate) => evaluation.only === 'all' || gate.failFast);
  const questions = gates.map((gate) => gateQuestions(gate, gateWindow(gate, window), { campaign, scrapeIntervalMs }));
  const asking = asker({
    signal,
    budgetMs: queryBudgetMs,
    totalMs: EVALUATION_QUERIES * queryBudgetMs,
    atOnce: QUERIES_AT_ONCE,
  });

  // A Prometheus that does not answer at all is found out once, not once a query.
  const alive = await asking.ask((bounds) => client.query('vector(1)', window.nowMs, bounds));
  if (!alive.ok) {
    return questions.map((one) => judgeGate(one.gate, silenced(one, evaluation.gaps, alive.error)));
  }
  const session = new Session(client, asking);
  return await Promise.all(
    questions.map(async (one) => judgeGate(one.gate, readGate(one, await session.answers(one), evaluation.gaps))),
  );
}

/** The reading of a gate whose queries failed: an infrastructure gap if one explains it, else the error. */
function silenced(
  questions: GateQuestions,
  gaps: readonly InfrastructureGap[],
  error: string,
): ReturnType<typeof readGate> {
  const nothing = { values: [], selectors: [], quantiles: [], counters: [], coverage: [], jobs: questions.jobs };
  const reading = readGate(questions, nothing, gaps);
  return reading.reason === 'ground-gap' ? reading : unmeasuredReading(questions, 'query-error', error);
}

/** One evaluation's questions; what several gates ask alike is asked once. */
class Session {
  readonly #client: PrometheusClient;
  readonly #asking: Asker;
  readonly #asked = new Map<string, Promise<Answer<Sample>>>();
  readonly #coverage = new Map<string, Promise<CoverageAnswer>>();

  constructor(client: PrometheusClient, asking: Asker) {
    this.#client = client;
    this.#asking = asking;
  }

  async answers(questions: GateQuestions): Promise<Parameters<typeof readGate>[1]> {
    const { window } = questions;
    if (window.endMs <= window.startMs) {
      return { values: [], selectors: [], quantiles: [], counters: [], coverage: [], jobs: questions.jobs };
    }
    const [values, selectors, quantiles, counters] = await Promise.all([
      Promise.all(questions.values.map((query) => this.#query(query, window.endMs))),
      Promise.all(questions.selectors.map((one) => this.#selector(one, window))),
      Promise.all(questions.quantiles.map((one) => this.#quantile(one, window))),
      Promise.all(questions.counters.map((one) => this.#counter(one, window))),
    ]);
    const jobs = questions.jobs.length > 0 ? questions.jobs : jobsBehind(selectors);
    const coverage = await Promise.all(jobs.map((job) => this.#jobCoverage(job, window, questions.scrapeIntervalMs)));
    return { values, selectors, quantiles, counters, jobs, coverage };
  }

  #query(promql: string, atMs: number): Promise<Answer<Sample>> {
    const key = `${atMs} ${promql}`;
    const known = this.#asked.get(key);
    if (known !== undefined) return known;
    const asked = this.#asking.ask((bounds) => this.#client.query(promql, atMs, bounds));
    this.#asked.set(key, asked);
    return asked;
  }

  async #selector(questions: GateQuestions['selectors'][number], { endMs }: TimeSpan): Promise<SelectorAnswers> {
    const [samples, fresh] = await Promise.all([
      this.#query(questions.samples, endMs),
      this.#query(questions.fresh, endMs),
    ]);
    const found = fresh.ok && fresh.series.length > 0;
    if (found || questions.freshByName === undefined) return { samples, fresh };
    return { samples, fresh, freshByName: await this.#query(questions.freshByName, endMs) };
  }

  async #quantile(use: GateQuestions['quantiles'][number], { endMs }: TimeSpan): Promise<QuantileAnswers> {
    const [buckets, sum, count] = await Promise.all([
      this.#query(use.buckets, endMs),
      use.sum === undefined ? undefined : this.#query(use.sum, endMs),
      use.count === undefined ? undefined : this.#query(use.count, endMs),
    ]);
    return { buckets, ...(sum === undefined ? {} : { sum }), ...(count === undefined ? {} : { count }) };
  }

  async #counter(questions: CounterQuestions, window: TimeSpan): Promise<CounterAnswer> {
    const answers = await Promise.all([
      this.#query(questions.atStart, window.startMs),
      this.#query(questions.atEnd, window.endMs),
      this.#query(questions.resets, window.endMs),
      this.#query('up', window.startMs),
      this.#query('process_start_time_seconds', window.endMs),
    ]);
    const failed = answers.find((answer) => !answer.ok);
    if (failed !== undefined && !failed.ok) return failed;
    const [atStart, atEnd, resets, upAtStart, processStarts] = answers.map((answer) =>
      answer.ok ? answer.series : [],
    );
    const evidence = {
      atStart: atStart ?? [],
      atEnd: atEnd ?? [],
      resets: resets ?? [],
      upAtStart: upAtStart ?? [],
      processStarts: processStarts ?? [],
    };
    const doubtful = resetSeries(evidence, window).slice(0, MAX_RESET_SERIES);
    const range = promDuration(window.endMs - window.startMs);
    const raw = await Promise.all(
      doubtful.map((sample) =>
        this.#asking.ask((bounds) =>
          this.#client.queryRaw(`${exactSelector(sample.labels)}[${range}]`, window.endMs, bounds),
        ),
      ),
    );
    const unanswered = raw.find((answer) => !answer.ok);
    if (unanswered !== undefined && !unanswered.ok) return unanswered;
    return { ok: true, evidence: { ...evidence, raw: raw.flatMap((answer) => (answer.ok ? answer.series : [])) } };
  }

  #jobCoverage(job: string, window: TimeSpan, scrapeIntervalMs: number): Promise<CoverageAnswer> {
    const key = `${window.startMs} ${window.endMs} ${job}`;
    const known = this.#coverage.get(key);
    if (known !== undefined) return known;
    const { query, stepMs } = coverageQuestion(job, window, scrapeIntervalMs);
    const asked = this.#asking
      .ask((bounds) => this.#client.queryRange(query, { ...window, stepMs }, bounds))
      .then((answer): CoverageAnswer =>
        answer.ok ? { ok: true, coverage: jobCoverage(job, answer.series, window, stepMs, scrapeIntervalMs) } : answer,
      );
    this.#coverage.set(key, asked);
    return asked;
  }
}

/** Jobs of the series that a gate's selectors found. */
function jobsBehind(selectors: readonly SelectorAnswers[]): readonly string[] {
  const jobs = new Set<string>();
  for (const { samples, freshByName } of selectors) {
    for (const answer of [samples, freshByName]) {
      if (answer?.ok !== true) continue;
      for (const { labels } of answer.series) if (labels['job'] !== undefined) jobs.add(labels['job']);
    }
  }
  return [...jobs].sort();
}
