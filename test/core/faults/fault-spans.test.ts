import { expect, test } from 'vitest';
import { faultSpans } from '../../../src/core/faults/fault-spans.ts';

const event = (atMs: number, detail: string, more: object = {}): Parameters<typeof faultSpans>[0][number] => ({
  atMs,
  execution: 1,
  what: 'action',
  detail,
  ...more,
});

test('a fault lasts from its injection to the last that was seen of it', () => {
  const spans = faultSpans([
    event(10_000, 'fail-node: takes out Node n-1'),
    event(12_000, 'fail-node: n-1 is NotReady: no heartbeat'),
    event(23_000, 'fail-node: n-1 is Ready'),
  ]);
  expect(spans).toEqual([
    {
      number: 1,
      name: 'fail-node',
      startMs: 10_000,
      endMs: 23_000,
      story: ['takes out Node n-1', 'n-1 is NotReady: no heartbeat', 'n-1 is Ready'],
    },
  ]);
});

test('faults of several clusters, groups and executions, and a later one of the same action, are apart', () => {
  const spans = faultSpans([
    event(1_000, 'fail-node in a: fired'),
    event(1_000, 'fail-node in b: fired'),
    event(2_000, 'fail-node in a: seen', { group: 'g2' }),
    event(3_000, 'fail-node in a: seen', { execution: 2 }),
    event(12_000, 'fail-node in a: undone'),
    event(300_000, 'fail-node in a: fired'),
    event(0, 'not one', { what: 'ended' }),
  ]);
  expect(spans.map(({ name, startMs, endMs }) => [name, startMs, endMs])).toEqual([
    ['fail-node in a', 1_000, 12_000],
    ['fail-node in b', 1_000, 1_000],
    ['fail-node in a', 2_000, 2_000],
    ['fail-node in a', 3_000, 3_000],
    ['fail-node in a', 300_000, 300_000],
  ]);
  expect(spans.map(({ number }) => number)).toEqual([1, 2, 3, 4, 5]);
});
