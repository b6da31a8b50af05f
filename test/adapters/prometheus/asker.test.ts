import { describe, expect, it } from 'vitest';
import { asker } from '../../../src/adapters/prometheus/asker.ts';
import { QueryError } from '../../../src/adapters/prometheus/query-error.ts';

const signal = new AbortController().signal;

describe('asker', () => {
  it('asks so many at once and all of them in the end', async () => {
    const asking = asker({ signal, budgetMs: 1_000, totalMs: 60_000, atOnce: 3 });
    let running = 0;
    let most = 0;
    const answers = await Promise.all(
      Array.from({ length: 10 }, (_, index) =>
        asking.ask(async () => {
          running += 1;
          most = Math.max(most, running);
          await new Promise((done) => setImmediate(done));
          running -= 1;
          return [index];
        }),
      ),
    );
    expect(most).toBe(3);
    expect(answers.map((answer) => (answer.ok ? answer.series[0] : undefined))).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
  });

  it('lets one failed question be one failed answer', async () => {
    const asking = asker({ signal, budgetMs: 1_000, totalMs: 60_000, atOnce: 1 });
    const failing = asking.ask(() => Promise.reject(new QueryError('timeout', 'no answer')));
    expect(await failing).toEqual({ ok: false, error: 'no answer' });
    expect(await asking.ask(() => Promise.resolve([1]))).toEqual({ ok: true, series: [1] });
  });

  it('asks nothing more once the whole time is used up', async () => {
    const asking = asker({ signal, budgetMs: 1_000, totalMs: 0, atOnce: 1 });
    expect(await asking.ask(() => Promise.resolve([1]))).toMatchObject({ ok: false, error: expect.any(String) });
  });

  it('gives a question no more time than is left', async () => {
    const asking = asker({ signal, budgetMs: 60_000, totalMs: 5_000, atOnce: 1 });
    let given = 0;
    await asking.ask(async ({ budgetMs }) => {
      given = budgetMs;
      return [];
    });
    expect(given).toBeLessThanOrEqual(5_000);
  });
});
