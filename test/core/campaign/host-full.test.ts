import { expect, test } from 'vitest';
import { parseRefusals, refusalsInWords, usedInWords, withRefusal } from '../../../src/core/campaign/host-full.ts';

test('the reasons of all hosts that were asked are one line, the newest of each', () => {
  let refusals = parseRefusals(undefined);
  refusals = withRefusal(refusals, 'b', usedInWords(0, 0));
  refusals = withRefusal(refusals, 'a', usedInWords(1, 1));
  refusals = withRefusal(parseRefusals(JSON.parse(JSON.stringify({ refusals }))), 'b', usedInWords(2, 2));
  expect(refusalsInWords(refusals)).toBe('hosts: a (1 of 1 cluster used), b (2 of 2 clusters used)');
});

test.for([null, 7, 'x', [], { refusals: [] }, { refusals: { a: 7 } }, { claimed: 4 }])(
  'the heartbeat %j has no refusals',
  (heartbeat) => {
    expect(parseRefusals(heartbeat)).toEqual({});
  },
);

test('a fleet of any size fits into a heartbeat and into a failure', () => {
  let refusals = {};
  for (let host = 0; host < 500; host += 1) refusals = withRefusal(refusals, `host-${host}`, 'no '.repeat(500));
  expect(Object.keys(refusals)).toHaveLength(50);
  expect(refusals).toHaveProperty('host-499');
  expect(JSON.stringify(refusals).length).toBeLessThan(20_000);
  expect(Buffer.byteLength(refusalsInWords(refusals))).toBeLessThanOrEqual(1_000);
});
