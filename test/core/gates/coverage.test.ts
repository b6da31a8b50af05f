import { describe, expect, it } from 'vitest';
import { jobCoverage } from '../../../src/core/gates/coverage.ts';

const WINDOW = { startMs: 0, endMs: 29_000 };

/** Points from a text of one character a second: 1 up, 0 down, anything else no fresh sample. */
function target(instance: string, text: string, cluster = 'c') {
  const points = text
    .split('')
    .flatMap((one, second) => (one === '1' || one === '0' ? [[second * 1000, Number(one)] as const] : []));
  return { labels: { job: 'j', cluster, instance }, points };
}

const up30 = '1'.repeat(30);

describe('jobCoverage', () => {
  it.each([
    ['up throughout', [target('a', up30)], 'covered', 30],
    ['down throughout', [target('a', '0'.repeat(30))], 'down', 0],
    ['down for most of it', [target('a', '1'.repeat(10) + '0'.repeat(20))], 'down', 10],
    ['down for less than half', [target('a', '1'.repeat(10) + '0'.repeat(12) + '1'.repeat(8))], 'covered', 18],
    ['not scraped for most of it', [target('a', '1'.repeat(10) + '-'.repeat(20))], 'stale', 10],
    ['one of two down', [target('a', up30), target('b', '0'.repeat(30))], 'down', 0],
    ['down in one cluster of two', [target('a', up30, 'c1'), target('b', '0'.repeat(30), 'c2')], 'down', 0],
    [
      'dead for five seconds and back on another port',
      [target('a', '1'.repeat(12)), target('b', '-'.repeat(17) + '1'.repeat(13))],
      'covered',
      25,
    ],
    [
      'the same, with the dead one still listed a while',
      [target('a', '1'.repeat(12) + '0'.repeat(7)), target('b', '-'.repeat(17) + '1'.repeat(13))],
      'covered',
      25,
    ],
    [
      'back three times',
      [
        target('a', '1'.repeat(8)),
        target('b', '-'.repeat(10) + '1'.repeat(8)),
        target('c', '-'.repeat(21) + '1'.repeat(9)),
      ],
      'covered',
      25,
    ],
    ['two at once, one gone early', [target('a', up30), target('b', '1'.repeat(5))], 'stale', 5],
    ['nobody', [], 'absent', 0],
  ] as const)('%s', (_, series, state, samples) => {
    expect(jobCoverage('j', series, WINDOW, 1_000, 1_000)).toMatchObject({ state, samples });
  });

  it('counts samples by the scrape interval where steps are larger', () => {
    const points = Array.from({ length: 11 }, (_, step) => [step * 10_000, 1] as const);
    const series = [{ labels: { job: 'j', instance: 'a' }, points }];
    expect(jobCoverage('j', series, { startMs: 0, endMs: 100_000 }, 10_000, 5_000)).toMatchObject({ samples: 22 });
  });

  it('names the target, its cluster and its share', () => {
    const { detail } = jobCoverage('j', [target('a:1', '1'.repeat(6) + '0'.repeat(24))], WINDOW, 1_000, 1_000);
    expect(detail).toBe('target a:1 of c of job "j" was down: up in 20 % of the window, 50 % are needed');
  });
});
