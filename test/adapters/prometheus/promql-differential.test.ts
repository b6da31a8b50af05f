import { randomInt } from 'node:crypto';
import pMap from 'p-map';
import { Pool } from 'undici';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { randomStream } from '../../../src/core/plan/random.ts';
import { checkPromql } from '../../../src/core/promql/check.ts';
import { readMatcherRegex } from '../../../src/core/promql/regex.ts';
import { lonePrometheus, type LonePrometheus } from './lone-prometheus.ts';
import { drawQuery, drawRegex } from './promql-grammar.ts';

/** Queries drawn in one run; a failure prints the seed, and BELAY_TEST_SEED repeats it. */
const QUERIES = Number(process.env['BELAY_TEST_QUERIES'] ?? 10_000);
const REGEXES = 3_000;
const CONNECTIONS = 16;

/** The checker knows functions and syntax that Prometheus has only with these features. */
const FEATURES =
  'promql-experimental-functions,promql-duration-expr,promql-extended-range-selectors,promql-binop-fill-modifiers';

/** Where the checker and Prometheus differ on purpose. */
const INTENDED: readonly {
  readonly reason: string;
  readonly applies: (query: string, refusal: string | undefined) => boolean;
}[] = [
  {
    reason:
      "the grammar that Prometheus publishes for editors has no metric called offset; the server's own parser has",
    applies: (query, refusal) => refusal === undefined && /(?<![\w:])offset(?![\w:])/i.test(query),
  },
  {
    reason: 'the same grammar wants a digit after the point of a number',
    applies: (query, refusal) => refusal === undefined && /\d\.(?!\d)/.test(query),
  },
  {
    reason: 'the same grammar has a metric called atan2',
    applies: (_, refusal) => refusal?.includes('unexpected <op:atan2>') === true,
  },
  {
    reason: 'the same grammar has no colon in a label that is not quoted',
    applies: (query, refusal) =>
      refusal === undefined && /\b(by|without|on|ignoring|group_left|group_right)\s*\([^)]*:/i.test(query),
  },
  {
    reason: "to the server's parser a - after offset (1m+1m) goes on with the duration; feature promql-duration-expr",
    applies: (_, refusal) => refusal?.includes('in offset, expected number, duration') === true,
  },
  {
    reason: 'the value of an argument is not a part of the syntax; it may be another at the next evaluation',
    applies: (_, refusal) =>
      /(Parameter|Ratio) value is NaN|overflows int64|invalid (smoothing|trend) factor/.test(refusal ?? ''),
  },
  {
    reason: 'what takes long to read is refused in a file, and answered by the server',
    applies: (query, refusal) =>
      refusal === undefined &&
      /its length times its repetitions|more than \d+ operators/.test(checkPromql(query)?.problem ?? ''),
  },
  {
    reason: 'the server crashes over a query that its own parser accepts, such as a label with an empty name',
    applies: (_, refusal) => refusal?.includes('unexpected error: runtime error') === true,
  },
];

let prometheus: LonePrometheus;
let pool: Pool;

beforeAll(async () => {
  prometheus = await lonePrometheus(`--enable-feature=${FEATURES}`);
  pool = new Pool(prometheus.url, { connections: CONNECTIONS });
});

afterAll(async () => {
  await pool.close();
  await prometheus.close();
});

describe('the checker and Prometheus agree', () => {
  const seed = Number(process.env['BELAY_TEST_SEED'] ?? randomInt(2 ** 31));

  it(`on drawn queries, seed ${seed}`, async () => {
    const random = randomStream(seed, 'queries');
    const queries = [...new Set(Array.from({ length: QUERIES }, () => drawQuery(random)))];
    const { accepted, differing } = await compare(queries, (query) => checkPromql(query)?.problem);
    expect(differing).toEqual([]);
    // The grammar must draw enough of both kinds for the comparison to mean something.
    expect(accepted).toBeGreaterThan(queries.length * 0.3);
    expect(accepted).toBeLessThan(queries.length * 0.8);
  });

  it(`on drawn regular expressions, seed ${seed}`, async () => {
    const random = randomStream(seed, 'regexes');
    const regexes = [...new Set(Array.from({ length: REGEXES }, () => drawRegex(random)))];
    const queryOf = new Map<string, string>(regexes.map((regex) => [`a{b=~${JSON.stringify(regex)}}`, regex]));
    const { accepted, differing } = await compare([...queryOf.keys()], (query) => {
      const reading = readMatcherRegex(queryOf.get(query) ?? '');
      return reading.ok ? undefined : reading.problem;
    });
    expect(differing).toEqual([]);
    expect(accepted).toBeGreaterThan(regexes.length * 0.2);
    expect(accepted).toBeLessThan(regexes.length * 0.8);
  });
});

/** What Prometheus says against each query and what `check` says, where one of them accepts it and the other does not. */
async function compare(
  queries: readonly string[],
  check: (query: string) => string | undefined,
): Promise<{ readonly accepted: number; readonly differing: readonly string[] }> {
  let accepted = 0;
  const differing: string[] = [];
  await pMap(
    queries,
    async (query) => {
      const refusal = await askPrometheus(query);
      const problem = check(query);
      if (refusal === undefined) accepted += 1;
      const intended = INTENDED.some(({ applies }) => applies(query, refusal));
      if (!intended && (refusal === undefined) !== (problem === undefined)) {
        const sides = [`Prometheus ${refusal ?? 'accepts it'}`, `Belay ${problem ?? 'accepts it'}`];
        differing.push([JSON.stringify(query), ...sides].join('\n  '));
      }
    },
    { concurrency: CONNECTIONS },
  );
  return { accepted, differing };
}

/** Why Prometheus gives no number for a query; undefined where it gives one or none at the moment. */
async function askPrometheus(query: string): Promise<string | undefined> {
  const { body } = await pool.request({
    method: 'POST',
    path: '/api/v1/query',
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    body: new URLSearchParams({ query, time: '1000000' }).toString(),
  });
  const answer = (await body.json()) as { error?: string; data?: { resultType: string } };
  if (answer.error !== undefined) return `refuses it: ${answer.error}`;
  const type = answer.data?.resultType;
  return type === 'vector' || type === 'scalar' ? undefined : `answers with a ${type}`;
}
