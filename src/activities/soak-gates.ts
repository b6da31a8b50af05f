import { ApplicationFailure } from '@temporalio/activity';
import { groundGaps, readGround } from '../adapters/host/ground.ts';
import { evaluateGates } from '../adapters/prometheus/evaluate.ts';
import type { PrometheusClient } from '../adapters/prometheus/client.ts';
import { FAILURE_TYPES } from '../core/campaign/failure-types.ts';
import type { GateResult } from '../core/gates/model.ts';
import type { CampaignSpec } from '../core/plan/spec.ts';
import { scrapeIntervalMs } from '../core/plan/scrape-interval.ts';

/** Reads gates at this moment: in the soak and at its end alike. */
export async function readGates(request: {
  readonly spec: CampaignSpec;
  readonly client: PrometheusClient;
  readonly soakStartMs: number;
  readonly only: 'failFast' | 'all';
  readonly signal: AbortSignal;
}): Promise<readonly GateResult[]> {
  const { spec, client, soakStartMs, only, signal } = request;
  const nowMs = Date.now();
  return evaluateGates({
    client,
    gates: spec.gates,
    campaign: spec.campaign,
    window: { soakStartMs, settleEndMs: soakStartMs + spec.profile.loadProfile.settleSeconds * 1_000, nowMs },
    gaps: groundGaps(readGround(spec.campaign)),
    only,
    scrapeIntervalMs: scrapeIntervalMs(spec.plan),
    signal,
    queryBudgetMs: spec.deadlines.budgets.queryMs,
  });
}

/** The first fail-fast gate that is measured over its bar. An unmeasured one is no breach: nothing was seen to break. */
export function breachIn(spec: CampaignSpec, results: readonly GateResult[]): GateResult | undefined {
  const failFast = new Set(
    spec.gates.filter((gate) => gate.failFast && gate.barKind !== 'informational').map((gate) => gate.name),
  );
  return results.find((result) => failFast.has(result.gate) && result.verdict === 'fail');
}

/** The end of a soak by a breach. @param clock where the soak was then, e.g. "240 s into a soak of 600 s" */
export function breachFailure(breach: GateResult, clock: string): ApplicationFailure {
  return ApplicationFailure.nonRetryable(
    `${breach.message} (${clock}, seen at ${new Date(breach.reading.atMs).toISOString().slice(11, 19)} UTC)`,
    FAILURE_TYPES.gateBreach,
    {
      gate: breach.gate,
      observed: breach.reading.value,
      bar: breach.bar,
      windowStartMs: breach.reading.windowStartMs,
      windowEndMs: breach.reading.windowEndMs,
    },
  );
}

/** Gates as heartbeat details show them: "0.41 s of at most 5 s". */
export function liveGates(results: readonly GateResult[]): Readonly<Record<string, string>> {
  return Object.fromEntries(
    results.map((result) => {
      const { value, reason } = result.reading;
      const measured =
        value === null ? `unmeasured (${reason ?? '?'})` : `${Number(value.toPrecision(3))} ${result.unit}`.trim();
      const sides = [
        result.bar.min === undefined ? '' : `at least ${result.bar.min}`,
        result.bar.max === undefined ? '' : `at most ${result.bar.max}`,
      ];
      return [
        result.gate,
        `${measured} of ${sides.filter((side) => side !== '').join(', ') || 'no bar'}: ${result.verdict}`,
      ];
    }),
  );
}
