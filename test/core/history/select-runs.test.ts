import { expect, test } from 'vitest';
import { runsLike } from '../../../src/core/history/find-run.ts';
import { isSelector, parseSelector, selectRuns } from '../../../src/core/history/select-runs.ts';
import { storedRunOf, type StoredRun } from '../../../src/core/history/stored-run.ts';
import { aSummary } from '../../adapters/index/stored-runs.ts';

/** Runs, newest first. */
const runs: readonly StoredRun[] = [
  { ...storedRunOf(aSummary(), '/runs/n-3'), id: 'n-3' },
  { ...storedRunOf(aSummary({ value: 9 }), '/runs/n-2'), id: 'n-2', systemVersion: 'v1.2.3' },
  {
    ...storedRunOf(aSummary({ profile: 'other' }), '/runs/o-1'),
    id: 'o-1',
    climb: { workflowId: 'night', rung: '1-o' },
  },
  {
    ...storedRunOf(aSummary(), '/runs/c.1-branch'),
    id: 'c.1-branch',
    comparison: { workflowId: 'c', pair: 1, side: 'branch' },
  },
];

function idsOf(text: string): readonly string[] {
  const parsed = parseSelector(text);
  if (!parsed.ok) throw new Error(parsed.error);
  return selectRuns(parsed.selector, runs).map(({ id }) => id);
}

test('a selector chooses the runs that match all of it', () => {
  expect(idsOf('profile=dev-50')).toEqual(['n-3', 'n-2']);
  expect(idsOf('profile=dev-50,version=1.2')).toEqual(['n-3', 'n-2']);
  expect(idsOf('version=v1.2')).toEqual(['n-2']);
  expect(idsOf('verdict=fail')).toEqual(['n-2']);
  expect(idsOf('id=n-*,last=1')).toEqual(['n-3']);
  expect(idsOf('climb=night,rung=1-o')).toEqual(['o-1']);
  expect(idsOf('system=none')).toEqual([]);
  // Campaigns of comparisons ran with changes, so they are only in what names them.
  expect(idsOf('comparison=c,side=branch')).toEqual(['c.1-branch']);
  expect(idsOf('id=c*')).toEqual(['c.1-branch']);
  expect([isSelector('n-3'), isSelector('last=3')]).toEqual([false, true]);
});

test.each<readonly [string, string]>([
  ['profil=x', 'found key "profil"; did you mean profile?; allowed: profile,'],
  ...['constructor', 'toString', '__proto__'].map((key) => [`${key}=x`, `found key "${key}"; allowed:`] as const),
  ['profile=', 'found "profile="; allowed: key=value'],
  ['last=0', 'last: found "0"; allowed: a whole number from 1'],
])('refuses %j', (text, error) => {
  const parsed = parseSelector(text);
  expect(parsed.ok ? '' : parsed.error).toContain(error);
});

test('a name that no run has suggests those that contain it, and then those written nearly so', () => {
  expect(runsLike('n-', ['n-3', 'n-2', 'o-1'])).toEqual(['n-3', 'n-2']);
  expect(runsLike('nigthly', ['weekly', 'nightly'])).toEqual(['nightly']);
  expect(runsLike('', ['a'])).toEqual([]);
});
