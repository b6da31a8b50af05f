import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { readReadings } from '../../src/adapters/evidence/evidence-folder.ts';
import { isHostBusy } from '../../src/core/gates/host-saturation.ts';
import type { StoredReading } from '../../src/core/verdict/stored-reading.ts';
import type { Curve } from '../../src/adapters/evidence/series.ts';
import type { Summary } from '../../src/core/verdict/summary-model.ts';
import {
  STANDIN_CATALOGUE,
  standinProfile,
  standinSystem,
  type StandinProfile,
  type StandinSystem,
} from '../standins/bigfleet/files.ts';
import { drawn, SEED } from '../drawn.ts';
import { withBelay, type Belay } from './belay-cli.ts';

/** A campaign of the stand-in: the fault of its system, and what its profile differs in. */
type Case = Omit<StandinSystem, 'name'> & Partial<Omit<StandinProfile, 'name' | 'system'>>;

const SOAK_SECONDS = 12;
/** A Node that fails is what makes the stand-in bring up another one in the soak. */
const FAIL_NODE_AT_SECONDS = 5;

const CASES = {
  healthy: {},
  // Its one stall must lie between two scrapes of the soak's window, whose first one may come a second into it.
  stall: { fault: 'stall', faultAfterMs: 3_000 },
  // Its cycles are seen in the window first, so that only their age shows that it hangs.
  hung: { fault: 'hung', faultAfterMs: 4_000, soakSeconds: 60, slo: { shardCycleDurationP99Seconds: 1 } },
  // The soak is long enough for a host on which other work takes CPU too. The breach ends it.
  spins: {
    fault: 'spins',
    faultAfterMs: 4_000,
    soakSeconds: 180,
    slo: { shardCycleDurationP99Seconds: 1 },
    gates: { shardCycleAge: { max: 5 } },
  },
  applyErrors: { fault: 'apply-errors', faultAfterMs: 2_000 },
  cycles: { fault: 'slow-cycles', faultAfterMs: 6_000, soakSeconds: 60, slo: { shardCycleDurationP99Seconds: 1 } },
  timeouts: { fault: 'bootstrap-timeout', soakSeconds: 60 },
  landing: { fault: 'emit-without-landing' },
  shortfall: { fault: 'standing-shortfall', soakSeconds: 60 },
  acks: { fault: 'ack-delay' },
  saturation: { fault: 'saturation' },
  vanishing: { fault: 'vanishing-metrics', faultAfterMs: 2_000 },
  // Not before something was scraped: a job that never was is not known to be down.
  dark: { fault: 'dark', faultAfterMs: 2_000 },
  scarcity: {
    fault: 'standing-shortfall',
    from: 'start',
    slo: { expectStandingShortfall: true, shortfallConfinedBelowPriorityClass: 'batch' },
    // Where no machine is to be had, none is brought up in the soak.
    gates: { bootstrapSuccessRatio: { unmeasured: 'allow' }, shardConfigurePhaseP99Seconds: { unmeasured: 'allow' } },
  },
} satisfies Record<string, Case>;

type CaseName = keyof typeof CASES;

/** Tried in every run: what must pass, and the loops that hang. Of the others, each a campaign of half a minute, one is drawn. */
const ALWAYS: readonly CaseName[] = ['healthy', 'hung', 'spins'];
const DRAWN = 1;
const TRIED: ReadonlySet<CaseName> = new Set([
  ...ALWAYS,
  ...drawn(
    (Object.keys(CASES) as CaseName[]).filter((name) => !ALWAYS.includes(name)),
    DRAWN,
  ),
]);

interface Ended {
  readonly exitCode: number;
  readonly output: string;
  readonly summary: Summary;
  readonly readings: readonly StoredReading[];
  readonly curve: (gate: string) => Curve;
}

const ended = new Map<CaseName, Ended>();

beforeAll(async () => {
  await withBelay(async (belay) => {
    belay.write('files/profiles/archetypes/standin.yaml', STANDIN_CATALOGUE);
    for (const name of TRIED) writeFiles(belay, name);
    expect((await belay.run(['up'])).exitCode).toBe(0);
    // One after another, with nothing else beside them: where the host has no CPU left, a latency beyond its bar is no breach. A campaign
    // and its cluster take half a core in their soak.
    for (const name of TRIED) ended.set(name, await runCase(belay, name));
  });
}, 900_000);

describe(`cases of the stand-in, seed ${SEED}`, () => {
  trial('healthy', 'a healthy fleet passes every gate', () => {
    const { exitCode, summary, output } = of('healthy');
    expect(gates('healthy', 'fail'), output).toEqual([]);
    expect(gates('healthy', 'unmeasured'), output).toEqual([]);
    expect({ exitCode, verdict: summary.verdict }).toEqual({ exitCode: 0, verdict: 'pass' });
    expect(gates('healthy', 'pass').length).toBeGreaterThanOrEqual(14);
    expect(gate('healthy', 'bootstrapSuccessRatio').reading.value).toBe(1);
    // What is only shown may have had nothing to count. All other series of the system file are served.
    const reasons = summary.gates.map(({ gate: name, reading }) => `${name}: ${reading.reason ?? 'measured'}`);
    expect(reasons.filter((line) => !/: (measured|no-events)$/.test(line)).sort()).toEqual([
      'shardActionsDeferredPerSec: no-series',
      'shardActionsDroppedPerSec: no-series',
    ]);
  });

  trial('stall', 'stalls of hours among quick cycles make the cycle unmeasured, not quick', () => {
    expectEnd('stall', { exitCode: 2, verdict: 'unmeasured', soak: 'succeeded' });
    expect(gates('stall', 'fail')).toEqual([]);
    expect(gates('stall', 'unmeasured')).toEqual(['shardCycleDurationP99Seconds']);
    expect(gate('stall', 'shardCycleDurationP99Seconds').reading.reason).toBe('saturated');
  });

  trial('hung', 'a shard whose cycle hangs ends the soak, though it serves the numbers of its quick cycles', () => {
    expectEnd('hung', { exitCode: 1, verdict: 'fail', soak: 'failed' });
    // The Pods of the Node that failed have no machine either.
    expect(gates('hung', 'fail')).toContain('shardCycleAge');
    expect(gate('hung', 'shardsReportingCycle').verdict).toBe('pass');
    expect(gate('hung', 'shardCycleDurationP99Seconds').verdict).toBe('pass');
    expect(of('hung').summary.breaches[0]?.gate).toBe('shardCycleAge');
  });

  trial('spins', 'a shard that hangs in busy loops ends the soak, though they leave the host no CPU', () => {
    expectEnd('spins', { exitCode: 1, verdict: 'fail', soak: 'failed' });
    expect(gates('spins', 'fail')).toContain('shardCycleAge');
    const { reading } = gate('spins', 'shardCycleAge');
    expect(isHostBusy(reading)).toBe(true);
    expect(reading.withCpu).toBeLessThan(reading.value ?? 0);
  });

  trial('applyErrors', 'failures of which the first are born together are counted, each of them', () => {
    expectEnd('applyErrors', { exitCode: 1, verdict: 'fail', soak: 'succeeded' });
    expect(gates('applyErrors', 'fail')).toEqual(['coordinatorApplyErrorRate']);
    expect(gate('applyErrors', 'coordinatorApplyErrorRate').reading.value).toBeGreaterThan(0.8);
  });

  trial('cycles', 'slow cycles end the soak at the next check', () => {
    expectEnd('cycles', { exitCode: 1, verdict: 'fail', soak: 'failed' });
    expect(gates('cycles', 'fail')).toEqual(['shardCycleDurationP99Seconds']);
    expectBreachAtNextCheck('cycles', 'shardCycleDurationP99Seconds', (value) => value > 1);
  });

  trial('timeouts', 'bootstraps that are given up at 30 s end the soak at the next check', () => {
    expectEnd('timeouts', { exitCode: 1, verdict: 'fail', soak: 'failed' });
    expect(gates('timeouts', 'fail')).toEqual(
      expect.arrayContaining(['bootstrapSuccessRatio', 'shardConfigurePhaseP99Seconds']),
    );
    expect(of('timeouts').summary.breaches.map((breach) => breach.gate)).toContain('shardConfigurePhaseP99Seconds');
    expectBreachAtNextCheck('timeouts', 'shardConfigurePhaseP99Seconds', (value) => value > 15);
  });

  trial('landing', 'bootstraps that count as done without a Node are found by the Pods that wait', () => {
    expectEnd('landing', { exitCode: 1, verdict: 'fail', soak: 'succeeded' });
    expect(gates('landing', 'fail')).toEqual(['podsBound', 'podsReady']);
    expect(gate('landing', 'bootstrapSuccessRatio').reading.value).toBe(1);
  });

  trial('shortfall', 'a standing shortfall ends the soak at the next check', () => {
    expectEnd('shortfall', { exitCode: 1, verdict: 'fail', soak: 'failed' });
    expect(gates('shortfall', 'fail')).toContain('shardShortfalls');
    expectBreachAtNextCheck('shortfall', 'shardShortfalls', (value) => value > 0);
  });

  trial('scarcity', 'a standing shortfall that the profile expects passes', () => {
    expectEnd('scarcity', { exitCode: 0, verdict: 'pass', soak: 'succeeded' });
    expect(gate('scarcity', 'shardShortfalls')).toMatchObject({ verdict: 'pass', bar: { min: 1 }, barKind: 'held' });
    expect(gate('scarcity', 'shardShortfalls').reading.value).toBe(1);
    expect(gate('scarcity', 'shardShortfallsDelta')).toMatchObject({ verdict: 'pass', bar: { max: 0 } });
    expect(gate('scarcity', 'shortfallAboveLowestClass')).toMatchObject({ verdict: 'pass', reading: { value: 0 } });
  });

  trial('acks', 'late acknowledgements fail at the end of the soak', () => {
    expectEnd('acks', { exitCode: 1, verdict: 'fail', soak: 'succeeded' });
    expect(gates('acks', 'fail')).toEqual(['operatorAckP99Seconds']);
  });

  trial('saturation', 'histograms whose events lie at or beyond their last bucket are unmeasured', () => {
    expectEnd('saturation', { exitCode: 2, verdict: 'unmeasured', soak: 'succeeded' });
    const saturated = ['operatorNodeStateUpdateP99Seconds', 'operatorRollupP99Seconds'];
    expect(gates('saturation', 'fail')).toEqual([]);
    expect(gates('saturation', 'unmeasured')).toEqual(saturated);
    expect(saturated.map((name) => gate('saturation', name).reading.reason)).toEqual(['saturated', 'saturated']);
  });

  trial('vanishing', 'metrics that vanish in the soak are unmeasured, whatever they said before', () => {
    expectEnd('vanishing', { exitCode: 2, verdict: 'unmeasured', soak: 'succeeded' });
    const vanished = ['operatorAckP99Seconds', 'shardShortfalls'];
    expect(gates('vanishing', 'fail')).toEqual([]);
    expect(gates('vanishing', 'unmeasured')).toEqual(vanished);
    for (const name of vanished) {
      expect(gate('vanishing', name).reading).toMatchObject({
        reason: 'no-series',
        detail: expect.stringContaining('no longer'),
      });
    }
  });

  trial('dark', 'a system whose metrics cannot be scraped is unmeasured in all that it alone tells', () => {
    expectEnd('dark', { exitCode: 2, verdict: 'unmeasured', soak: 'succeeded' });
    expect(gates('dark', 'pass')).toEqual(['podsBound', 'podsReady']);
    expect(new Set(gates('dark', 'unmeasured').map((name) => gate('dark', name).reading.reason))).toEqual(
      new Set(['target-down']),
    );
  });
});

/** A test of a case that is tried in this run. */
function trial(name: CaseName, title: string, body: () => void): void {
  if (TRIED.has(name)) test(title, body);
}

function writeFiles(belay: Belay, name: CaseName): void {
  const { fault, from, faultAfterMs, ...profile }: Case = CASES[name];
  const system = `standin-${name}`;
  const begun = { ...(fault && { fault }), ...(from && { from }), ...(faultAfterMs && { faultAfterMs }) };
  belay.write(`files/systems/${system}.yaml`, standinSystem({ name: system, ...begun }));
  // Where nothing is to be had, a machine that comes back would end the shortfall.
  const failing = from === 'start' ? {} : { failNodeAtSeconds: FAIL_NODE_AT_SECONDS };
  const text = standinProfile({ name, system, soakSeconds: SOAK_SECONDS, ...failing, ...profile });
  belay.write(`files/profiles/${name}.yaml`, text);
}

async function runCase(belay: Belay, name: CaseName): Promise<Ended> {
  const { exitCode, stdout, stderr } = await belay.run(['run', name, '--id', name]);
  const folder = join(belay.runs, name);
  const json = (path: string): unknown => JSON.parse(readFileSync(join(folder, path), 'utf8'));
  const summary = json('summary.json') as Summary;
  const curves = new Map(
    summary.gates.flatMap(({ gate: each }) => {
      try {
        return [[each, json(join('prometheus', 'series', `${each}.json`)) as Curve] as const];
      } catch {
        return [];
      }
    }),
  );
  return {
    exitCode,
    output: `${stdout}\n${stderr}`,
    summary,
    readings: readReadings(folder),
    curve: (each) => curves.get(each) ?? expect.fail(`${name}: no curve of ${each}`),
  };
}

function of(name: CaseName): Ended {
  return ended.get(name) ?? expect.fail(`${name} has not run`);
}

function gate(name: CaseName, wanted: string): Summary['gates'][number] {
  return of(name).summary.gates.find((each) => each.gate === wanted) ?? expect.fail(`${name}: no gate ${wanted}`);
}

/** Gates that count and have this verdict, by name. */
function gates(name: CaseName, verdict: Summary['verdict']): readonly string[] {
  return of(name)
    .summary.gates.filter((each) => each.counts !== false && each.verdict === verdict)
    .map((each) => each.gate)
    .sort();
}

function expectEnd(
  name: CaseName,
  wanted: {
    readonly exitCode: number;
    readonly verdict: Summary['verdict'];
    readonly soak: 'succeeded' | 'failed';
  },
): void {
  const { exitCode, summary, output } = of(name);
  const soak = summary.stages.findLast(({ stage }) => stage === 'soak')?.outcome;
  expect({ exitCode, verdict: summary.verdict, soak }, output).toEqual(wanted);
  // The output names each gate that lowers the verdict.
  for (const each of [...gates(name, 'fail'), ...gates(name, 'unmeasured')]) {
    expect(output).toContain(each);
    expect(summary.reasons.join('\n')).toContain(each);
  }
}

/** The soak ended at the first check that could see what Prometheus had scraped: no check passed over it. */
function expectBreachAtNextCheck(name: CaseName, wanted: string, breaks: (value: number) => boolean): void {
  const { readings, curve } = of(name);
  const { lines, stepMs, endMs } = curve(wanted);
  const points = lines.flatMap((line) => line.series.flatMap((series) => series.points));
  // A soak that ended within the same second has no later point.
  const seenAtMs = points.find(([, value]) => breaks(value))?.[0] ?? endMs;
  const checks = readings.filter((each) => each.stage === 'soak' && each.gate === wanted);
  const breach = checks.find((each) => each.verdict === 'fail') ?? expect.fail(`${wanted} was never read as broken`);
  // A sample can be read when the next one is due, at the latest; by then a quantile has more than a stray event to go by.
  const readableAtMs = seenAtMs + stepMs;
  const passedOver = checks.filter(({ reading }) => reading.atMs > readableAtMs && reading.atMs < breach.reading.atMs);
  expect(passedOver).toEqual([]);
  // No check follows it. The readings that judge are of the same moment.
  expect(checks.filter(({ reading }) => reading.atMs > breach.reading.atMs)).toEqual([]);
  expect(checks.filter(({ moment }) => moment === 'end')).toHaveLength(1);
}
