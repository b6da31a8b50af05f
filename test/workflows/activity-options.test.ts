import { readdirSync, readFileSync } from 'node:fs';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { STAGES } from '../../src/core/model/stages.ts';
import { deriveDeadlines } from '../../src/core/plan/deadlines.ts';
import { BACKOFF_COEFFICIENT } from '../../src/core/plan/limits.ts';
import type { StageDeadline, StageDeadlines } from '../../src/core/plan/deadline-model.ts';
import { LADDER_SUMMARY_DEADLINE } from '../../src/core/plan/ladder-deadline.ts';
import { activityOptions } from '../../src/workflows/activity-options.ts';
import { aPlan, aProfile, aSubstrate } from '../core/plan/make.ts';

const workflows = new URL('../../src/workflows/', import.meta.url);
const sources = readdirSync(workflows)
  .filter((name) => name.endsWith('.ts'))
  .map((name) => ({ name, text: readFileSync(new URL(name, workflows), 'utf8') }));

function deadlinesOf(soakSeconds: number, clusters: number): StageDeadlines {
  const base = aProfile();
  const profile = aProfile({ loadProfile: { ...base.loadProfile, soakSeconds } });
  const plan = aPlan({ clusterCount: clusters, totalPods: clusters * 1_000 });
  const derived = deriveDeadlines({ profile, plan, substrate: aSubstrate() });
  if (!derived.ok) throw new Error(derived.errors.map((error) => error.message).join('\n'));
  return derived.deadlines;
}

/** What every activity must be given, in Temporal's own terms. */
function holds(deadline: StageDeadline): void {
  const options = activityOptions(deadline, 'queue', 'summary');
  const startToClose = Number(options.startToCloseTimeout);
  const scheduleToClose = Number(options.scheduleToCloseTimeout);
  const heartbeat = Number(options.heartbeatTimeout);
  const retry = options.retry ?? {};
  const attempts = retry.maximumAttempts ?? 0;
  let backoff = 0;
  let delay = Number(retry.initialInterval);
  for (let next = 1; next < attempts; next += 1) {
    backoff += delay;
    delay *= retry.backoffCoefficient ?? 2;
  }
  expect(startToClose).toBe(deadline.attemptMs);
  expect(scheduleToClose).toBeGreaterThanOrEqual(attempts * (startToClose + deadline.queueWaitMs) + backoff);
  expect(heartbeat).toBeGreaterThanOrEqual(15_000);
  expect(heartbeat).toBeLessThanOrEqual(30_000);
  expect(heartbeat * 3).toBeLessThanOrEqual(startToClose);
  expect(attempts).toBeGreaterThanOrEqual(3);
  expect(retry.backoffCoefficient).toBe(BACKOFF_COEFFICIENT);
  const waits = deadline.derivation.filter((step) => step.what !== 'margin');
  expect(startToClose).toBeGreaterThan(waits.reduce((sum, step) => sum + step.count * step.eachMs, 0));
}

describe('activityOptions', () => {
  it("are a stage's derived deadlines, for campaigns of any size", () => {
    fc.assert(
      fc.property(fc.integer({ min: 5, max: 90_000 }), fc.integer({ min: 1, max: 300 }), (soakSeconds, clusters) => {
        const { stages } = deadlinesOf(soakSeconds, clusters);
        for (const stage of STAGES) holds(stages[stage]);
      }),
      { numRuns: 200 },
    );
  });

  it('hold for what a ladder writes as well', () => holds(LADDER_SUMMARY_DEADLINE));

  it('wait for a cancelled stage, so that teardown does not start while provision still creates', () => {
    const options = activityOptions(deadlinesOf(60, 1).stages.provision, 'queue', 'summary');
    expect(options.cancellationType).toBe('WAIT_CANCELLATION_COMPLETED');
  });
});

describe('workflow code', () => {
  it('makes the options of every activity by that function alone', () => {
    const calls = sources.flatMap(({ name, text }) =>
      [...text.matchAll(/\bproxyActivities(?:<[^()]*>)?\(\s*([^\s(,)]*)/g)].map(([, first]) => ({ name, first })),
    );
    expect(calls.length).toBeGreaterThan(0);
    for (const { name, first } of calls) expect(first, name).toBe('activityOptions');
  });

  it('has no time limit of its own, but for the local activities that read files before there is a specification', () => {
    const { resolve } = deadlinesOf(60, 1).stages;
    for (const { name, text } of sources) {
      if (name === 'activity-options.ts') continue;
      for (const [limit, option, value] of text.matchAll(/\b(\w+Timeout)\s*:\s*([^,\n]+)/g)) {
        expect(option, `${name}: ${limit}`).toBe('startToCloseTimeout');
        expect(Number(value?.replaceAll('_', '')), `${name}: ${limit}`).toBeGreaterThan(0);
        expect(Number(value?.replaceAll('_', '')), `${name}: ${limit}`).toBeLessThanOrEqual(resolve.attemptMs);
      }
      const local = text.match(/\bproxyLocalActivities\b[^;]*?\{[^}]*\}/g) ?? [];
      const limits = text.match(/\bstartToCloseTimeout\b/g) ?? [];
      expect(limits.length, name).toBeLessThanOrEqual(local.length);
    }
  });
});
