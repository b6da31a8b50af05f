import type { Slo } from '../../model/profile.ts';
import { STEADY_SHARE } from '../../model/steady-share.ts';
import {
  DEFAULT_ACK_P99_SECONDS,
  DEFAULT_CYCLE_P99_SECONDS,
  DEFAULT_ROLLUP_P99_SECONDS,
  MAX_APPLY_ERROR_RATE,
  MAX_OUTBOX_DROPS_PER_SEC,
} from './bars.ts';

/*
 * BigFleet's own verdict over a summary's metrics, exactly as its runner computes it: the
 * order of the gates, strict comparisons, -1 for what could not be measured, which passes nearly everywhere. Kept beside
 * Belay's own rules so that both answers can be shown; it decides nothing unless asked for.
 */

/** Metrics by key; -1 = not measured. A key that is absent or null is no gate. */
type Metrics = Readonly<Record<string, number | null>>;

/** What became of one runner action; both errors are empty where there is none. */
interface ActionResult {
  readonly action: string;
  readonly atSeconds: number;
  readonly asserted: boolean;
  readonly fireError: string;
  readonly assertError: string;
}

/** What upstream's verdict is made of. */
export interface BigfleetInput {
  readonly metrics: Metrics;
  readonly slo: Slo;
  /** Pods that must be sustained; 0 = that gate is off. */
  readonly totalCrs: number;
  readonly shardReplicas: number;
  readonly runnerActions?: readonly ActionResult[];
}

/** One gate of upstream's. `skipped`: not asked for, absent, or -1 where -1 is passed over. */
interface BigfleetGate {
  readonly key: string;
  readonly outcome: 'pass' | 'fail' | 'skipped';
  readonly value: number | null;
  /** The bar in words, e.g. `<= 5`. */
  readonly bar: string;
  /** For a failure: key, value and bar. */
  readonly reason: string;
}

/** Upstream's verdict. */
export interface BigfleetVerdict {
  readonly pass: boolean;
  /** The first failing gate's reason, else the first failure outside the gates; empty when it passes. */
  readonly reason: string;
  readonly firstFailing: string | undefined;
  readonly gates: readonly BigfleetGate[];
  /** The bound on reclaims, which upstream judges after its gates. */
  readonly reclaims: BigfleetGate;
  /** Failures outside the gates: actions without their effect, then reclaims over their bound. */
  readonly failures: readonly string[];
  /** Gated keys that are there and below 0: upstream warns of them and passes. */
  readonly unmeasured: readonly string[];
}

/** Upstream's whole verdict: its gates in order, then runner actions and reclaims. */
export function judgeBigfleet(input: BigfleetInput): BigfleetVerdict {
  const gates = bigfleetGates(input);
  const first = gates.find((gate) => gate.outcome === 'fail');
  const reclaims = reclaimGate(input);
  const failures = [
    ...actionFailures(input.runnerActions ?? []),
    ...(reclaims.outcome === 'fail' ? [reclaims.reason] : []),
  ];
  return {
    pass: first === undefined && failures.length === 0,
    reason: first?.reason ?? failures[0] ?? '',
    firstFailing: first?.key,
    gates,
    reclaims,
    failures,
    unmeasured: unmeasuredGated(input),
  };
}

/** The gates of upstream's `pass()` in its order, each judged, though upstream stops at the first that fails. */
function bigfleetGates(input: BigfleetInput): readonly BigfleetGate[] {
  const { metrics, slo, totalCrs, shardReplicas } = input;
  const gate = (
    key: string,
    on: boolean,
    bar: string,
    fails: (value: number) => boolean,
    skipsUnmeasured = true,
  ): BigfleetGate => {
    const value = valueOf(metrics, key);
    if (!on || value === null || (skipsUnmeasured && value < 0))
      return { key, outcome: 'skipped', value, bar, reason: '' };
    if (!fails(value)) return { key, outcome: 'pass', value, bar, reason: '' };
    return { key, outcome: 'fail', value, bar, reason: `${key} ${value}, bar ${bar}` };
  };
  const most = (key: string, bar: number, on = true, skipsUnmeasured = true): BigfleetGate =>
    gate(key, on, `<= ${bar}`, (value) => value > bar, skipsUnmeasured);
  const optional = (key: string, bar: number | undefined): BigfleetGate => most(key, bar ?? 0, isSet(bar));

  const floor = STEADY_SHARE * totalCrs;
  const inverted = slo.expectStandingShortfall === true;
  const shortfalls = valueOf(metrics, 'shardShortfalls') ?? -1;
  const confined = slo.shortfallConfinedBelowPriorityClass ?? '';
  const routed = slo.expectCostRouting === true;
  return [
    // The one gate that an unmeasured value fails.
    gate('loadgenCRsActive', totalCrs > 0, `>= ${floor}`, (value) => value < floor, false),
    gate(
      'shardsReportingCycle',
      shardReplicas > 0,
      `>= ${shardReplicas}`,
      (value) => Math.trunc(value) < shardReplicas,
    ),
    optional('shardConfigurePhaseP99Seconds', slo.shardConfigurePhaseP99Seconds),
    gate(
      'bootstrapSuccessRatio',
      isSet(slo.bootstrapSuccessRatio),
      `>= ${slo.bootstrapSuccessRatio ?? 0}`,
      (value) => value < (slo.bootstrapSuccessRatio ?? 0),
    ),
    optional('operatorNodeStateUpdateP99Seconds', slo.operatorNodeStateUpdateP99Seconds),
    ...(inverted
      ? [
          gate('shardShortfalls', true, '> 0 (expectStandingShortfall)', (value) => value === 0),
          most('shardShortfallsDelta', slo.shortfallStabilityMax ?? 0, shortfalls >= 0),
          gate('shortfallAboveLowestClass', confined !== '', `= 0 (above class ${confined})`, (value) => value !== 0),
        ]
      : [gate('shardShortfalls', true, '= 0', (value) => value !== 0)]),
    gate('preemptActions', slo.expectPreemptions === true, '> 0 (expectPreemptions)', (value) => value === 0),
    gate('costRoutingCorrect', routed, '> 0 (expectCostRouting)', (value) => value === 0),
    most('costRoutingMisrouted', slo.costRoutingMisroutedMax ?? 0, routed),
    optional('endToEndPodBindP50Seconds', slo.endToEndPodBindP50Seconds),
    most('shardCycleDurationP99Seconds', orDefault(slo.shardCycleDurationP99Seconds, DEFAULT_CYCLE_P99_SECONDS)),
    most('operatorRollupP99Seconds', orDefault(slo.operatorRollupP99Seconds, DEFAULT_ROLLUP_P99_SECONDS)),
    most('operatorAckP99Seconds', orDefault(slo.operatorAckP99Seconds, DEFAULT_ACK_P99_SECONDS)),
    most('coordinatorApplyErrorRate', MAX_APPLY_ERROR_RATE),
    most('operatorOutboxDropsPerSec', MAX_OUTBOX_DROPS_PER_SEC),
  ];
}

/** Gated keys that are present and below 0, in upstream's sense: some keys it gates are never listed. */
export function unmeasuredGated({ metrics, slo }: Pick<BigfleetInput, 'metrics' | 'slo'>): readonly string[] {
  const inverted = slo.expectStandingShortfall === true;
  const routed = slo.expectCostRouting === true;
  const considered: readonly (readonly [string, boolean])[] = [
    ['shardCycleDurationP99Seconds', true],
    ['operatorRollupP99Seconds', true],
    ['operatorAckP99Seconds', true],
    ['reclaimActionsDuringSoak', true],
    ['shardShortfalls', true],
    ['shardConfigurePhaseP99Seconds', isSet(slo.shardConfigurePhaseP99Seconds)],
    ['bootstrapSuccessRatio', isSet(slo.bootstrapSuccessRatio)],
    ['operatorNodeStateUpdateP99Seconds', isSet(slo.operatorNodeStateUpdateP99Seconds)],
    ['endToEndPodBindP50Seconds', isSet(slo.endToEndPodBindP50Seconds)],
    ['shardShortfallsDelta', inverted],
    ['shortfallAboveLowestClass', (slo.shortfallConfinedBelowPriorityClass ?? '') !== ''],
    ['preemptActions', slo.expectPreemptions === true],
    ['costRoutingCorrect', routed],
    ['costRoutingMisrouted', routed],
  ];
  return considered.filter(([key, on]) => on && (valueOf(metrics, key) ?? 0) < 0).map(([key]) => key);
}

/** A metric as upstream keeps it: what is no finite number became -1 on its way in. */
function valueOf(metrics: Metrics, key: string): number | null {
  const value = metrics[key] ?? null;
  return value === null || Number.isFinite(value) ? value : -1;
}

function isSet(bar: number | undefined): boolean {
  return bar !== undefined && bar > 0;
}

function orDefault(bar: number | undefined, otherwise: number): number {
  return bar !== undefined && bar > 0 ? bar : otherwise;
}

function reclaimGate({ metrics, slo }: BigfleetInput): BigfleetGate {
  const key = 'reclaimActionsDuringSoak';
  const value = valueOf(metrics, key);
  const bar = slo.maxReclaimActionsDuringSoak ?? 0;
  const judged = { key, value, bar: `<= ${bar}` };
  if (value === null || value < 0) return { ...judged, outcome: 'skipped', reason: '' };
  if (value <= bar) return { ...judged, outcome: 'pass', reason: '' };
  return { ...judged, outcome: 'fail', reason: `${key} ${value}, bar <= ${bar}` };
}

function actionFailures(actions: readonly ActionResult[]): readonly string[] {
  return actions
    .filter((action) => !action.asserted)
    .map(({ action, atSeconds, fireError, assertError }) => {
      const why =
        fireError !== '' ? `not fired: ${fireError}` : assertError !== '' ? assertError : 'without its effect';
      return `runnerAction ${action} @t=${atSeconds}s: ${why}`;
    });
}
