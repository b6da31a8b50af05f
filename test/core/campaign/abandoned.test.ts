import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { isAbandoned, type Abandonment, type Belongings } from '../../../src/core/campaign/abandoned.ts';
import type { CampaignSeen } from '../../../src/core/campaign/group-fate.ts';
import { TERMINATED_GRACE_MS } from '../../../src/core/plan/limits.ts';

const NOW_MS = 1_000_000_000_000;
const own: Belongings = { host: 'a', createdAtMs: NOW_MS - 600_000, expiresAtMs: NOW_MS + 600_000 };
const ENDED_MS = NOW_MS - TERMINATED_GRACE_MS;
const completed: CampaignSeen = { kind: 'closed', how: 'by-itself', atMs: NOW_MS };
const terminated = (atMs: number): CampaignSeen => ({ kind: 'closed', how: 'from-outside', atMs });
const expired = { expiresAtMs: NOW_MS };

test.for<[string, CampaignSeen, Partial<Belongings>, Partial<Abandonment> & { abandoned: string }]>([
  ['that runs', { kind: 'running', groups: undefined }, {}, { abandoned: 'no' }],
  ['that runs beyond its expiry', { kind: 'running', groups: undefined }, expired, { abandoned: 'no' }],
  ['whose Temporal does not answer', { kind: 'unknown' }, {}, { abandoned: 'unknown' }],
  ['whose Temporal does not answer, beyond its expiry', { kind: 'unknown' }, expired, { abandoned: 'unknown' }],
  ['that Temporal does not know', { kind: 'not-found' }, {}, { abandoned: 'unknown' }],
  [
    'that Temporal does not know, beyond its expiry',
    { kind: 'not-found' },
    expired,
    { abandoned: 'yes', sinceMs: NOW_MS },
  ],
  ['that has ended by itself and left something', completed, {}, { abandoned: 'yes', sinceMs: NOW_MS }],
  ['that was terminated a moment ago', terminated(ENDED_MS + 1), {}, { abandoned: 'soon', fromMs: NOW_MS + 1 }],
  ['that was terminated', terminated(ENDED_MS), {}, { abandoned: 'yes', sinceMs: ENDED_MS }],
  ['that was terminated, by a clock ahead of ours', terminated(NOW_MS + 5_000), {}, { abandoned: 'soon' }],
  [
    'that a user keeps',
    terminated(ENDED_MS),
    { keptUntilMs: NOW_MS + 1 },
    { abandoned: 'yes', keptUntilMs: NOW_MS + 1 },
  ],
  [
    'that a user kept until now',
    terminated(ENDED_MS),
    { keptUntilMs: NOW_MS },
    { abandoned: 'yes', sinceMs: ENDED_MS },
  ],
  ['with a group here that has moved', moved('b'), { group: 'g1', host: 'b' }, { abandoned: 'yes', sinceMs: NOW_MS }],
  ['with a group elsewhere that has moved', moved('c'), { host: 'b' }, { abandoned: 'no' }],
])('a campaign %s', ([, seen, change, wanted]) => {
  const found = isAbandoned({ ...own, ...change }, seen, NOW_MS);
  expect(found).toMatchObject(wanted);
  if (found.abandoned === 'yes')
    expect(found.keptUntilMs).toBe('keptUntilMs' in wanted ? wanted.keptUntilMs : undefined);
});

function moved(host: string): CampaignSeen {
  return { kind: 'running', groups: [{ campaign: 'c', group: 'g1', host, clusters: 1, state: 'moved' }] };
}

test('no clock, however wrong, abandons a campaign that runs, or one of which Temporal says nothing', () => {
  const anyMoment = fc.integer({ min: 0, max: 4 * NOW_MS });
  const notEnded = fc.constantFrom<CampaignSeen>({ kind: 'running', groups: undefined }, { kind: 'unknown' });
  fc.assert(
    fc.property(notEnded, anyMoment, anyMoment, anyMoment, (seen, createdAtMs, expiresAtMs, nowMs) => {
      expect(isAbandoned({ ...own, createdAtMs, expiresAtMs }, seen, nowMs).abandoned).not.toBe('yes');
    }),
  );
});
