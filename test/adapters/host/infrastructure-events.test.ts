import { appendFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { infrastructureGaps } from '../../../src/core/gates/infrastructure.ts';
import {
  appendInfrastructureEvent,
  readInfrastructureEvents,
} from '../../../src/adapters/host/infrastructure-events.ts';
import type { InfrastructureEvent } from '../../../src/core/gates/infrastructure.ts';
import { testHome } from '../substrates/local-campaign.ts';
import type { TestHome } from '../substrates/local-campaign.ts';

let home: TestHome;

beforeEach(() => {
  home = testHome();
});

afterEach(() => home.close());

test('events of a campaign that began in version 0.1 come first, from its file', () => {
  const folder = join(home.folder, 'runs', 'x');
  mkdirSync(folder, { recursive: true });
  const [died, restarted] = [event('died', { gapStartMs: 10 }), event('restarted', { gapStartMs: 10, gapEndMs: 20 })];
  writeFileSync(join(folder, 'ground.jsonl'), `${JSON.stringify(died)}\n`);
  appendInfrastructureEvent(restarted);
  expect(readInfrastructureEvents('x')).toEqual([died, restarted]);
  expect(infrastructureGaps(readInfrastructureEvents('x'))).toMatchObject([{ startMs: 10, endMs: 20 }]);
});

test('events are read in order, without lines that were cut off', () => {
  expect(readInfrastructureEvents('x')).toEqual([]);
  const events = [event('died', { gapStartMs: 10 }), event('restarted', { gapStartMs: 10, gapEndMs: 20 })];
  const path = join(home.folder, 'runs', 'x', 'infrastructure.jsonl');
  const half = '{"atMs": 3';
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, half);
  for (const each of events) appendInfrastructureEvent(each);
  appendFileSync(path, half);
  expect(readInfrastructureEvents('x')).toEqual(events);
  // An older Belay appended without a line break.
  appendFileSync(path, `${JSON.stringify(events[0])}\n${JSON.stringify(events[1])}\n`);
  expect(readInfrastructureEvents('x')).toEqual([...events, events[1]]);
});

test.each<[string, readonly InfrastructureEvent[], ReturnType<typeof infrastructureGaps>]>([
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
  expect(infrastructureGaps(events)).toEqual(gaps);
});

function event(what: InfrastructureEvent['what'], more: Partial<InfrastructureEvent>): InfrastructureEvent {
  return { atMs: 1, campaign: 'x', cluster: 'c0', component: 'etcd', what, gapStartMs: 0, detail: '', ...more };
}
