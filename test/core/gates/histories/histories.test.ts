import { assert, property } from 'fast-check';
import { describe, expect, it } from 'vitest';
import { runOn } from './answer.ts';
import { histories } from './arbitrary.ts';
import { definitionOf, judged, reading } from './judged.ts';
import { recorded } from './recorded.ts';
import { BOUNDS, type World } from './world.ts';

const RUNS = 20_000;
/** Of the readings of a healthy fleet that was scraped without a gap, and of which something is true. */
const MOST_UNMEASURED = 0.01;
/** Of the readings of a fleet in which one target missed one to five scrapes, also at the window's end. */
const LEAST_MEASURED_WITH_GAP = 0.5;
/** Of all readings, where some target restarts, is silent, is missing, or is scraped with gaps. */
const LEAST_MEASURED = 0.3;

/** Whether some wait is beyond the bucket before the last finite one: a high quantile may then be saturated. */
function mayBeSaturated({ positions }: World): boolean {
  const beyond = BOUNDS.at(-2) ?? 0;
  return positions.some(({ waits }) => waits.some(({ seconds }) => seconds > beyond));
}

describe('readings of drawn histories', () => {
  const seeds = [1, Number(process.env['BELAY_TEST_SEED'] ?? 2)];
  it.each(seeds)(
    'are never judged against the truth, seed %i',
    (seed) => {
      const counts = { all: 0, measured: 0, healthy: 0, healthyUnmeasured: 0, gaps: 0, gapsMeasured: 0 };
      assert(
        property(histories, (history) => {
          const { gate, world, defects } = history;
          const record = recorded(world);
          const truth = gate.truth(world, record);
          const taken = runOn(record.store, reading(history));
          const { wrong } = judged(gate, definitionOf(gate, world), taken, truth);
          const found = wrong.map(({ what, bar, result }) => `${what} with ${JSON.stringify(bar)}: ${result.message}`);
          expect(found, `${gate.name}, truth ${JSON.stringify(truth)}`).toEqual([]);
          counts.all += 1;
          if (taken.quality === 'measured') counts.measured += 1;
          if (truth === undefined || (taken.reason === 'saturated' && mayBeSaturated(world))) return;
          if (defects.length === 0) {
            counts.healthy += 1;
            if (taken.quality !== 'measured') counts.healthyUnmeasured += 1;
          }
          if (defects.length === 1 && (defects[0] === 'missed' || defects[0] === 'failed')) {
            counts.gaps += 1;
            if (taken.quality === 'measured') counts.gapsMeasured += 1;
          }
        }),
        { seed, numRuns: RUNS / seeds.length },
      );
      expect(counts.healthy).toBeGreaterThan(RUNS / 100);
      expect(counts.healthyUnmeasured / counts.healthy).toBeLessThan(MOST_UNMEASURED);
      expect(counts.gapsMeasured / counts.gaps).toBeGreaterThan(LEAST_MEASURED_WITH_GAP);
      expect(counts.measured / counts.all).toBeGreaterThan(LEAST_MEASURED);
    },
    // A guard against a loop without end: a full machine has taken 290 s.
    900_000,
  );
});
