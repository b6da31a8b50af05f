import { expect, test } from 'vitest';
import { collectMs } from '../../src/activities/snapshot.ts';
import { deriveDeadlines } from '../../src/core/plan/deadlines.ts';
import { aPlan, aProfile, aSubstrate } from '../core/plan/make.ts';

test('evidence is collected for as long as the deadline of the stage allows for: the snapshot, and again that for its copy', () => {
  const profile = aProfile({ deadlines: { snapshotMs: 900_000, queryMs: 4_000 } });
  const plan = aPlan();
  const derived = deriveDeadlines({ profile, plan, substrate: aSubstrate(), system: { gateCount: 1 } });
  if (!derived.ok) throw new Error(JSON.stringify(derived.errors));
  const { budgets, stages } = derived.deadlines;
  // All but what the substrate is asked for, and the margin.
  const terms = stages.snapshot.derivation.filter(({ what }) => /curves|TSDB|logs/.test(what));
  expect(collectMs(budgets)).toBe(terms.reduce((sum, { count, eachMs }) => sum + count * eachMs, 0));
  expect(collectMs(budgets)).toBeLessThan(stages.snapshot.attemptMs);
});
