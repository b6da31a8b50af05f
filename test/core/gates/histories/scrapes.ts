import { array, integer, record, tuple, type Arbitrary } from 'fast-check';
import { CAMPAIGN_START_MS, seldom, type Frame } from './frame.ts';
import type { Scrape } from './world.ts';

/** Draws when one position is scraped: late, slowly, not at all, without an answer. */
export function scrapesOf({
  intervalMs,
  endMs,
}: Frame): Arbitrary<{ readonly scrapes: readonly Scrape[]; readonly defects: readonly string[] }> {
  const count = Math.ceil((endMs - CAMPAIGN_START_MS) / intervalMs);
  const some = tuple(integer({ min: 0, max: count }), integer({ min: 1, max: 5 }));
  return record({
    offsetMs: integer({ min: 0, max: intervalMs - 1 }),
    jitter: seldom(array(integer({ min: 0, max: Math.floor(intervalMs / 5) }), { minLength: 5, maxLength: 5 }), 2),
    lag: seldom(array(integer({ min: 0, max: intervalMs - 1 }), { minLength: 7, maxLength: 7 }), 3),
    missed: seldom(some),
    failed: seldom(some),
  }).map(({ offsetMs, jitter, lag, missed, failed }) => {
    const scrapes: Scrape[] = [];
    for (let index = 0; index < count; index++) {
      if (missed !== undefined && index >= missed[0] && index < missed[0] + missed[1]) continue;
      scrapes.push({
        atMs: CAMPAIGN_START_MS + offsetMs + index * intervalMs + (jitter?.[index % 5] ?? 0),
        lagMs: lag?.[index % 7] ?? 0,
        fails: failed !== undefined && index >= failed[0] && index < failed[0] + failed[1],
      });
    }
    // The next scrape begins when this one has ended.
    for (const [index, one] of scrapes.entries()) {
      const next = scrapes[index + 1];
      if (next !== undefined && one.atMs + one.lagMs >= next.atMs)
        scrapes[index] = { ...one, lagMs: next.atMs - one.atMs - 1 };
    }
    const defects = Object.entries({ missed, failed }).flatMap(([name, value]) => (value === undefined ? [] : [name]));
    return { scrapes, defects };
  });
}
