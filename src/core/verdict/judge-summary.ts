import type { ForeignVerdict } from './foreign-rules-registry.ts';
import { judgeGate, overallVerdict } from '../gates/judge.ts';
import { worst } from '../gates/model.ts';
import type { GateDefinition, GateResult, Reading, UnmeasuredReason, Verdict } from '../gates/model.ts';
import type { Summary } from './summary.ts';

/** Belay's verdict over a stored summary. */
export interface SummaryVerdict {
  readonly verdict: Verdict;
  readonly results: readonly GateResult[];
  /** What lowers the verdict, worst first, a sentence each. */
  readonly reasons: readonly string[];
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
 * Judges a stored summary by Belay's rules: the summary's own readings where Belay wrote them, else its metrics, in which -1,
 * null and absence are unmeasured, and so is a value at or above the gate's last finite bucket. Actions without their effect
 * fail; what Belay recorded of the stages (`floor`) stays.
 */
export function judgeSummary(summary: Summary, definitions: readonly GateDefinition[]): SummaryVerdict {
  const stored = new Map(summary.gates.map((result) => [result.gate, result.reading]));
  const results = definitions.map((definition) =>
    judgeGate(definition, stored.get(definition.name) ?? readingFromMetrics(summary, definition)),
  );
  const actions = summary.runnerActions
    .filter((action) => !action.asserted)
    .map(({ action, atSeconds, fireError, assertError }) => {
      const why = fireError !== '' ? `was not done: ${fireError}` : `had no effect: ${assertError || 'none was seen'}`;
      return `action ${action} at ${atSeconds} s ${why}`;
    });
  const counted = results.filter((result) => result.counts !== false);
  const messages = (verdict: Verdict): readonly string[] =>
    counted.filter((result) => result.verdict === verdict).map((result) => result.message);
  return {
    verdict: worst([overallVerdict(results), actions.length > 0 ? 'fail' : 'pass', summary.floor?.verdict ?? 'pass']),
    results,
    reasons: [...messages('fail'), ...actions, ...(summary.floor?.reasons ?? []), ...messages('unmeasured')],
  };
}

/** Both verdicts gate by gate: upstream's gates in its order, then what only Belay judges. */
export function sideBySide(summary: Summary, bigfleet: ForeignVerdict, belay: SummaryVerdict): readonly SideBySide[] {
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

function readingFromMetrics(summary: Summary, definition: GateDefinition): Reading {
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
  if (value < 0) return unmeasured('empty', `the summary has ${value}, which stands for a failed or empty query`);
  // Stored values have been rounded on their way.
  if (topFiniteBucket !== undefined && value >= topFiniteBucket * (1 - 1e-6)) {
    return unmeasured(
      'saturated',
      `${value} is not below ${topFiniteBucket}, the last finite bucket of its histogram; the true value lies anywhere above`,
    );
  }
  return { ...base, value, quality: 'measured' };
}
