import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { aProfile } from '../core/plan/make.ts';
import { order } from './asserting.ts';
import { aSpec } from './make-spec.ts';
import { breach, untilCancelled, type Script, type StageCall } from './scripted.ts';
import { TestTemporal } from './temporal.ts';

let temporal: TestTemporal;
beforeAll(async () => {
  temporal = await TestTemporal.start();
});
afterAll(() => temporal.stop());

const WALL_CLOCK_MS = 4_000;
const CLOSING = ['snapshot 1', 'judge 1', 'teardown 1'];
const USED = 'budget.wallClock of 4s is used up';

const stuck = (call: StageCall): Promise<never> => untilCancelled(call, 100);

/** A campaign that may take four seconds, and holds for a minute when something breaks. */
function limited(stages: Script['stages']): Script {
  const profile = { ...aProfile(), budget: { usd: 0, wallClockMs: WALL_CLOCK_MS } };
  return { resolve: ({ workflowId }) => aSpec({ workflowId, holdMs: 60_000, profile }), stages: stages ?? {} };
}

describe.concurrent('a campaign whose time is used up', () => {
  test.for(['ramp', 'soak', 'hold'] as const)(
    'in %s is warned, and then ends with evidence, verdict and teardown, and the reason',
    async (where) => {
      const run = await temporal.begin(
        `budget-${where}`,
        limited(where === 'hold' ? { soak: breach() } : { [where]: stuck }),
      );
      await run.untilCalled('teardown');
      expect(await run.result()).toMatchObject({ ending: 'completed' });
      expect(order(run).slice(-4)).toEqual([`${where === 'hold' ? 'soak' : where} 1`, ...CLOSING]);
      const judge = run.calls.find(({ stage }) => stage === 'judge')?.input;
      expect(judge?.state).toMatchObject({ earlyEnd: 'over-budget', cancelRequested: false, spent: { reason: USED } });
      const { story } = await run.status();
      const lines = story.map(({ text }) => text);
      const warned = lines.findIndex((line) => line.startsWith('**80 % of the budget is used**'));
      expect(warned).toBeGreaterThanOrEqual(0);
      expect(lines.indexOf(`**the campaign ends**: ${USED}`)).toBeGreaterThan(warned);
    },
  );

  test('is not ended by a budget that it does not reach', async () => {
    const run = await temporal.begin('budget-enough', limited({}));
    expect(await run.result()).toMatchObject({ ending: 'completed', verdict: 'pass' });
    expect((await run.status()).state.spent).toBeUndefined();
  });
});
