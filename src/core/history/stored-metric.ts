import type { GateLine } from '../campaign/stage-io.ts';
import type { Bar } from '../gates/model.ts';
import type { JudgedGate } from '../verdict/judged-gate.ts';
import type { Summary } from '../verdict/summary-model.ts';
import type { Stage } from '../model/stages.ts';

/** Which direction is an improvement. */
type Better = 'lower' | 'higher' | 'unknown';

/** Where a metric comes from: a gate's reading, the duration of a stage, or how the load was made. */
type MetricKind = 'gate' | 'stage' | 'load';

/** A number that a run measured. */
export interface StoredMetric {
  /** A gate's name, `stage.<stage>`, or `load.<what>`. */
  readonly name: string;
  readonly kind: MetricKind;
  /** Undefined exactly when it is unmeasured. */
  readonly value: number | undefined;
  readonly unit: string;
  readonly better: Better;
  readonly quality: 'measured' | 'unmeasured';
  /** Why it is unmeasured. */
  readonly reason?: string;
  /** Samples that a reading was made of. */
  readonly samples?: number;
  /** Share of the window in which the host had no CPU left, 0 to 1. Absent = not known. */
  readonly hostBusy?: number;
}

/** Stages whose duration depends on the system. The others last as long as the profile says, or are Belay's own work. */
const TIMED_STAGES: readonly Stage[] = ['provision', 'install', 'seed', 'ramp', 'steady'];

/** Every number of a summary that can be compared with that of another run. */
export function metricsOf(summary: Summary): readonly StoredMetric[] {
  return [...summary.gates.map(gateMetric), ...stageMetrics(summary), ...loadMetrics(summary)];
}

function gateMetric({ gate, reading, bar, unit }: JudgedGate): StoredMetric {
  const { value, quality, reason, detail, samples, hostBusy } = reading;
  const why = [reason, detail].filter((part) => part !== undefined).join(': ');
  return {
    name: gate,
    kind: 'gate',
    value: value ?? undefined,
    unit,
    better: betterOf(bar),
    quality,
    ...(why === '' ? {} : { reason: why }),
    samples,
    ...(hostBusy === undefined ? {} : { hostBusy }),
  };
}

/** A gate of a campaign's result as a metric. */
export function metricOfLine({ gate, value, unit, min, max }: GateLine): StoredMetric {
  const bar = { ...(min === undefined ? {} : { min }), ...(max === undefined ? {} : { max }) };
  return {
    name: gate,
    kind: 'gate',
    value: value ?? undefined,
    unit,
    better: betterOf(bar),
    quality: value === null ? 'unmeasured' : 'measured',
  };
}

/** A bar on one side only says which direction is better. */
function betterOf({ min, max }: Bar): Better {
  if ((min === undefined) === (max === undefined)) return 'unknown';
  return max === undefined ? 'higher' : 'lower';
}

/** Durations of stages that succeeded. One that needed a second execution is left out: its time says nothing about the system. */
function stageMetrics({ stages }: Summary): readonly StoredMetric[] {
  return TIMED_STAGES.flatMap((stage) => {
    const runs = stages.filter((one) => one.stage === stage);
    const [only] = runs;
    return runs.length === 1 && only?.outcome === 'succeeded'
      ? [measured(`stage.${stage}`, 'stage', only.seconds, 's', 'lower')]
      : [];
  });
}

function loadMetrics({ load }: Summary): readonly StoredMetric[] {
  const { achievedPodsPerSec, latenessP99Seconds } = load ?? {};
  return [
    ...(achievedPodsPerSec === undefined
      ? []
      : [measured('load.podsPerSecond', 'load', achievedPodsPerSec, '1/s', 'higher')]),
    ...(latenessP99Seconds === undefined
      ? []
      : [measured('load.latenessP99', 'load', latenessP99Seconds, 's', 'lower')]),
  ];
}

function measured(name: string, kind: MetricKind, value: number, unit: string, better: Better): StoredMetric {
  return { name, kind, value, unit, better, quality: 'measured' };
}
