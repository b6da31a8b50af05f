import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseDecideInput } from '../../../src/core/campaign/decide-input.ts';
import { currentDetails, decideInput, decisionsFor, stageState } from '../../../src/core/campaign/details.ts';
import { initialState, refuseDecision, type CampaignState, type Hold } from '../../../src/core/campaign/machine.ts';
import type { CampaignStatus, GateLine, JudgeResult } from '../../../src/core/campaign/stage-io.ts';
import { STAGES } from '../../../src/core/campaign/stages.ts';

const AT_MS = Date.UTC(2026, 10, 23, 10, 15, 0);

function aHold(change: Partial<Hold> = {}): Hold {
  const failure = { kind: 'breach' as const, message: 'podBindP99 9 s > 5 s since minute 4', gate: 'podBindP99' };
  return { stage: 'soak', execution: 1, failure, openedAtMs: AT_MS, ...change };
}

function aStatus(state: Partial<CampaignState> = {}, change: Partial<CampaignStatus> = {}): CampaignStatus {
  return {
    campaign: 'dev-50-1',
    profile: 'dev-50',
    substrate: 'laptop',
    system: 'kube-scheduler',
    fleetSize: 50,
    state: { ...initialState(AT_MS), ...state },
    details: {},
    story: [],
    verdict: null,
    holdEndsAtMs: null,
    ...change,
  };
}

function aJudged(change: Partial<JudgeResult> = {}): JudgeResult {
  return { detail: '', facts: {}, groundEvents: [], verdict: 'fail', reasons: [], gates: [], ...change };
}

function aLine(change: Partial<GateLine> = {}): GateLine {
  return {
    gate: 'podBindP99',
    verdict: 'fail',
    informational: false,
    value: 9.123456,
    unit: 's',
    max: 5,
    headroom: -0.824,
    message: '',
    ...change,
  };
}

const bytes = (text: string): number => new TextEncoder().encode(text).length;

describe('Current Details', () => {
  test('begin before anything is known', () => {
    const status = aStatus({}, { campaign: null, profile: null, substrate: null, system: null, fleetSize: null });
    expect(currentDetails(status, null).split('\n\n').slice(0, 2)).toEqual([
      '## Running: resolve',
      'Reading the profile.',
    ]);
  });

  test('say what runs, and where its evidence is', () => {
    const details = currentDetails(aStatus({ stage: 'steady', execution: 2, cancelRequested: true }), null);
    expect(details).toMatch(/^## Running: steady \(execution 2\)\n\n/);
    expect(details).toContain('**dev-50** on substrate **laptop**, system **kube-scheduler**, 50 machines.');
    expect(details).toContain('`runs/dev-50-1/`');
    expect(details).toContain('Cancel was requested.');
  });

  test('of a hold say what broke, until when it waits, and every answer that it takes, ready to paste', () => {
    const hold = aHold();
    const status = aStatus({ mode: 'hold', stage: 'soak', hold }, { holdEndsAtMs: AT_MS + 1_800_000 });
    const details = currentDetails(status, null, [{ name: 'podBindP99', bar: { max: 5 } }]);
    expect(details).toMatch(/^## Holding: waiting for a decision\n/);
    expect(details).toContain('failed at 2026-11-23 10:15:00Z: podBindP99 9 s > 5 s since minute 4');
    expect(details).toContain('waits until **2026-11-23 10:45:00Z**');
    const answers = [...details.matchAll(/```json\s+(\{.*\})\s+```/g)].map(
      ([, json]) => JSON.parse(json ?? '') as object,
    );
    expect(answers).toHaveLength(4);
    for (const answer of answers) {
      const parsed = parseDecideInput(answer);
      if (typeof parsed === 'string') throw new Error(parsed);
      expect(refuseDecision(status.state, parsed)).toBeNull();
    }
    expect(answers[3]).toMatchObject({ decision: 'retry', set: { 'gates.podBindP99.max': 5 } });
    expect(details).toContain('A retry may change the bar, now ≤ 5; put another number in:');
  });

  test.for([
    [{ min: 0.99 }, { 'gates.ratio.min': 0.99 }, '≥ 0.99'],
    [{ min: 1, max: 3 }, { 'gates.ratio.min': 1, 'gates.ratio.max': 3 }, '≥ 1, ≤ 3'],
  ] as const)('offer the bar that the gate has: %j', ([bar, set, said]) => {
    const hold = aHold({ failure: { kind: 'breach', message: 'x', gate: 'ratio' } });
    const details = currentDetails(aStatus({ mode: 'hold', hold }), null, [{ name: 'ratio', bar }]);
    expect(details).toContain(JSON.stringify(set).slice(1, -1));
    expect(details).toContain(`now ${said};`);
  });

  test('of a hold that no gate caused offer no bar', () => {
    const hold = aHold({ stage: 'ramp', failure: { kind: 'system', message: '12 Pods stayed pending' } });
    const details = currentDetails(aStatus({ mode: 'hold', stage: 'ramp', hold }), null, [
      { name: 'podBindP99', bar: { max: 5 } },
    ]);
    expect(details).not.toContain('"set"');
    expect(details).not.toContain('"skip"');
  });

  test('show the verdict as a table of gates', () => {
    const judged = aJudged({
      reasons: ['podBindP99 9.12 s > 5 s'],
      gates: [
        aLine(),
        aLine({ gate: 'a|b', verdict: 'unmeasured', value: null, headroom: null }),
        aLine({ gate: 'cpu', verdict: 'pass', informational: true, value: 0.5, unit: 'cores', min: 0.1 }),
      ],
    });
    const details = currentDetails(aStatus({ mode: 'finished', stage: 'teardown' }, { verdict: 'fail' }), judged);
    expect(details).toMatch(/^## Finished: fail\n/);
    expect(details).toContain('### Verdict: fail\n\n- podBindP99 9.12 s > 5 s\n\n| gate |');
    expect(details).toMatch(/\| podBindP99 \| 9\.12\d* s \| ≤ 5 \| -82 % \| fail \|/);
    expect(details).toContain('| a\\|b | – | ≤ 5 | – | unmeasured |');
    expect(details).toContain('| ≥ 0.1, ≤ 5 | -82 % | info |');
  });

  test('keep the newest of a story that is too long, and stay within what Temporal takes', () => {
    const story = Array.from({ length: 400 }, (_, i) => ({
      atMs: AT_MS + i * 1_000,
      text: `event ${i} ${'é'.repeat(80)}`,
    }));
    const details = currentDetails(aStatus({}, { story }), null);
    expect(bytes(details)).toBeLessThanOrEqual(20_000);
    expect(bytes(details)).toBeGreaterThan(18_000);
    expect(details).toContain('event 399 ');
    expect(details).not.toContain('event 0 ');
    const shown = [...details.matchAll(/event (\d+) /g)].map(([, n]) => Number(n));
    expect(shown).toEqual(shown.toSorted((a, b) => a - b));
  });

  test('stay within 20 kB, whatever happened', () => {
    const long = fc
      .tuple(fc.constantFrom('a', 'é', '…', '😀', '|', '\n'), fc.nat(3_000))
      .map(([unit, n]) => unit.repeat(n));
    fc.assert(
      fc.property(
        long,
        fc.array(long, { maxLength: 20 }),
        fc.nat(40),
        fc.boolean(),
        (message, lines, gates, judged) => {
          const hold = aHold({ failure: { kind: 'breach', message, gate: 'podBindP99' } });
          const status = aStatus(
            { mode: 'hold', stage: 'soak', hold },
            {
              story: lines.map((text) => ({ atMs: AT_MS, text })),
              details: Object.fromEntries(STAGES.map((stage) => [stage, message])),
            },
          );
          const lined = Array.from({ length: gates }, (_, i) => aLine({ gate: `aGateWithAName${i}` }));
          const details = currentDetails(status, judged ? aJudged({ reasons: lines, gates: lined }) : null);
          expect(bytes(details)).toBeLessThanOrEqual(20_000);
        },
      ),
      { numRuns: 200 },
    );
  });
});

describe('the decisions that are offered', () => {
  test('are those that the machine takes', () => {
    for (const stage of STAGES) {
      const hold = aHold({ stage });
      const state: CampaignState = { ...initialState(0), mode: 'hold', stage, hold };
      const offered = decisionsFor(hold).map(({ decision }) => decision);
      const taken = (['retry', 'skip', 'abort'] as const).filter(
        (decision) => refuseDecision(state, { stage, execution: 1, decision }) === null,
      );
      expect(offered).toEqual(taken);
      for (const decision of offered) {
        expect(parseDecideInput(JSON.parse(decideInput(hold, decision)))).toMatchObject({
          stage,
          execution: 1,
          decision,
        });
      }
    }
  });
});

describe("a stage's state in words", () => {
  const outcome = { stage: 'soak', execution: 1, outcome: 'failed', startedAtMs: 0, endedAtMs: 3_240 } as const;
  test.for<[Partial<CampaignState>, string]>([
    [{ mode: 'stage', stage: 'soak' }, 'running'],
    [{ mode: 'stage', stage: 'soak', execution: 2 }, 'running (execution 2)'],
    [{ mode: 'stage', stage: 'seed' }, 'waiting'],
    [{ mode: 'finished', stage: 'teardown' }, 'not run'],
    [{ mode: 'hold', stage: 'soak', outcomes: [outcome] }, 'failed after 3.2 s'],
    [
      { mode: 'stage', stage: 'judge', outcomes: [outcome, { ...outcome, execution: 2, outcome: 'succeeded' }] },
      'done in 3.2 s, execution 2',
    ],
    [{ mode: 'stage', stage: 'judge', outcomes: [{ ...outcome, outcome: 'cancelled' }] }, 'cancelled after 3.2 s'],
    [
      { mode: 'stage', stage: 'judge', outcomes: [outcome, { ...outcome, outcome: 'skipped', endedAtMs: 0 }] },
      'skipped',
    ],
  ])('of %j is %j', ([state, words]) => {
    expect(stageState({ ...initialState(0), ...state }, 'soak')).toBe(words);
  });
});
