import { appendFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { appendGround, groundGaps, readGround } from '../../../src/adapters/host/ground.ts';
import type { GroundEvent } from '../../../src/adapters/host/ground.ts';
import { testHome } from '../substrates/local-campaign.ts';
import type { TestHome } from '../substrates/local-campaign.ts';

let home: TestHome;

beforeEach(() => {
  home = testHome();
});

afterEach(() => home.close());

test('events are read back in order, without a line that is only half there, wherever it stands', () => {
  expect(readGround('x')).toEqual([]);
  const events = [event('died', { gapStartMs: 10 }), event('restarted', { gapStartMs: 10, gapEndMs: 20 })];
  const path = join(home.folder, 'runs', 'x', 'ground.jsonl');
  const half = '{"atMs": 3';
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, half);
  for (const each of events) appendGround(each);
  appendFileSync(path, half);
  expect(readGround('x')).toEqual(events);
  // As an older Belay would have gone on.
  appendFileSync(path, `${JSON.stringify(events[0])}\n${JSON.stringify(events[1])}\n`);
  expect(readGround('x')).toEqual([...events, events[1]]);
});

test.each<[string, readonly GroundEvent[], ReturnType<typeof groundGaps>]>([
  ['none', [], []],
  [
    'a death that was mended',
    [event('died', { gapStartMs: 10 }), event('restarted', { gapStartMs: 10, gapEndMs: 20 })],
    [{ startMs: 10, endMs: 20, cluster: 'c0', component: 'etcd' }],
  ],
  [
    'a death after a freeze is one gap from the freeze on',
    [
      event('frozen', { gapStartMs: 10 }),
      event('died', { gapStartMs: 10 }),
      event('restarted', { gapStartMs: 10, gapEndMs: 30 }),
    ],
    [{ startMs: 10, endMs: 30, cluster: 'c0', component: 'etcd' }],
  ],
  [
    'given up: it lasts',
    [event('died', { gapStartMs: 10 }), event('gave-up', { gapStartMs: 10 })],
    [{ startMs: 10, endMs: null, cluster: 'c0', component: 'etcd' }],
  ],
  [
    'two at once, and one again',
    [
      event('died', { gapStartMs: 10 }),
      event('died', { gapStartMs: 11, component: 'kwok-controller' }),
      event('restarted', { gapStartMs: 10, gapEndMs: 20 }),
      event('died', { gapStartMs: 40 }),
    ],
    [
      { startMs: 10, endMs: 20, cluster: 'c0', component: 'etcd' },
      { startMs: 11, endMs: null, cluster: 'c0', component: 'kwok-controller' },
      { startMs: 40, endMs: null, cluster: 'c0', component: 'etcd' },
    ],
  ],
])('gaps of events: %s', (_what, events, gaps) => {
  expect(groundGaps(events)).toEqual(gaps);
});

function event(what: GroundEvent['what'], more: Partial<GroundEvent>): GroundEvent {
  return { atMs: 1, campaign: 'x', cluster: 'c0', component: 'etcd', what, gapStartMs: 0, detail: '', ...more };
}
