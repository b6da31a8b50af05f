import { MockActivityEnvironment } from '@temporalio/testing';
import { DefaultLogger } from '@temporalio/worker';
import { pino } from 'pino';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { stageActivity } from '../../src/activities/stage-activity.ts';
import { evidenceFolder, readTimeline } from '../../src/adapters/evidence/evidence-folder.ts';
import { readLedger, removeCampaignFolder, writeLedger } from '../../src/adapters/host/ledger.ts';
import type { DecisionRecord } from '../../src/core/campaign/machine.ts';
import type { Stage } from '../../src/core/model/stages.ts';
import { testHome, type TestHome } from '../adapters/substrates/local-campaign.ts';
import { aSpec } from '../workflows/make-spec.ts';
import { storedInput } from './stored-input.ts';

const spec = aSpec({ campaign: 'stages', slug: 'bstages' });

let home: TestHome;

beforeEach(() => {
  home = testHome();
});
afterEach(() => {
  removeCampaignFolder(spec.slug);
  home.close();
});

/** Runs one attempt of a stage that does nothing. */
async function run(
  stage: Stage,
  execution: number,
  attempt: number,
  decisions: readonly DecisionRecord[],
): Promise<void> {
  const env = new MockActivityEnvironment({ attempt }, { logger: new DefaultLogger('ERROR') });
  const activity = stageActivity(stage, pino({ level: 'silent' }), () =>
    Promise.resolve({ detail: 'done', facts: {} }),
  );
  await env.run(activity, storedInput(spec, stage, { execution, decisions }));
}

test('a decision stands in the timeline once, whatever runs after it', async () => {
  const first: DecisionRecord = { stage: 'soak', execution: 1, decision: 'retry', reason: 'new build', atMs: 1_000 };
  const set = { 'gates.podBindP99.max': 9 };
  const second: DecisionRecord = { stage: 'soak', execution: 2, decision: 'retry', reason: '', atMs: 2_000, set };
  await run('steady', 2, 1, [first]);
  await run('soak', 2, 1, [first]);
  await run('soak', 2, 2, [first]);
  // Its first attempt was lost before it could write a word.
  await run('steady', 3, 2, [first, second]);
  for (const stage of ['snapshot', 'judge'] as const) await run(stage, 1, 1, [first, second]);
  const told = readTimeline(evidenceFolder(spec.campaign)).filter(({ what }) => what === 'decision');
  expect(told).toEqual([
    {
      atMs: 1_000,
      stage: 'soak',
      execution: 1,
      attempt: 1,
      what: 'decision',
      detail: 'retry of soak, execution 1: new build',
    },
    {
      atMs: 2_000,
      stage: 'soak',
      execution: 2,
      attempt: 1,
      what: 'decision',
      detail: 'retry of soak, execution 2 {"gates.podBindP99.max":9}',
    },
  ]);
});

test('a retry gives a campaign more time at each of its attempts, and its first run does not', async () => {
  const ledger = { campaign: spec.campaign, slug: spec.slug, workflowId: '', runId: '', clusters: [], processes: [] };
  writeLedger({ ...ledger, createdAtMs: 1, expiresAtMs: 1 });
  await run('soak', 1, 2, []);
  expect(readLedger(spec.slug)?.expiresAtMs).toBe(1);
  await run('soak', 2, 2, []);
  expect(readLedger(spec.slug)?.expiresAtMs).toBeGreaterThan(Date.now());
});

test('an event that a stage adds to the timeline carries its execution and attempt', async () => {
  const env = new MockActivityEnvironment({ attempt: 3 }, { logger: new DefaultLogger('ERROR') });
  const activity = stageActivity('provision', pino({ level: 'silent' }), ({ event }) => {
    event('not-scraped', 'c0: etcd');
    return Promise.resolve({ detail: 'done', facts: {} });
  });
  await env.run(activity, storedInput(spec, 'provision', { execution: 2 }));
  const [added] = readTimeline(evidenceFolder(spec.campaign)).filter(({ what }) => what === 'not-scraped');
  expect(added).toMatchObject({ stage: 'provision', execution: 2, attempt: 3, detail: 'c0: etcd' });
});
