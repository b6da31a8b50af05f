import { all, instant, type Asking } from '../asking.ts';
import { isFree } from '../free-expression.ts';
import type { Refusal } from '../refusal.ts';
import { jobMatcher } from '../steady-targets.ts';
import type { Subject } from '../subject.ts';
import { literalSeconds } from '../../promql/range.ts';
import { endOf } from '../../promql/ranged.ts';
import { sampleTotals } from '../../promql/totals-over-time.ts';

/**
 * What adds up samples has all of them. `sum_over_time()` and `count_over_time()` are lower by each scrape that was missed, in a healthy
 * system too: the gate is then unmeasured.
 */
export function* sampleCounts(subject: Subject, jobs: readonly string[]): Asking<Refusal | undefined> {
  const { gate, expressions, atMs, fresh, scrapeIntervalMs } = subject;
  if (!isFree(gate) || gate.barKind === 'informational') return undefined;
  const totals = expressions.flatMap(({ promql }) => sampleTotals(promql));
  const up = `up{${jobMatcher(jobs)}}`;
  const least = yield* all(
    totals.map((one) => {
      const { range, selector, duration } = one;
      // Series that appeared or ended in the range have fewer samples of their own.
      const whole = `last_over_time(${selector}[${fresh}]) and last_over_time(${selector}[${fresh}] offset ${duration})`;
      const answered = `min(sum_over_time(${up}[${duration}]))`;
      return instant(
        `(min(count_over_time(${range}) and (${whole})) < ${answered}) or ${answered}`,
        endOf(one, atMs) ?? atMs,
      );
    }),
  );
  for (const [index, { range, duration }] of totals.entries()) {
    const due = Math.floor((literalSeconds(duration) * 1_000) / scrapeIntervalMs);
    const had = least[index]?.[0]?.value ?? 0;
    // A range that is calculated has no number; another check refuses it.
    if (!(had < due)) continue;
    return {
      reason: 'too-few-samples',
      detail: `only ${had} of ${due} scrapes are in ${range}, and the value grows with each of them; use avg_over_time()`,
    };
  }
  return undefined;
}
