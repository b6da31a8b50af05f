import type { ForeignVerdict } from './foreign-rules-registry.ts';
import type { GateDefinition, Reading, UnmeasuredReason, Verdict } from '../gates/model.ts';
import { NO_FLOOR } from './floor.ts';
import { judgeWithChecks } from './judge-with-checks.ts';
import type { JudgedGate } from './judged-gate.ts';
import type { StoredSummary } from './stored-summary.ts';
import { verdictOf, type VerdictWithReasons } from './verdict-of.ts';

/** Belay's verdict over a stored summary, with the results it is made of. */
export interface SummaryVerdict extends VerdictWithReasons {
  readonly results: readonly JudgedGate[];
}

/** One gate as both rules see it. */
export interface SideBySide {
  readonly gate: string;
  readonly value: number | null;
  /** Upstream's outcome; `not gated` for what its rules do not judge. */
  readonly bigfleet: 'pass' | 'fail' | 'skipped' | 'not gated';
  /** Upstream's bar in words; empty where it has none. */
  readonly bigfleetBar: string;
  /** Belay's verdict; undefined for a gate that only upstream has. */
  readonly belay: Verdict | undefined;
  readonly informational: boolean;
  /** Upstream gates it and does not fail it, though it was not measured. */
  readonly passedUnmeasured: boolean;
  readonly message: string;
}

/**
 * Judges a stored summary by Belay's rules. If Belay wrote it, its own readings are judged. Otherwise its metrics are: -1, null
 * and a missing key are unmeasured, and so is a value at or above the gate's last finite bucket. Everything that no bar decides
 * (actions, stages, evidence, checks, lateness, the host's CPU) stays as it was recorded.
 */
export function judgeSummary(summary: StoredSummary, definitions: readonly GateDefinition[]): SummaryVerdict {
  const stored = new Map((summary.gates ?? []).map((result) => [result.gate, result]));
  const results = definitions.map((definition) => {
    const result = stored.get(definition.name);
    return judgeWithChecks(definition, result?.reading ?? readingFromMetrics(summary, definition), result ?? {});
  });
  const floor = summary.floor ?? NO_FLOOR;
  const { runnerActions: actions, lateness, host, hosts } = summary;
  return { results, ...verdictOf({ results, floor, actions, lateness, host, hosts }) };
}

/** Both verdicts gate by gate: upstream's gates in its order, then what only Belay judges. */
export function sideBySide(
  summary: StoredSummary,
  bigfleet: ForeignVerdict,
  belay: SummaryVerdict,
): readonly SideBySide[] {
  const ours = new Map(belay.results.map((result) => [result.gate, result]));
  const rows = [...bigfleet.gates, bigfleet.reclaims]
    .filter((gate) => gate.outcome !== 'skipped' || ours.has(gate.key))
    .map((gate): SideBySide => {
      const own = ours.get(gate.key);
      ours.delete(gate.key);
      return {
        gate: gate.key,
        value: summary.metrics[gate.key] ?? own?.reading.value ?? null,
        bigfleet: gate.outcome,
        bigfleetBar: gate.bar,
        belay: own?.verdict,
        informational: own?.barKind === 'informational',
        passedUnmeasured: gate.outcome !== 'fail' && own?.verdict === 'unmeasured' && own.counts !== false,
        message: own?.message ?? gate.reason,
      };
    });
  const rest = [...ours.values()].map((own): SideBySide => ({
    gate: own.gate,
    value: own.reading.value,
    bigfleet: 'not gated',
    bigfleetBar: '',
    belay: own.verdict,
    informational: own.barKind === 'informational',
    passedUnmeasured: false,
    message: own.message,
  }));
  return [...rows, ...rest];
}

function readingFromMetrics(summary: StoredSummary, definition: GateDefinition): Reading {
  const { name, topFiniteBucket } = definition;
  const value = summary.metrics[name];
  const base = { gate: name, samples: 0, windowStartMs: 0, windowEndMs: 0, atMs: 0 };
  const unmeasured = (reason: UnmeasuredReason, detail: string): Reading => ({
    ...base,
    value: null,
    quality: 'unmeasured',
    reason,
    detail,
  });
  if (value === undefined) return unmeasured('not-evaluated', 'the summary has no such key');
  if (value === null || !Number.isFinite(value)) return unmeasured('nan', 'the summary has no number there');
  if (value < 0) return unmeasured('empty', `the summary has ${value}, which means a failed or empty query`);
  // Stored values are rounded.
  if (topFiniteBucket !== undefined && value >= topFiniteBucket * (1 - 1e-6)) {
    return unmeasured(
      'saturated',
      `${value} is not below ${topFiniteBucket}, the last finite bucket of its histogram; the true value may be any value above it`,
    );
  }
  return { ...base, value, quality: 'measured' };
}
