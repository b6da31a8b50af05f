import { describe, expect, it } from 'vitest';
import type { UnmeasuredReason } from '../../../src/core/gates/model.ts';
import { judgeGate } from '../../../src/core/gates/judge.ts';
import { federationJob, withScrapeErrors, type ScrapedTarget } from '../../../src/core/gates/scrape-errors.ts';
import { gateOf } from '../../adapters/evidence/fixture.ts';

const gate = gateOf('errors');

function unmeasured(reason: UnmeasuredReason, detail: string): ReturnType<typeof judgeGate> {
  const moments = { windowStartMs: 0, windowEndMs: 9, atMs: 9 };
  return judgeGate(gate, {
    gate: 'errors',
    value: null,
    quality: 'unmeasured',
    reason,
    detail,
    samples: 0,
    ...moments,
  });
}

function target(job: string, instance: string, lastError: string, cluster = ''): ScrapedTarget {
  return { job, instance, labels: cluster === '' ? {} : { cluster }, lastError };
}

/** What the detail of a reading says after what it said before. */
function addedTo(detail: string, targets: readonly ScrapedTarget[], job?: string): string {
  const [result] = withScrapeErrors([unmeasured('target-down', detail)], targets, () => job);
  expect(result?.message.endsWith(result.reading.detail ?? '')).toBe(true);
  return (result?.reading.detail ?? '').slice(detail.length);
}

describe('the error of a scrape', () => {
  const refused = target('app', 'a:1', 'server returned HTTP status 401 Unauthorized');
  it.each<[string, string, readonly ScrapedTarget[], string | undefined, string]>([
    [
      'is that of the target that the detail names',
      'target b:1 of c1 of job "app" was down',
      [refused, target('app', 'b:1', 'EOF', 'c0'), target('app', 'b:1', 'connection refused', 'c1')],
      undefined,
      '; the last scrape of b:1 of c1 failed: connection refused',
    ],
    [
      'is that of the scrape that takes the job over from another Prometheus',
      'target b:1 of c1 of job "app" was not scraped',
      [target('other', 'c:1', 'EOF'), target(federationJob('app'), 'p:9090', 'connection refused', 'c1')],
      undefined,
      '; the last scrape of p:9090 of c1 failed: connection refused',
    ],
    [
      'is one of the job, where the detail names no target',
      'no target of job "app" was scraped',
      [target('other', 'c:1', 'EOF'), refused],
      undefined,
      '; the last scrape of a:1 failed: server returned HTTP status 401 Unauthorized',
    ],
    [
      'is one of the job of the gate, where the detail names none',
      'no series app_total',
      [refused],
      'app',
      '; the last scrape of a:1 failed: server returned HTTP status 401 Unauthorized',
    ],
    [
      'is none where all scrapes succeed',
      'target a:1 of job "app" was down',
      [{ ...refused, lastError: '' }],
      'app',
      '',
    ],
    ['is none of another job', 'target a:1 of job "app" was down', [target('other', 'c:1', 'EOF')], 'app', ''],
    [
      'is one line, without what a terminal obeys, and not endless',
      'no series',
      [target('app', 'a:1', `\u001B[2J\nx${'y'.repeat(400)}`)],
      'app',
      `; the last scrape of a:1 failed: [2J x${'y'.repeat(295)}…`,
    ],
  ])('%s', (_what, detail, targets, job, added) => {
    expect(addedTo(detail, targets, job)).toBe(added);
  });

  it('is of no use to a reading that is measured, or unmeasured for another reason', () => {
    const measured = judgeGate(gate, { ...unmeasured('nan', '').reading, value: 1, quality: 'measured' });
    const others = [measured, unmeasured('nan', 'target a:1 of job "app"'), unmeasured('query-error', 'job "app"')];
    expect(withScrapeErrors(others, [refused], () => 'app')).toEqual(others);
  });
});
