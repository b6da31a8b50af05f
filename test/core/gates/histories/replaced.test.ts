import { describe, expect, it } from 'vitest';
import { judgedOn, type Written } from './written.ts';

/** A target whose process is another Pod's since the scrape `at`, on the same address. */
function replacedAt(at: number): Written {
  const [before, after] = [`x${at} Xx1 _x${39 - at}`, `_x${at}`];
  return {
    'up{pod="old"}': `1${before}`,
    'up{pod="new"}': `${after} 1x${40 - at}`,
    up: '_',
    'process_start_time_seconds{pod="old"}': `1000${before}`,
    'process_start_time_seconds{pod="new"}': `${after} 1699999990x${40 - at}`,
    process_start_time_seconds: '_',
    'depth{pod="old"}': `1${before}`,
    'depth{pod="new"}': `${after} 1x${40 - at}`,
  };
}

describe('a target that another Pod has replaced before the window', () => {
  it.each([2, 3, 5].flatMap((at) => ['max(depth)', 'sum(depth)'].map((query) => ({ at, query }))))(
    'after scrape $at is measured by $query',
    ({ at, query }) => {
      expect(judgedOn(replacedAt(at), { query, max: 5 })).toMatchObject({ verdict: 'pass', reading: { value: 1 } });
    },
  );
});
