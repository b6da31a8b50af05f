import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { readReadings, type StoredReading } from '../../src/adapters/evidence/evidence-folder.ts';
import type { Curve } from '../../src/adapters/evidence/series.ts';
import type { BelaySummary } from '../../src/adapters/evidence/summary-model.ts';
import {
  STANDIN_CATALOGUE,
  standinProfile,
  standinSystem,
  type StandinProfile,
  type StandinSystem,
} from '../standins/bigfleet/files.ts';
import { withBelay, type Belay } from './belay-cli.ts';

/** A campaign of the stand-in: the fault of its system, and what its profile differs in. */
type Case = Omit<StandinSystem, 'name'> & Partial<Omit<StandinProfile, 'name' | 'system'>>;

const SOAK_SECONDS = 12;
/** A Node that fails is what makes the stand-in bring up another one in the soak. */
const FAIL_NODE_AT_SECONDS = 5;

const CASES = {
  healthy: {},
  stall: { fault: 'stall' },
  timeouts: { fault: 'bootstrap-timeout', soakSeconds: 60 },
  landing: { fault: 'emit-without-landing' },
  shortfall: { fault: 'standing-shortfall', soakSeconds: 60 },
  acks: { fault: 'ack-delay' },
  saturation: { fault: 'saturation' },
  vanishing: { fault: 'vanishing-metrics', faultAfterMs: 2_000 },
  scarcity: {
    fault: 'standing-shortfall',
    from: 'start',
    slo: { expectStandingShortfall: true, shortfallConfinedBelowPriorityClass: 'batch' },
    // Where no machine is to be had, none is brought up in the soak.
    gates: { bootstrapSuccessRatio: { unmeasured: 'allow' }, shardConfigurePhaseP99Seconds: { unmeasured: 'allow' } },
  },
} satisfies Record<string, Case>;

type CaseName = keyof typeof CASES;

/** Campaigns under way at once: each has a cluster and a Prometheus of its own. */
const AT_ONCE = 2;

interface Ended {
  readonly exitCode: number;
  readonly output: string;
  readonly summary: BelaySummary;
  readonly readings: readonly StoredReading[];
  readonly curve: (gate: string) => Curve;
}

const ended = new Map<CaseName, Ended>();

beforeAll(async () => {
  await withBelay(async (belay) => {
    belay.write('files/profiles/archetypes/standin.yaml', STANDIN_CATALOGUE);
    const waiting = (Object.keys(CASES) as CaseName[]).filter((name) => ONLY.length === 0 || ONLY.includes(name));
    for (const name of waiting) writeFiles(belay, name);
    expect((await belay.run(['up'])).exitCode).toBe(0);
    const lane = async (): Promise<void> => {
      for (let name = waiting.shift(); name !== undefined; name = waiting.shift())
        ended.set(name, await runCase(belay, name));
    };
    await Promise.all(Array.from({ length: AT_ONCE }, lane));
  });
});
