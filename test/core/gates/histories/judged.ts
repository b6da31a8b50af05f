import { judgeGate } from '../../../../src/core/gates/judge.ts';
import type { Bar, GateDefinition, GateResult, Reading } from '../../../../src/core/gates/model.ts';
import { readGate } from '../../../../src/core/gates/read-gate.ts';
import { resolveGates } from '../../../../src/core/gates/resolve.ts';
import type { ReadingContext } from '../../../../src/core/gates/subject.ts';
import type { Asking } from '../../../../src/core/gates/asking.ts';
import type { History } from './arbitrary.ts';
import { CAMPAIGN_START_MS } from './frame.ts';
import type { TrueGate } from './gates.ts';
import type { Truth } from './truth.ts';
import { BOUNDS, type World } from './world.ts';

/** What the reading of a world's gates is given beside the gate. */
function contextOf({ scrapeIntervalMs, job, positions }: World): ReadingContext {
  return {
    campaign: 'drawn',
    execution: 1,
    campaignStartMs: CAMPAIGN_START_MS - 1_000,
    scrapeIntervalMs,
    gaps: [],
    expected: { [job]: { count: positions.length } },
    watchLimitMs: 30_000,
  };
}

/** The definition of a gate over a world, with a bar that does not matter. */
export function definitionOf(gate: TrueGate, world: World): GateDefinition {
  const [definition] = resolveGates(
    {},
    { drawn: { max: 3, ...gate.patch(world) } },
    { machines: 1, pods: 1, clusters: 1 },
  );
  if (definition === undefined) throw new Error(`${gate.name} has no definition`);
  return definition;
}

/** Reads the gate of a history over its window. */
export function reading({ gate, world }: History): Asking<Reading> {
  const window = { startMs: world.windowStartMs, endMs: world.windowEndMs };
  return readGate(definitionOf(gate, world), window, window.endMs, contextOf(world));
}

/** What a verdict got wrong. */
export interface Wrong {
  readonly what: 'false pass' | 'false fail';
  readonly bar: Bar;
  readonly result: GateResult;
}

/** Bars about the truth and about what was read, on both sides, and at the bounds of buckets. */
function barsNear(truth: Truth | undefined, { value, low, high }: Reading): readonly number[] {
  const near = [truth?.low, truth?.high, value, low, high].filter(
    (one) => one !== undefined && one !== null && Number.isFinite(one),
  ) as number[];
  return [
    ...new Set([
      ...near.flatMap((one) => [one, one * (1 - 1e-6), one * (1 + 1e-6), one - 1, one + 1, one * 0.7, one * 1.5]),
      ...BOUNDS,
    ]),
  ];
}

/** Judges a reading by many bars and compares each verdict with the truth. */
export function judged(
  gate: TrueGate,
  definition: GateDefinition,
  taken: Reading,
  truth: Truth | undefined,
): {
  readonly wrong: readonly Wrong[];
  readonly verdicts: readonly { readonly bar: Bar; readonly result: GateResult }[];
} {
  const bars = barsNear(truth, taken).flatMap((bar): Bar[] => [{ max: bar }, { min: bar }]);
  const verdicts = bars.map((bar) => ({ bar, result: judgeGate({ ...definition, bar }, taken) }));
  const wrong = verdicts.flatMap(({ bar, result }): Wrong[] => {
    if (result.verdict === 'unmeasured') return [];
    if (truth === undefined) return result.verdict === 'pass' ? [{ what: 'false pass', bar, result }] : [];
    // Rates are rounded. What is counted is exact, on its bar too.
    const slack = gate.rounds ? 1e-9 * Math.max(1, Math.abs(truth.low), Math.abs(truth.high)) : 0;
    const [lowest, highest] = [truth.low - slack, truth.high + slack];
    if (result.verdict === 'pass')
      return lowest > (bar.max ?? Infinity) || highest < (bar.min ?? -Infinity)
        ? [{ what: 'false pass', bar, result }]
        : [];
    return highest <= (bar.max ?? Infinity) && lowest >= (bar.min ?? -Infinity)
      ? [{ what: 'false fail', bar, result }]
      : [];
  });
  return { wrong, verdicts };
}
