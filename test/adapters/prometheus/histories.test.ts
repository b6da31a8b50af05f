import { randomInt } from 'node:crypto';
import { sample } from 'fast-check';
import pMap from 'p-map';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { prometheusClient, type PrometheusClient } from '../../../src/adapters/prometheus/client.ts';
import { QueryError } from '../../../src/adapters/prometheus/query-error.ts';
import type { PointSeries, Sample } from '../../../src/core/gates/answers.ts';
import type { AnyAnswer, Question } from '../../../src/core/gates/asking.ts';
import type { Reading } from '../../../src/core/gates/model.ts';
import { answerOf } from '../../core/gates/histories/answer.ts';
import { histories, type History } from '../../core/gates/histories/arbitrary.ts';
import { definitionOf, judged, reading } from '../../core/gates/histories/judged.ts';
import { keyOf } from '../../core/gates/histories/promql-labels.ts';
import { recorded, type Recorded } from '../../core/gates/histories/recorded.ts';
import { lonePrometheus, type LonePrometheus } from './lone-prometheus.ts';
import { remoteWrite } from './remote-write.ts';

/** How many histories a real Prometheus is asked about. */
const HISTORIES = 600;
const CONNECTIONS = 8;

const { signal } = new AbortController();
const bounds = { signal, budgetMs: 20_000 };
const seed = Number(process.env['BELAY_TEST_SEED'] ?? randomInt(2 ** 31));

let prometheus: LonePrometheus;
let client: PrometheusClient;
let drawn: readonly { readonly history: History; readonly record: Recorded }[];

beforeAll(async () => {
  prometheus = await lonePrometheus('--web.enable-remote-write-receiver');
  client = prometheusClient(prometheus.url);
  // Each history has metrics and a job of its own, so that one Prometheus holds them all.
  drawn = sample(histories, { numRuns: HISTORIES, seed }).map(({ world, ...rest }, index) => {
    const history = { ...rest, world: { ...world, prefix: `h${index}_`, job: `h${index}` } };
    return { history, record: recorded(history.world) };
  });
  await remoteWrite(
    client.url,
    drawn.flatMap(({ record }) => record.store.all()),
  );
});

afterAll(async () => {
  await client.close();
  await prometheus.close();
});

describe(`drawn histories on a real Prometheus, seed ${seed}`, () => {
  it('has the answers of the evaluator in memory, and never a verdict against the truth', async () => {
    const outcomes = await pMap(
      drawn,
      async ({ history, record }) => ({ ...(await read(history, record)), history, record }),
      {
        concurrency: CONNECTIONS,
      },
    );
    expect(outcomes.flatMap(({ differing }) => differing).slice(0, 5)).toEqual([]);
    const wrong = outcomes.flatMap(({ taken, history: { gate, world }, record }) =>
      judged(gate, definitionOf(gate, world), taken, gate.truth(world, record)).wrong.map(
        ({ what, bar, result }) => `${gate.name}: ${what} with ${JSON.stringify(bar)}: ${result.message}`,
      ),
    );
    expect(wrong).toEqual([]);
    const measured = outcomes.filter(({ taken }) => taken.quality === 'measured').length;
    expect(measured).toBeGreaterThan(HISTORIES * 0.3);
  });
});

/** Reads a gate by the answers of Prometheus, and compares each with that of the evaluator. */
async function read(
  history: History,
  { store }: Recorded,
): Promise<{ readonly taken: Reading; readonly differing: readonly string[] }> {
  const differing: string[] = [];
  const calculation = reading(history);
  let step = calculation.next();
  while (step.done !== true) {
    const answers: AnyAnswer[] = [];
    for (const question of step.value) {
      const answer = await ask(question);
      const [real, own] = [canonical(question, answer), canonical(question, answerOf(store, question))];
      if (real !== own) differing.push([JSON.stringify(question), `Prometheus ${real}`, `evaluator ${own}`].join('\n'));
      answers.push(answer);
    }
    step = calculation.next(answers);
  }
  return { taken: step.value, differing };
}

async function ask(question: Question): Promise<AnyAnswer> {
  try {
    return { ok: true, series: await answered(question) } as AnyAnswer;
  } catch (cause) {
    if (cause instanceof QueryError) return { ok: false, error: cause.message };
    throw cause;
  }
}

function answered(question: Question): Promise<readonly Sample[] | readonly PointSeries[]> {
  switch (question.kind) {
    case 'instant':
      return client.query(question.promql, question.atMs, bounds);
    case 'raw':
      return client.queryRaw(question.promql, question.atMs, bounds);
    case 'range':
      return client.queryRange(question.promql, question, bounds);
    case 'seen':
      return client.seen(question.selector, question, bounds);
    case 'type':
      return client.types(question.metric, bounds);
  }
}

/** The same text for the same answer, whatever the order of series and the rounding of sums. */
function canonical(question: Question, answer: AnyAnswer): string {
  if (!answer.ok) return 'an error';
  if (question.kind === 'seen') return answer.series.length > 0 ? 'a series' : 'no series';
  const rows = answer.series.map((series) => {
    const numbers = 'points' in series ? series.points.flat() : [series.value];
    return `${keyOf(series.labels)} ${numbers.map((number) => Number(number.toPrecision(10))).join(' ')}`;
  });
  return rows.sort().join('\n');
}
