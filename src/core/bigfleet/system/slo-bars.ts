import type { SloBar } from '../../model/system-extension.ts';
import type { Slo } from '../../model/profile.ts';

/** What each key of `slo` changes among BigFleet's gates. `applySlo` applies them. */
export const SLO_BARS: Readonly<Record<keyof Slo, SloBar>> = {
  // BigFleet reports the value and judges it no more.
  internalBindingLatencyP99Seconds: 'retired',
  shardCycleDurationP99Seconds: { gate: 'shardCycleDurationP99Seconds' },
  operatorRollupP99Seconds: { gate: 'operatorRollupP99Seconds' },
  operatorAckP99Seconds: { gate: 'operatorAckP99Seconds' },
  maxReclaimActionsDuringSoak: { gate: 'reclaimActionsDuringSoak' },
  shardConfigurePhaseP99Seconds: { gate: 'shardConfigurePhaseP99Seconds' },
  bootstrapSuccessRatio: { gate: 'bootstrapSuccessRatio' },
  operatorNodeStateUpdateP99Seconds: { gate: 'operatorNodeStateUpdateP99Seconds' },
  endToEndPodBindP50Seconds: { gate: 'endToEndPodBindP50Seconds' },
  expectStandingShortfall: { gate: 'shardShortfalls' },
  shortfallStabilityMax: { gate: 'shardShortfallsDelta', onlyWith: 'expectStandingShortfall' },
  shortfallConfinedBelowPriorityClass: {
    gate: 'shortfallAboveLowestClass',
    added: true,
    onlyWith: 'expectStandingShortfall',
  },
  expectPreemptions: { gate: 'preemptActions' },
  expectCostRouting: { gate: 'costRoutingCorrect', added: true },
  costRoutingTolerantPenaltyBucket: { gate: 'costRoutingCorrect', added: true, onlyWith: 'expectCostRouting' },
  costRoutingSensitivePenaltyBucket: { gate: 'costRoutingCorrect', added: true, onlyWith: 'expectCostRouting' },
  costRoutingMisroutedMax: { gate: 'costRoutingMisrouted', added: true, onlyWith: 'expectCostRouting' },
};
