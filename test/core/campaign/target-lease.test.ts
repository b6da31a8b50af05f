import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  heldSentence,
  leaseMove,
  type LeaseMove,
  type Observed,
  type TargetLease,
} from '../../../src/core/campaign/target-lease.ts';

const WALL_MS = Date.parse('2026-11-30T12:00:00Z');
const at = (ms: number): string => new Date(WALL_MS + ms).toISOString();
const other: TargetLease = {
  holder: 'other',
  workflowId: 'nightly-1',
  link: 'http://ui/w',
  endsAt: at(3_600_000),
  durationMs: 60_000,
  renewTime: at(-10_000),
};
const seen = (renewTime: string, agoMs: number): Observed => ({ renewTime, sinceMs: 1_000_000 - agoMs });

test.for<[string, TargetLease | undefined, Observed | undefined, LeaseMove]>([
  ['that does not exist', undefined, undefined, 'create'],
  ['that was given back', { ...other, holder: '' }, undefined, 'take'],
  ['of its own', { ...other, holder: 'own', renewTime: at(-900_000) }, undefined, 'renew'],
  ['that was renewed a moment ago', other, undefined, 'held'],
  ['that was renewed a moment ahead, by another clock', { ...other, renewTime: at(30_000) }, undefined, 'held'],
  ['that looks expired', { ...other, renewTime: at(-60_001) }, undefined, 'observe'],
  ['without a time of renewal', { ...other, renewTime: '' }, undefined, 'observe'],
  ['of a clock that is hours ahead', { ...other, renewTime: at(7_200_000) }, undefined, 'observe'],
  ['that looks expired, observed for less', { ...other, renewTime: at(-90_000) }, seen(at(-90_000), 59_999), 'observe'],
  [
    'that was not renewed while it was observed',
    { ...other, renewTime: at(-90_000) },
    seen(at(-90_000), 60_000),
    'take',
  ],
  ['that was renewed while it was observed', { ...other, renewTime: at(-80_000) }, seen(at(-90_000), 60_000), 'held'],
  ['that is fresh, and observed since', other, seen(other.renewTime, 30_000), 'held'],
])('a lease %s', ([, lease, observed, wanted]) => {
  expect(leaseMove('own', lease, observed, { nowMs: 1_000_000, wallMs: WALL_MS })).toBe(wanted);
});

test('a refusal names the holder, its page, and when it ends', () => {
  expect(heldSentence('context mine', other)).toBe(
    'context mine is in use by campaign nightly-1, which ends by 2026-11-30 13:00:00 UTC, http://ui/w; ' +
      '"--wait 30m" waits for it, and "./belay abort" on its host ends it',
  );
  expect(heldSentence('context mine', { ...other, workflowId: '', link: '', endsAt: '' })).toMatch(
    /^context mine is in use by campaign other; /,
  );
});

test('no time of day, however wrong, takes a lease that was not observed for its whole duration', () => {
  const anyMs = fc.integer({ min: -(10 ** 12), max: 10 ** 12 });
  const duration = fc.nat({ max: other.durationMs - 1 });
  fc.assert(
    fc.property(anyMs, anyMs, fc.option(duration, { nil: undefined }), (renewedMs, setByMs, observedForMs) => {
      const lease = { ...other, renewTime: at(renewedMs) };
      const observed = observedForMs === undefined ? undefined : seen(lease.renewTime, observedForMs);
      const move = leaseMove('own', lease, observed, { nowMs: 1_000_000, wallMs: WALL_MS + setByMs });
      expect(['held', 'observe']).toContain(move);
    }),
  );
});
