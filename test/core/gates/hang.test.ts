import { array, assert, boolean, double, integer, option, property, record, type Arbitrary } from 'fast-check';
import { describe, expect, it } from 'vitest';
import { cpuTimeIn } from '../../../src/core/gates/cpu-time.ts';
import type { HostSample } from '../../../src/core/gates/host-saturation.ts';
import { judgeGate } from '../../../src/core/gates/judge.ts';
import type { GateResult } from '../../../src/core/gates/model.ts';
import { readGate } from '../../../src/core/gates/read-gate.ts';
import { resolveGates } from '../../../src/core/gates/resolve.ts';
import { runOn } from './histories/answer.ts';
import { Store } from './histories/store.ts';

const BEGIN_MS = 1_700_000_000_000;
const INTERVAL_MS = 1_000;
/** The time between two scrapes does not count at either end of an age. */
const UNSEEN_S = 3;

/** Some seconds of a host, and how a loop gets on in them. */
interface Phase {
  readonly seconds: number;
  /** Tasks for each core on a host without CPU left; undefined = it had CPU left. */
  readonly tasks: number | undefined;
  /** From the least share of a CPU that a task gets, 0, to a whole one, 1. */
  readonly luck: number;
}

const phase: Arbitrary<Phase> = record({
  seconds: integer({ min: 1, max: 90 }),
  tasks: option(double({ min: 0.5, max: 12, noNaN: true }), { nil: undefined }),
  luck: double({ min: 0, max: 1, noNaN: true }),
});

/** What happened in each second of a campaign: the sample of the host, and the share of a CPU that the loop got. */
function secondsOf(phases: readonly Phase[]): readonly { readonly sample: HostSample; readonly share: number }[] {
  return phases
    .flatMap((one) => Array.from({ length: one.seconds }, () => one))
    .map(({ tasks, luck }, index) => {
      const least = tasks === undefined ? 1 : 1 / (2 * Math.max(1, tasks));
      const base = { atMs: BEGIN_MS + (index + 1) * 1_000, forMs: 1_000, memoryAvailableBytes: 1, swapUsedBytes: 0 };
      const sample =
        tasks === undefined
          ? { ...base, cpuUsedShare: 0.6, cpuPressureShare: 0.2, tasksPerCore: 0.5 }
          : { ...base, cpuUsedShare: 1, cpuPressureShare: 0.95, tasksPerCore: tasks };
      return { sample, share: least + luck * (1 - least) };
    });
}

/**
 * Judges the age of a loop at the end of each of these seconds.
 * @param cycleS seconds of CPU that a cycle takes @param hangsAfterS when it stops to progress
 */
function judgedAt(
  moments: readonly number[],
  phases: readonly Phase[],
  { barS, cycleS, hangsAfterS = Infinity }: { barS: number; cycleS: number; hangsAfterS?: number },
): readonly GateResult[] {
  const [gate] = resolveGates(
    {},
    { age: { idle: { counter: 'cycles_total' }, unit: 's', max: barS, minSamples: 1 } },
    { machines: 1, pods: 1, clusters: 1 },
  );
  if (gate === undefined) throw new Error('the gate has no definition');
  const seconds = secondsOf(phases);
  const store = new Store();
  const labels = { job: 'j', instance: 'i' };
  let progressS = 0;
  for (const [index, { sample, share }] of seconds.entries()) {
    progressS += index < hangsAfterS ? share : 0;
    const values = {
      up: 1,
      process_start_time_seconds: 1_000,
      cycles_total: 5 + Math.floor(progressS / cycleS + 1e-9),
    };
    for (const [name, value] of Object.entries(values)) store.append({ __name__: name, ...labels }, sample.atMs, value);
  }
  const samples = seconds.map(({ sample }) => sample);
  return moments.map((second) => {
    const endMs = BEGIN_MS + second * 1_000;
    const context = {
      campaign: 'drawn',
      execution: 1,
      campaignStartMs: BEGIN_MS,
      scrapeIntervalMs: INTERVAL_MS,
      gaps: [],
      expected: {},
      watchLimitMs: 30_000,
      cpuTimeMs: cpuTimeIn(samples.filter(({ atMs }) => atMs <= endMs)),
    };
    return judgeGate(gate, runOn(store, readGate(gate, { startMs: BEGIN_MS, endMs }, endMs, context)));
  });
}

const bar = integer({ min: 5, max: 30 });

describe('the age of the last cycle, on a host with and without CPU', () => {
  it('is never a failure of a loop that runs, whose cycles take as long as the bar on a quiet host', () => {
    assert(
      property(
        array(phase, { minLength: 1, maxLength: 6 }),
        bar,
        double({ min: 0.1, max: 1, noNaN: true }),
        (phases, barS, part) => {
          const lengthS = secondsOf(phases).length;
          const moments = Array.from({ length: lengthS }, (_, index) => index + 1).filter(
            (second) => second % 7 === 0 || second === lengthS,
          );
          for (const { verdict, message } of judgedAt(moments, phases, { barS, cycleS: barS * part }))
            expect(verdict, message).not.toBe('fail');
        },
      ),
      { numRuns: 300 },
    );
  }, 120_000);

  it('of a loop that hangs is a failure once the CPU that a task had is beyond the bar', () => {
    assert(
      property(array(phase, { maxLength: 4 }), bar, phase, boolean(), (before, barS, last, isQuiet) => {
        const tasks = isQuiet ? undefined : (last.tasks ?? 4);
        const hangsAfterS = secondsOf(before).length;
        // Its last cycle may have been before it hung, with more tasks on the host.
        const most = Math.max(1, ...before.map((one) => one.tasks ?? 0), tasks ?? 0);
        const neededS = Math.ceil((barS + UNSEEN_S) * 2 * most) + 1;
        const phases = [...before, { ...last, tasks, seconds: neededS }];
        const [result] = judgedAt([hangsAfterS + neededS], phases, { barS, cycleS: 0.5, hangsAfterS });
        expect(result?.verdict, result?.message).toBe('fail');
      }),
      { numRuns: 300 },
    );
  }, 120_000);

  it('is not measured while the lack of CPU explains it, and says so', () => {
    const [early, late] = judgedAt([60, 140], [{ seconds: 140, tasks: 4, luck: 0 }], {
      barS: 10,
      cycleS: 0.5,
      hangsAfterS: 20,
    });
    expect(early).toMatchObject({ verdict: 'unmeasured', reading: { reason: 'host-saturated', estimate: 39 } });
    expect(early?.message).toBe(
      'age is unmeasured (host-saturated): the host had CPU for at least 4.875 s of 39 s; the bar is at most 10 s',
    );
    expect(late).toMatchObject({ verdict: 'fail', reading: { value: 119, withCpu: 14.875 } });
  });
});
