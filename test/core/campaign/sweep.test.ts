import { expect, test } from 'vitest';
import {
  limitedSweep,
  parseHostSweep,
  parseJanitorInput,
  sweepInWords,
  type HostSweep,
  type SweptCampaign,
} from '../../../src/core/campaign/sweep.ts';
import { SWEPT_CAMPAIGNS_LISTED } from '../../../src/core/plan/limits.ts';

const swept: SweptCampaign = {
  campaign: 'c',
  workflowId: 'w',
  state: 'removed',
  why: 'ended',
  sinceMs: 5,
  usdPerHour: 0,
  left: [],
};

test.for<[unknown, unknown]>([
  [undefined, { dryRun: false }],
  [null, { dryRun: false }],
  [{}, { dryRun: false }],
  [
    { dryRun: true, host: 'a-1' },
    { dryRun: true, host: 'a-1' },
  ],
  [
    { host: 'a', keep: { campaign: 'c', untilMs: 5 } },
    { dryRun: false, host: 'a', keep: { campaign: 'c', untilMs: 5 } },
  ],
  ['a', expect.stringMatching(/allowed: nothing, or an object/)],
  [{ dry: true }, 'unknown key "dry"; allowed: dryRun, host, keep'],
  [{ keep: { campaign: 'c' } }, expect.stringMatching(/^keep: found .*; allowed: an object of campaign and untilMs/)],
  [{ dryRun: 'yes' }, 'dryRun: found "yes"; allowed: true, false'],
  [{ host: '../x' }, expect.stringMatching(/^host: found "..\/x"; allowed/)],
])('the input %j of a janitor', ([input, wanted]) => {
  expect(parseJanitorInput(input)).toEqual(wanted);
});

test('what a host reports is read again as it was, and a part that is not readable is a host that was not swept', () => {
  const host: HostSweep = { host: 'a', campaigns: [swept, { ...swept, state: 'kept', keptUntilMs: 9 }] };
  expect(parseHostSweep('a', JSON.parse(JSON.stringify(host)))).toEqual(host);
  expect(parseHostSweep('a', { campaigns: [{ ...swept, state: 'gone' }] })).toMatchObject({
    campaigns: [],
    failure: expect.stringContaining('state') as string,
  });
});

test('a result stays small', () => {
  const long = { ...swept, why: 'x'.repeat(9_000), left: Array.from({ length: 50 }, () => 'y'.repeat(9_000)) };
  const limited = limitedSweep({ host: 'a', campaigns: Array.from({ length: 500 }, () => long) });
  expect(limited.campaigns).toHaveLength(SWEPT_CAMPAIGNS_LISTED);
  expect(limited.failure).toMatch(/480 more/);
  expect(JSON.stringify(limited).length).toBeLessThan(60_000);
});

test('a sweep in words', () => {
  expect(sweepInWords({ dryRun: false, hosts: [{ host: 'a', campaigns: [] }] })).toBe('no abandoned campaign');
  const hosts = [
    { host: 'a', campaigns: [swept, swept, { ...swept, state: 'left-behind' as const }] },
    { host: 'b', campaigns: [], failure: 'no answer' },
  ];
  expect(sweepInWords({ dryRun: true, hosts })).toBe(
    'dry run: 2 removed, 1 left-behind, 1 of 2 hosts not swept completely',
  );
});
