import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseDecideInput } from '../../../src/core/campaign/decide-input.ts';
import { currentDetails, decideInput, decisionsFor } from '../../../src/core/verdict/current-details.ts';
import {
  initialState,
  refuseDecision,
  type CampaignState,
  type Hold,
  type StageOutcome,
} from '../../../src/core/campaign/machine.ts';
import type { CampaignStatus, GateLine, JudgeResult } from '../../../src/core/campaign/stage-io.ts';
import { STAGES } from '../../../src/core/model/stages.ts';
import { parseCampaignInput } from '../../../src/core/profile/input.ts';

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

function anOutcome(change: Partial<StageOutcome>): StageOutcome {
  return { stage: 'soak', execution: 1, outcome: 'failed', startedAtMs: AT_MS, endedAtMs: AT_MS + 3_240, ...change };
}

function aJudged(change: Partial<JudgeResult> = {}): JudgeResult {
  return { detail: '', facts: {}, infrastructureEvents: [], verdict: 'fail', reasons: [], gates: [], ...change };
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
/** As it is read: spaces are spaces, whether they may be wrapped at or not. */
const read = (...given: Parameters<typeof currentDetails>): string =>
  currentDetails(...given).replaceAll('\u00A0', ' ');

const PAGES = { run: '/namespaces/default/workflows/dev-50-1/run', start: '/start?type=campaign' };

describe('Current Details', () => {
  test('begin before anything is known', () => {
    const status = aStatus({}, { campaign: null, profile: null, substrate: null, system: null, fleetSize: null });
    expect(read(status, null).trim()).toBe('## Reading the profile');
  });

  test('say what runs, and where its evidence is', () => {
    const status = aStatus({ stage: 'steady', execution: 2, cancelRequested: true });
    const details = read(status, null, { pages: PAGES });
    expect(details).toMatch(/^## Running: steady \(execution 2\)\n\n/);
    expect(details).toContain('[Pending Activities](/namespaces/default/workflows/dev-50-1/run/pending-activities)');
    expect(details).toContain('**dev-50** on substrate **laptop**, system **kube-scheduler**, 50 machines.');
    expect(details).toContain('`runs/dev-50-1/`');
    expect(details).toContain('Cancel was requested.');
  });

  test.for<[string, Partial<CampaignState>, Partial<CampaignStatus>]>([
    ['## Finished: pass', {}, { verdict: 'pass' }],
    ['## Stopped on request; verdict so far: unmeasured', { earlyEnd: 'cancelled' }, { verdict: 'unmeasured' }],
    [
      '## Harness fault: this says nothing about the system',
      { outcomes: [anOutcome({ stage: 'provision', failure: { kind: 'harness', message: 'no etcd' } })] },
      { verdict: 'unmeasured' },
    ],
  ])('of an end say what it is: %s', ([title, state, change]) => {
    const details = read(aStatus({ mode: 'finished', stage: 'teardown', ...state }, change), null, { pages: PAGES });
    expect(details.split('\n')[0]).toBe(title);
    expect(details).toContain('[Start another campaign](/start?type=campaign)');
    expect(details).toContain('begin with `report.html`');
  });

  test('show what others have written as text, wherever it comes', () => {
    const evil = 'no\n\n# x <img src=//evil.example> ![x](//evil.example) [y](javascript:z) | `';
    const state: Partial<CampaignState> = {
      mode: 'hold',
      hold: aHold({ failure: { kind: 'system', message: evil } }),
      outcomes: [
        anOutcome({ failure: { kind: 'system', message: evil } }),
        anOutcome({ stage: 'seed', outcome: 'succeeded' }),
      ],
    };
    const story = [{ atMs: AT_MS, text: `decision: **retry** of soak, execution 1 (${evil})` }];
    const judged = aJudged({ reasons: [evil], changes: [evil], gates: [aLine({ gate: evil, unit: evil })] });
    const details = read(aStatus(state, { story, details: { seed: evil } }), judged);
    expect(details.match(/evil\.example/g)?.length).toBeGreaterThanOrEqual(12);
    expect(details).toContain('decision: **retry** of soak');
    expect(details.replaceAll(/\\[^]/g, '')).not.toMatch(/<img|!\[|\]\(java|^# x/m);
  });

  test('of an input that is refused say everything that is wrong, and what would be taken', () => {
    const failure = { kind: 'harness' as const, message: 'profile "nope": not found; allowed: a, b\nhold: found 3' };
    const status = aStatus(
      { mode: 'finished', earlyEnd: 'failed', outcomes: [anOutcome({ stage: 'resolve', failure })] },
      { campaign: null, profile: null, substrate: null, system: null, fleetSize: null },
    );
    const details = read(status, null, { pages: PAGES });
    expect(details).toMatch(
      /^## Not started\n\n- profile "nope": not found; allowed: a, b\n- hold: found 3\n\n\[Start it again\]\(\/start\?/,
    );
    const [, example] = /```json\n(.*)\n```/.exec(details) ?? [];
    expect(parseCampaignInput(JSON.parse(example ?? ''))).toMatchObject({ ok: true });
    expect(details).not.toContain('| stage |');
  });

  test('of a hold say what broke, until when it waits, and every answer that it takes, ready to paste', () => {
    const hold = aHold();
    const outcomes = (['provision', 'install', 'seed', 'ramp', 'steady'] as const).map((stage) =>
      anOutcome({ stage, outcome: 'succeeded' }),
    );
    const status = aStatus(
      { mode: 'hold', stage: 'soak', hold, outcomes },
      {
        holdEndsAtMs: AT_MS + 1_800_000,
        details: { provision: '1 cluster up', seed: '9 Nodes Ready', ramp: 'created', steady: 'bound' },
      },
    );
    const details = read(status, null, { gates: [{ name: 'podBindP99', bar: { max: 5 } }] });
    expect(details).toMatch(/^## Holding: waiting for a decision\n/);
    expect(details).toContain('failed at 2026-11-23 10:15:00 UTC: podBindP99 9 s > 5 s since minute 4');
    expect(details).toContain('### What still exists\n\n- 1 cluster up\n- 9 Nodes Ready\n- bound\n\n');
    expect(details).toContain('waits until **2026-11-23 10:45:00 UTC**');
    const answers = [...details.matchAll(/```json\s+(\{[^`]*\})\s+```/g)].map(
      ([, json]) => JSON.parse(json ?? '') as object,
    );
    expect(answers).toHaveLength(4);
    for (const answer of answers) {
      const parsed = parseDecideInput(answer);
      if (typeof parsed === 'string') throw new Error(parsed);
      expect(refuseDecision(status.state, parsed)).toBeNull();
    }
    expect(answers[3]).toMatchObject({ decision: 'retry', set: { 'gates.podBindP99.max': 5 } });
    expect(details).toContain('A **retry** may change the bar, now ≤ 5; replace the number:');
  });

  test.for([
    [{ min: 0.99 }, { 'gates.ratio.min': 0.99 }, '≥ 0.99'],
    [{ min: 1, max: 3 }, { 'gates.ratio.min': 1, 'gates.ratio.max': 3 }, '≥ 1, ≤ 3'],
  ] as const)('offer the bar that the gate has: %j', ([bar, set, said]) => {
    const hold = aHold({ failure: { kind: 'breach', message: 'x', gate: 'ratio' } });
    const details = currentDetails(aStatus({ mode: 'hold', hold }), null, { gates: [{ name: 'ratio', bar }] });
    expect(details).toContain(JSON.stringify(set).slice(1, -1));
    expect(details).toContain(`now ${said};`);
  });

  test('of a hold that no gate caused offer no bar', () => {
    const hold = aHold({ stage: 'ramp', failure: { kind: 'system', message: '12 Pods stayed pending' } });
    const details = currentDetails(aStatus({ mode: 'hold', stage: 'ramp', hold }), null, {
      gates: [{ name: 'podBindP99', bar: { max: 5 } }],
    });
    expect(details).toContain('What ramp created before it failed.');
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
    const details = read(aStatus({ mode: 'finished', stage: 'teardown' }, { verdict: 'fail' }), judged);
    expect(details).toMatch(/^## Finished: fail\n/);
    expect(details).toContain('### Verdict: fail\n\n- podBindP99 9.12 s > 5 s\n\n| gate |');
    expect(details).toMatch(/\| podBindP99 \| 9\.12\d* s \| ≤ 5\s*s \| -82 % \| \*\*fail\*\* \|/);
    expect(details).toContain('| a\\|b | – | ≤ 5 s | – | **unmeasured** |');
    expect(details).toContain('Not judged: cpu 0.5 cores.');
  });

  test('show failures that a retry healed beside the verdict', () => {
    const failure = { kind: 'breach' as const, message: 'podBindP99 9 s > 5 s' };
    const outcomes = [
      anOutcome({ stage: 'soak', failure }),
      anOutcome({ stage: 'soak', execution: 2, outcome: 'succeeded' }),
    ];
    const details = read(aStatus({ mode: 'finished', outcomes }, { verdict: 'pass' }), aJudged({ verdict: 'pass' }));
    expect(details).toContain('- soak passed on execution 2; execution 1: podBindP99 9 s > 5 s\n');
  });

  test('show a story of the events that the table of stages does not show', () => {
    const texts = [
      'seed: 9 Nodes Ready',
      '**soak failed** (execution 1): x',
      'soak stopped',
      'infrastructure: etcd died',
    ];
    const story = texts.map((text) => ({ atMs: AT_MS, text }));
    expect(read(aStatus({}, { story }), null).trim()).toMatch(
      /\n\n### Story\n\n- `10:15:00` infrastructure: etcd died$/,
    );
    expect(read(aStatus({}, { story: story.slice(0, 3) }), null)).not.toContain('Story');
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
            {
              mode: 'hold',
              stage: 'soak',
              hold,
              outcomes: Array.from({ length: gates }, (_, i) =>
                anOutcome({ execution: i + 1, failure: { kind: 'breach', message } }),
              ),
            },
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
