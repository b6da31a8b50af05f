import { describe, expect, it } from 'vitest';
import { finalGates, isDecided } from '../../../src/core/verdict/final-readings.ts';
import type { ReadingMoment, StoredReading } from '../../../src/core/verdict/stored-reading.ts';
import { BEGIN_MS, gateOf, resultOf } from '../../adapters/evidence/fixture.ts';

const bind = gateOf('bind', { failFast: true });
const shown = gateOf('shown');
const gates = [bind, shown];

function read(
  gate: typeof bind,
  value: number | null,
  moment: ReadingMoment | undefined,
  change: { readonly execution?: number; readonly atMs?: number } = {},
): StoredReading {
  const { execution = 1, atMs = BEGIN_MS + 60_000 } = change;
  const marked = moment === undefined ? {} : { moment };
  return { stage: 'soak', execution, ...marked, ...resultOf(gate, value, atMs) };
}

function values(kept: readonly StoredReading[], execution = 1): readonly (number | null)[] {
  return finalGates(gates, kept, { execution }, BEGIN_MS).map(({ reading }) => reading.value);
}

describe('the readings that judge a campaign', () => {
  it.each<[string, readonly StoredReading[], readonly (number | null)[]]>([
    ['are those of the end', [read(bind, 9, 'check'), read(bind, 1, 'end'), read(shown, 2, 'end')], [1, 2]],
    [
      'are the first of the end: a failed one is not replaced by what another attempt read',
      [
        read(bind, 9, 'end'),
        read(shown, 2, 'end'),
        read(bind, 1, 'end', { atMs: BEGIN_MS + 90_000 }),
        read(shown, 3, 'end'),
      ],
      [9, 2],
    ],
    [
      'are completed by the next attempt when writing them was cut off',
      [read(bind, 9, 'end'), read(bind, 1, 'end'), read(shown, 2, 'end')],
      [9, 2],
    ],
    [
      'are of this execution',
      [read(bind, 9, 'end'), read(shown, 9, 'end'), read(bind, 1, 'check', { execution: 2 })],
      [9, 9],
    ],
    ['are none when only checks were made', [read(bind, 1, 'check'), read(shown, 1, 'check')], [null, null]],
    [
      'are the newest complete ones in files without marks',
      [
        read(bind, 1, undefined, { atMs: BEGIN_MS + 5_000 }),
        read(bind, 2, undefined, { atMs: BEGIN_MS + 60_000 }),
        read(shown, 2, undefined, { atMs: BEGIN_MS + 60_000 }),
        read(bind, 3, undefined, { atMs: BEGIN_MS + 70_000 }),
        read(shown, 3, undefined, { atMs: BEGIN_MS + 70_000 }),
      ],
      [3, 3],
    ],
  ])('%s', (_, kept, expected) => {
    expect(values(kept)).toEqual(expected);
  });

  it('of a second execution are its own, or none', () => {
    const kept = [read(bind, 9, 'end'), read(shown, 9, 'end'), read(bind, 1, 'check', { execution: 2 })];
    expect(values(kept, 2)).toEqual([null, null]);
    const [result] = finalGates(gates, kept, { execution: 2 }, BEGIN_MS);
    expect(result).toMatchObject({ stage: 'soak', execution: 2, reading: { reason: 'not-evaluated' } });
  });

  it('name their stage and execution, and none when no soak ran', () => {
    const kept = [read(bind, 1, 'end'), read(shown, 2, 'end')];
    expect(finalGates(gates, kept, { execution: 1 }, BEGIN_MS)).toMatchObject([
      { gate: 'bind', stage: 'soak', execution: 1 },
      { gate: 'shown', stage: 'soak', execution: 1 },
    ]);
    expect(finalGates(gates, [], { execution: 0 }, BEGIN_MS)[0]).not.toHaveProperty('stage');
  });

  it('have the checks of fail-fast gates with them', () => {
    const schedule = { settleEndMs: BEGIN_MS, endMs: BEGIN_MS + 20_000, intervalMs: 5_000 };
    const kept = [
      read(bind, 1, 'check', { atMs: BEGIN_MS + 5_000 }),
      read(bind, 1, 'end', { atMs: schedule.endMs }),
      read(shown, 2, 'end', { atMs: schedule.endMs }),
    ];
    const [first, second] = finalGates(gates, kept, { execution: 1, schedule }, BEGIN_MS);
    expect(first?.checks).toEqual({ due: 3, measured: 1, unmeasured: 0, missed: 2, cause: 'not made' });
    expect(first?.verdict).toBe('unmeasured');
    expect(second).not.toHaveProperty('checks');
  });

  it('are decided when each gate has one', () => {
    expect(isDecided(gates, [read(bind, 1, 'end')], 1)).toBe(false);
    expect(isDecided(gates, [read(bind, 1, 'end'), read(shown, 1, 'check')], 1)).toBe(false);
    expect(isDecided(gates, [read(bind, 1, 'end'), read(shown, null, 'end')], 1)).toBe(true);
    expect(isDecided(gates, [read(bind, 1, 'end'), read(shown, null, 'end')], 2)).toBe(false);
  });
});
