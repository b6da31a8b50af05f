import { describe, expect, test } from 'vitest';
import { initialState, type CampaignState, type StageOutcome } from '../../../src/core/campaign/machine.ts';
import type { CampaignStatus } from '../../../src/core/campaign/stage-io.ts';
import { stageState, stageTable } from '../../../src/core/campaign/stage-table.ts';
import { STAGES } from '../../../src/core/model/stages.ts';

const AT_MS = Date.UTC(2026, 10, 23, 10, 15, 0);

function aStatus(state: Partial<CampaignState>, details: Readonly<Record<string, string>> = {}): CampaignStatus {
  return {
    campaign: 'c',
    profile: 'p',
    substrate: 's',
    system: 'k',
    fleetSize: 1,
    state: { ...initialState(AT_MS), ...state },
    details,
    story: [],
    verdict: null,
    holdEndsAtMs: null,
  };
}

function anOutcome(change: Partial<StageOutcome>): StageOutcome {
  return { stage: 'soak', execution: 1, outcome: 'succeeded', startedAtMs: AT_MS, endedAtMs: AT_MS + 3_240, ...change };
}

/** The rows as they are read, without the head. */
function rowsOf(...given: Parameters<typeof stageTable>): readonly string[] {
  return stageTable(...given)
    .replaceAll('\u00A0', ' ')
    .split('\n')
    .slice(2);
}

describe('the table of stages', () => {
  test('has a row for what ran, what runs, and what is to come', () => {
    const state = {
      stage: 'provision',
      stageStartedAtMs: AT_MS + 5_000,
      outcomes: [anOutcome({ stage: 'resolve' })],
    } as const;
    const planned = { provision: '1 local cluster', soak: '30 s | 7 gates' };
    const rows = rowsOf(aStatus(state, { resolve: '36 Pods' }), planned);
    expect(rows.slice(0, 3)).toEqual([
      '| ✓ | resolve | 10:15:00 | 3.2 s | 36 Pods |',
      '| ▶ | **provision** | 10:15:05 | running | 1 local cluster |',
      '| · | install |  |  |  |',
    ]);
    expect(rows).toContain('| · | soak |  |  | 30 s \\| 7 gates |');
    expect(rows).toHaveLength(STAGES.length);
  });

  test('keeps every execution in the order in which they ran', () => {
    const failure = { kind: 'breach', message: 'p99 9 s > 5 s' } as const;
    const outcomes = [
      anOutcome({ stage: 'steady' }),
      anOutcome({ outcome: 'failed', failure }),
      anOutcome({ stage: 'steady', execution: 2 }),
      anOutcome({ execution: 2, outcome: 'failed', failure }),
      anOutcome({ execution: 2, outcome: 'skipped', endedAtMs: AT_MS }),
    ];
    const rows = rowsOf(aStatus({ stage: 'snapshot', outcomes }, { steady: '36 bound', soak: 'p99' }));
    expect(rows.slice(0, 6)).toEqual([
      '| ✓ | steady | 10:15:00 | 3.2 s |  |',
      '| ✗ | soak | 10:15:00 | 3.2 s | failed: p99 9 s > 5 s |',
      '| ✓ | steady (execution 2) | 10:15:00 | 3.2 s | 36 bound |',
      '| ✗ | soak (execution 2) | 10:15:00 | 3.2 s | failed: p99 9 s > 5 s |',
      '| – | soak (execution 2) | 10:15:00 |  | skipped by decision at 10:15:00 |',
      '| ▶ | **snapshot** | 10:15:00 | running |  |',
    ]);
  });

  test('says of a campaign that closed early what it did not get to', () => {
    const outcomes = [anOutcome({ stage: 'ramp', outcome: 'cancelled' })];
    const closing = rowsOf(aStatus({ stage: 'judge', earlyEnd: 'cancelled', outcomes }));
    expect(closing).toContain('| – | ramp | 10:15:00 | 3.2 s | stopped |');
    expect(closing).toContain('| – | soak |  |  | not run |');
    expect(closing).toContain('| · | teardown |  |  |  |');
    const ended = rowsOf(aStatus({ mode: 'finished', stage: 'teardown', earlyEnd: 'cancelled', outcomes }));
    expect(ended).toContain('| – | teardown |  |  | not run |');
  });

  test('keeps the newest executions of very many', () => {
    const outcomes = Array.from({ length: 50 }, (_, i) => anOutcome({ execution: i + 1 }));
    const rows = rowsOf(aStatus({ mode: 'hold', stage: 'soak', outcomes }));
    expect(rows[0]).toBe('| … | 30 earlier |  |  |  |');
    expect(rows[20]).toContain('soak (execution 50)');
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
