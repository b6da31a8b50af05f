import { array, boolean, constant, constantFrom, integer, record, type Arbitrary } from 'fast-check';
import { eventsOf } from './events.ts';
import { CAMPAIGN_START_MS, few, momentOf, seldom, spanOf, type Frame } from './frame.ts';
import { scrapesOf } from './scrapes.ts';
import { TRUE_GATES, type TrueGate } from './gates.ts';
import type { Position, Process, Span, World } from './world.ts';

/** A drawn history: what happened, a gate over it, and what was wrong with it. */
export interface History {
  readonly gate: TrueGate;
  readonly world: World;
  /** Names of what was drawn that is not ordinary; empty = a healthy fleet that was scraped without a gap. */
  readonly defects: readonly string[];
}

/** Draws histories. */
export const histories: Arbitrary<History> = record({
  gate: constantFrom(...TRUE_GATES),
  intervalMs: constantFrom(1_000, 2_000, 5_000),
  before: integer({ min: 7, max: 12 }),
  within: integer({ min: 7, max: 22 }),
  phaseMs: integer({ min: 0, max: 4_999 }),
}).chain(({ gate, intervalMs, before, within, phaseMs }) => {
  const startMs = CAMPAIGN_START_MS + before * intervalMs + (phaseMs % intervalMs);
  const frame: Frame = { reads: gate.reads, intervalMs, startMs, endMs: startMs + within * intervalMs };
  return record({
    positions: array(positionOf(frame), { minLength: 1, maxLength: 3, size: 'max' }),
    frozen: seldom(spanOf(frame, 6), 12),
  }).map(({ positions, frozen }) => ({
    gate,
    world: {
      prefix: '',
      job: 'shard',
      scrapeIntervalMs: intervalMs,
      windowStartMs: frame.startMs,
      windowEndMs: frame.endMs,
      positions: positions.map(({ position }, index) => named(position, index)),
      frozen: frozen === undefined ? [] : [frozen],
    },
    defects: [
      ...new Set([...positions.flatMap(({ defects }) => defects), ...(frozen === undefined ? [] : ['frozen'])]),
    ],
  }));
});

function named(position: Position, index: number): Position {
  const shard = `s${index}`;
  return {
    ...position,
    shard,
    cluster: `c${index % 2}`,
    processes: position.processes.map((process) => ({ ...process, instance: `${shard}-${process.instance}` })),
  };
}

function positionOf(frame: Frame): Arbitrary<{ readonly position: Position; readonly defects: readonly string[] }> {
  const { intervalMs, startMs, endMs } = frame;
  return record({
    // The first process began long before, in the campaign, or about the window's start.
    bornMs: seldom(integer({ min: CAMPAIGN_START_MS, max: startMs + 4 * intervalMs }), 8),
    restarts: seldom(few(restartOf(frame), 3), 4),
    diesMs: seldom(momentOf(frame), 14),
    unknown: seldom(constant(true), 30),
    silent: seldom(spanOf(frame, 6), 10),
    start: constantFrom<Position['start'][]>('exact', 'exact', 'cut', 'rounded'),
    hidden: seldom(constant(true), 20),
    scrapes: scrapesOf(frame),
    events: eventsOf(frame),
  }).map(({ bornMs, restarts, diesMs, unknown, silent, start, hidden, scrapes, events }) => {
    const processes = processesOf(bornMs ?? CAMPAIGN_START_MS - 600_000, restarts ?? [], diesMs ?? Infinity, {
      unknown: unknown === true,
      silent: silent === undefined ? [] : [silent],
    });
    const alive = <T extends { readonly atMs: number }>(happenings: readonly T[]): readonly T[] =>
      happenings
        .filter(
          ({ atMs }) => atMs <= endMs + intervalMs && processes.some((one) => one.fromMs <= atMs && atMs < one.toMs),
        )
        .toSorted((a, b) => a.atMs - b.atMs);
    const outgrown = (restarts ?? []).flatMap(({ atMs, downMs, burst }) =>
      burst === 0 ? [] : [{ atMs: atMs + downMs + 1, by: burst, kind: 'ok' }],
    );
    const position: Position = {
      cluster: '',
      shard: '',
      processes,
      scrapes: scrapes.scrapes,
      start: hidden === true ? 'hidden' : start,
      restores: false,
      bornKinds: events.bornKinds,
      bornWaits: events.bornWaits,
      work: alive([...events.work, ...(frame.reads === 'work' ? outgrown : [])]),
      waits: alive(events.waits),
      levels: events.levels,
    };
    const odd = {
      born: bornMs,
      restart: restarts === undefined || restarts.length === 0 ? undefined : restarts,
      death: diesMs,
      unknown,
      silent,
      hidden,
    };
    return {
      position,
      defects: [
        ...Object.entries(odd).flatMap(([name, value]) => (value === undefined ? [] : [name])),
        ...scrapes.defects,
        ...events.defects,
      ],
    };
  });
}

interface Restart {
  readonly atMs: number;
  readonly downMs: number;
  readonly moves: boolean;
  /** For how long the target of the old process is scraped beside the new one. */
  readonly lingersMs: number;
  /** Work that the new process does at once: its counters outgrow those of the old one. */
  readonly burst: number;
}

function restartOf(frame: Frame): Arbitrary<Restart> {
  return record({
    atMs: momentOf(frame),
    downMs: integer({ min: 0, max: 3 * frame.intervalMs }),
    moves: boolean(),
    lingersMs: constantFrom(0, 0, 2, 4).map((scrapes) => scrapes * frame.intervalMs),
    burst: constantFrom(0, 0, 30, 500),
  });
}

function processesOf(
  bornMs: number,
  restarts: readonly Restart[],
  diesMs: number,
  { unknown, silent }: { readonly unknown: boolean; readonly silent: readonly Span[] },
): readonly Process[] {
  const processes: Process[] = [];
  let [fromMs, instance, knownMs] = [bornMs, 0, bornMs];
  const end = (toMs: number, lingersMs: number): void => {
    const known = unknown ? Infinity : knownMs;
    processes.push({ fromMs, toMs, instance: String(instance), knownMs: known, lingersMs, silent });
  };
  for (const { atMs, downMs, moves, lingersMs } of restarts.toSorted((a, b) => a.atMs - b.atMs)) {
    if (atMs <= fromMs || atMs >= diesMs) continue;
    end(atMs, lingersMs);
    fromMs = atMs + downMs;
    if (moves) [instance, knownMs] = [instance + 1, fromMs];
  }
  if (fromMs < diesMs) end(diesMs, 0);
  return processes;
}
