import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { PointSeries } from '../../../src/core/gates/answers.ts';
import { endLimitMs, freshMs, jobCoverage, type Coverage } from '../../../src/core/gates/coverage.ts';
import type { ExpectedTargets } from '../../../src/core/gates/expected.ts';

/** One scrape: its time, and whether it found the target up. */
interface Scrape {
  readonly atMs: number;
  readonly up: boolean;
}

interface Scraped {
  readonly instance: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly scrapes: readonly Scrape[];
}

interface Scope {
  readonly endMs?: number;
  readonly intervalMs?: number;
  readonly stepMs?: number;
  readonly expected?: ExpectedTargets;
}

/** The coverage of targets whose scrapes are known, as Prometheus would answer for a window from 0 on. */
function coverageOf(targets: readonly Scraped[], scope: Scope = {}): Coverage {
  const { endMs = 29_000, intervalMs = 1_000, stepMs = intervalMs, expected } = scope;
  const window = { startMs: 0, endMs };
  const firstMs = endMs - Math.floor(endMs / stepMs) * stepMs;
  const steps = Array.from(
    { length: Math.floor((endMs - firstMs) / stepMs) + 1 },
    (_, index) => firstMs + index * stepMs,
  );
  const series = (points: (scrapes: readonly Scrape[]) => PointSeries['points']): readonly PointSeries[] =>
    targets
      .map(({ instance, labels, scrapes }) => ({
        labels: { job: 'j', cluster: 'c', ...labels, instance },
        points: points(scrapes),
      }))
      .filter((one) => one.points.length > 0);
  return jobCoverage({
    job: 'j',
    up: series((scrapes) =>
      steps.flatMap((atMs) => {
        const last = scrapes.findLast(within(atMs, freshMs(intervalMs)));
        return last === undefined ? [] : [[atMs, Number(last.up)] as const];
      }),
    ),
    tail: series((scrapes) =>
      scrapes.filter(within(endMs, endLimitMs(intervalMs))).map(({ atMs, up }) => [atMs, Number(up)] as const),
    ),
    window,
    stepMs,
    scrapeIntervalMs: intervalMs,
    ...(expected === undefined ? {} : { expected }),
  });
}

/** Whether a scrape lies in a range that ends at a moment, as PromQL takes it: without the range's start. */
function within(atMs: number, rangeMs: number): (scrape: Scrape) => boolean {
  return (scrape) => scrape.atMs > atMs - rangeMs && scrape.atMs <= atMs;
}

/** A target from a text of one character a second: 1 up, 0 a failed scrape, anything else no scrape. */
function target(instance: string, text: string, labels: Readonly<Record<string, string>> = {}): Scraped {
  const scrapes = text
    .split('')
    .flatMap((one, second) => (one === '1' || one === '0' ? [{ atMs: second * 1_000, up: one === '1' }] : []));
  return { instance, labels, scrapes };
}

function ones(count: number): string {
  return '1'.repeat(count);
}

function zeros(count: number): string {
  return '0'.repeat(count);
}

function none(count: number): string {
  return '-'.repeat(count);
}

/** A target that is up in each of these clusters. */
function inClusters(...names: readonly string[]): readonly Scraped[] {
  return names.map((cluster, index) => target(`a${index}`, ones(30), { cluster }));
}

describe('jobCoverage', () => {
  it.each([
    ['up throughout', [target('a', ones(30))], 'covered', 30],
    ['down throughout', [target('a', zeros(30))], 'down', 0],
    ['down for most of it', [target('a', ones(10) + zeros(20))], 'down', 10],
    ['down for the last 49 %', [target('a', ones(16) + zeros(14))], 'down', 16],
    ['down for the last six seconds', [target('a', ones(24) + zeros(6))], 'down', 24],
    ['down for the last four seconds', [target('a', ones(26) + zeros(4))], 'covered', 26],
    ['down for 20 % in the middle', [target('a', ones(12) + zeros(6) + ones(12))], 'covered', 24],
    ['down for more than 20 % in the middle', [target('a', ones(12) + zeros(7) + ones(11))], 'down', 23],
    ['not scraped for most of it', [target('a', ones(10) + none(20))], 'stale', 12],
    ['not scraped at the end', [target('a', ones(25) + none(5))], 'stale', 27],
    ['one of two down', [target('a', ones(30)), target('b', zeros(30))], 'down', 0],
    [
      'down in one cluster of two',
      [target('a', ones(30), { cluster: 'c1' }), target('b', zeros(30), { cluster: 'c2' })],
      'down',
      0,
    ],
    [
      'dead for five seconds and back on another port',
      [target('a', ones(12)), target('b', none(17) + ones(13))],
      'covered',
      27,
    ],
    [
      'the same, with the dead one still listed a while',
      [target('a', ones(12) + zeros(7)), target('b', none(17) + ones(13))],
      'covered',
      25,
    ],
    [
      'back at once, before the dead one is stale',
      [target('a', ones(12)), target('b', none(13) + ones(17))],
      'covered',
      30,
    ],
    [
      'back three times',
      [target('a', ones(8)), target('b', none(10) + ones(8)), target('c', none(21) + ones(9))],
      'covered',
      29,
    ],
    ['back on a port that never answers', [target('a', ones(12)), target('b', none(14) + zeros(16))], 'down', 0],
    ['two at once, one gone early', [target('a', ones(30)), target('b', ones(5))], 'stale', 7],
    [
      'one Pod after another: two Pods are two targets',
      [target('a', ones(12), { pod: 'x' }), target('b', none(17) + ones(13), { pod: 'y' })],
      'stale',
      13,
    ],
    [
      'one cluster after another',
      [target('a', ones(12), { cluster: 'c1' }), target('b', none(17) + ones(13), { cluster: 'c2' })],
      'stale',
      13,
    ],
    ['no target', [], 'absent', 0],
  ] as const)('%s', (_, targets, state, samples) => {
    expect(coverageOf(targets)).toMatchObject({ state, samples });
  });

  it('counts samples by the scrape interval where steps are larger', () => {
    const scrapes = Array.from({ length: 21 }, (_, index) => ({ atMs: index * 5_000, up: true }));
    const scope = { endMs: 100_000, stepMs: 10_000, intervalMs: 5_000 };
    expect(coverageOf([{ instance: 'a', scrapes }], scope)).toMatchObject({ state: 'covered', samples: 22 });
  });

  it('names the target, its cluster and what was measured of it', () => {
    expect(coverageOf([target('a:1', ones(6) + zeros(24))]).detail).toBe(
      'target a:1 of c of job "j" was down: up in 20 % of the window, 80 % are needed',
    );
    expect(coverageOf([target('a:1', ones(24) + zeros(6))]).detail).toBe(
      'target a:1 of c of job "j" was down at the end of the window: last up 6 s before it, less than 5 s are needed',
    );
  });

  it.each([
    ['none', [target('a', ones(30))], 0, undefined],
    ['one missed scrape', [target('a', `${ones(12)}-${ones(17)}`)], 0, 0],
    ['one failed scrape', [target('a', `${ones(12)}0${ones(17)}`)], 2_000, 0],
    ['of four failed scrapes', [target('a', ones(12) + zeros(4) + ones(14))], 5_000, 0],
    // From 11 s to 16 s. The last step that shows a scrape of 11 s is 13 s.
    ['of four missed scrapes', [target('a', ones(12) + none(4) + ones(14))], 5_500, 0],
    ['before the first scrape', [target('a', none(4) + ones(26))], 4_000, 0],
    ['after the last scrape', [target('a', ones(27) + zeros(3))], 3_000, 3_000],
    ['of the worse of two', [target('a', ones(30)), target('b', ones(9) + zeros(3) + ones(18))], 4_000, 0],
  ] as const)('reports the longest gap: %s', (_, targets, longestGapMs, endGapMs = 0) => {
    expect(coverageOf(targets)).toMatchObject({ state: 'covered', longestGapMs, endGapMs });
  });

  it('names the target of the longest gap', () => {
    const targets = [target('a', ones(30)), target('b', ones(9) + zeros(3) + ones(18))];
    expect(coverageOf(targets).gapTarget).toBe('b of c');
  });
});

describe('the targets that a campaign expects', () => {
  const clusters = ['c0', 'c1', 'c2', 'c3', 'c4'];
  it('are missing where a cluster was never scraped', () => {
    const found = coverageOf(inClusters('c0', 'c2', 'c3', 'c4'), { expected: { count: 5, clusters } });
    expect(found).toMatchObject({ state: 'absent', missing: { count: 1, clusters: ['c1'] } });
    expect(found.detail).toBe('job "j" lacks targets: 1 of 5 were never scraped (in c1)');
    expect(coverageOf(inClusters(...clusters), { expected: { count: 5, clusters } }).state).toBe('covered');
  });

  it('are counted for each cluster: two in one do not stand for another', () => {
    const targets = inClusters('c0', 'c0', 'c1', 'c1', 'c1');
    expect(coverageOf(targets, { expected: { count: 6, clusters: ['c0', 'c1', 'c2'] } })).toMatchObject({
      state: 'absent',
      missing: { count: 2, clusters: ['c2'] },
    });
  });

  it('are counted in all where no cluster has them', () => {
    const worker = target('belay-worker', ones(30), { cluster: '' });
    expect(coverageOf([worker], { expected: { count: 1 } }).state).toBe('covered');
    expect(coverageOf([worker], { expected: { count: 2 } })).toMatchObject({ state: 'absent', missing: { count: 1 } });
  });

  it('may be more than there are names for', () => {
    expect(coverageOf([], { expected: { count: 5, clusters } }).detail).toBe(
      'no target of job "j" was scraped in the window: 5 of 5 were never scraped (in c0, c1, c2 and 2 more)',
    );
  });

  it('are one where a process came back on another port', () => {
    const targets = [target('a', ones(12)), target('b', none(14) + ones(16))];
    expect(coverageOf(targets, { expected: { count: 1, clusters: ['c'] } }).state).toBe('covered');
    expect(coverageOf(targets, { expected: { count: 2, clusters: ['c'] } })).toMatchObject({
      state: 'absent',
      missing: { count: 1, clusters: ['c'] },
    });
  });
});

/** Scrapes of a target from before the window on, each late by up to half an interval. */
function skewed(intervalMs: number, endMs: number): fc.Arbitrary<readonly Scrape[]> {
  const count = Math.floor(endMs / intervalMs) + 6;
  return fc
    .tuple(
      fc.integer({ min: 0, max: intervalMs }),
      fc.array(fc.integer({ min: 0, max: 40 }), { minLength: count, maxLength: count }),
    )
    .map(([phaseMs, late]) =>
      late.map((percent, index) => ({
        atMs: (index - 5) * intervalMs + phaseMs + Math.floor((percent / 100) * intervalMs),
        up: true,
      })),
    );
}

const scopes = fc
  .tuple(
    fc.constantFrom(1_000, 2_000, 5_000),
    fc.integer({ min: 3, max: 60 }),
    fc.integer({ min: 0, max: 999 }),
    fc.integer({ min: 1, max: 7 }),
  )
  .map(([intervalMs, intervals, oddMs, coarse]) => ({
    intervalMs,
    endMs: intervals * intervalMs + oddMs,
    // Steps longer than the interval, as in a long soak; at least some of them are in the window.
    stepMs: intervals > 20 ? coarse * intervalMs : intervalMs,
  }));

const histories = scopes.chain((scope) =>
  fc.record({ scope: fc.constant(scope), scrapes: skewed(scope.intervalMs, scope.endMs) }),
);

describe('any history of scrapes', () => {
  it('is covered while every scrape finds the target up, however skewed the scrapes are', () => {
    fc.assert(
      fc.property(histories, ({ scope, scrapes }) => {
        expect(coverageOf([{ instance: 'a', scrapes }], scope)).toMatchObject({ state: 'covered', longestGapMs: 0 });
      }),
      { numRuns: 500 },
    );
  });

  it('has the same state without one of its scrapes, failed or missing', () => {
    fc.assert(
      fc.property(histories, fc.nat(), fc.boolean(), ({ scope, scrapes }, at, isFailed) => {
        const index = at % scrapes.length;
        const rest = scrapes.flatMap((scrape, each) => {
          if (each !== index) return [scrape];
          return isFailed ? [{ ...scrape, up: false }] : [];
        });
        expect(coverageOf([{ instance: 'a', scrapes: rest }], scope).state).toBe('covered');
      }),
      { numRuns: 1_000 },
    );
  });

  it('is not covered where the target was gone over the end of the window', () => {
    fc.assert(
      fc.property(
        histories,
        fc.boolean(),
        fc.integer({ min: 1, max: 20_000 }),
        ({ scope, scrapes }, isFailed, moreMs) => {
          const goneMs = scope.endMs - endLimitMs(scope.intervalMs) - moreMs;
          const rest = scrapes.flatMap((scrape) => {
            if (scrape.atMs <= goneMs) return [scrape];
            return isFailed ? [{ ...scrape, up: false }] : [];
          });
          expect(coverageOf([{ instance: 'a', scrapes: rest }], scope).state).not.toBe('covered');
        },
      ),
      { numRuns: 1_000 },
    );
  });

  it('is not covered where the target was down for more than a quarter of the window', () => {
    fc.assert(
      fc.property(histories, fc.double({ min: 0, max: 0.74, noNaN: true }), ({ scope, scrapes }, from) => {
        // Long enough that two steps are less than the share.
        fc.pre(scope.endMs / scope.stepMs >= 20);
        const [startMs, endMs] = [from * scope.endMs, (from + 0.26) * scope.endMs + 2 * scope.stepMs];
        const rest = scrapes.map((scrape) => ({ ...scrape, up: scrape.atMs < startMs || scrape.atMs > endMs }));
        expect(coverageOf([{ instance: 'a', scrapes: rest }], scope).state).not.toBe('covered');
      }),
      { numRuns: 500 },
    );
  });

  it('of targets in several clusters is never that of fewer', () => {
    fc.assert(
      fc.property(histories, fc.integer({ min: 2, max: 6 }), fc.nat(), ({ scope, scrapes }, count, lost) => {
        const clusters = Array.from({ length: count }, (_, index) => `c${index}`);
        const targets = clusters.map((cluster) => ({ instance: `a of ${cluster}`, labels: { cluster }, scrapes }));
        const expected = { count, clusters };
        expect(coverageOf(targets, { ...scope, expected }).state).toBe('covered');
        const rest = targets.filter((_, index) => index !== lost % count);
        expect(coverageOf(rest, { ...scope, expected })).toMatchObject({ state: 'absent', missing: { count: 1 } });
      }),
      { numRuns: 200 },
    );
  });
});
