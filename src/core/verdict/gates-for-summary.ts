import { shardReplicasOf } from '../model/shard-replicas.ts';
import type { GatePatch } from '../model/gate-patch.ts';
import type { Profile } from '../model/profile.ts';
import { extensionOf, gatesWithSlo } from '../profile/extensions.ts';
import { onQuietHost } from '../gates/believed.ts';
import { BELAY_JOB } from '../gates/model.ts';
import type { GateDefinition, GateResult } from '../gates/model.ts';
import { resolveGates } from '../gates/resolve.ts';
import type { StoredSummary } from './stored-summary.ts';

/**
 * The gates that a summary of Belay carries, with the bars of its campaign. Judged by these, the summary has the verdict that
 * was written, also if files have changed since, or if the campaign or a retry had bars of its own.
 * @throws GateProblems with everything that is wrong in them
 */
export function recordedGates(results: readonly GateResult[]): readonly GateDefinition[] {
  // Recorded bars are numbers of their scale already.
  const gates = resolveGates(patchesOf(results), {}, { machines: 0, pods: 0, clusters: 0 });
  return onQuietHost(
    gates,
    results.some(({ quietHost }) => quietHost === true),
  );
}

/**
 * The gates by which a profile judges a stored summary: those of the summary, changed by the current file of the system (if
 * there is one), by the profile's `slo` and by the profile's gates. Bars that depend on the size use the size in the summary, if
 * it has one. The number of shards that must report is at least the profile's, because upstream's runner always writes 1. A
 * summary of BigFleet's own runner is not asked for what only Belay measures.
 * @throws GateProblems with everything that is wrong in them
 */
export function gatesForSummary(
  summary: StoredSummary,
  systemGates: Readonly<Record<string, GatePatch>>,
  profile: Profile,
): readonly GateDefinition[] {
  const { machines, density } = profile.scale;
  // Every campaign has Pods: 0 means that the summary does not have the number.
  const pods = summary.totalCrs || machines * density;
  const size = { totalPods: pods, shardReplicas: Math.max(summary.shardReplicas ?? 0, shardReplicasOf(profile)) };
  const extension = extensionOf({ gates: systemGates });
  const foreign = summary.gates === undefined && extension?.hasOwnRunner === true;
  const asked = foreign ? withoutOwn(systemGates) : systemGates;
  const current = { ...patchesOf(summary.gates ?? []), ...gatesWithSlo({ gates: asked }, profile, size) };
  const gates = resolveGates(current, profile.gates, { machines, pods, clusters: summary.clusters ?? 1 });
  return onQuietHost(gates, profile.requireQuietHost === true);
}

function withoutOwn(gates: Readonly<Record<string, GatePatch>>): Readonly<Record<string, GatePatch>> {
  return Object.fromEntries(Object.entries(gates).filter(([, { job }]) => job !== BELAY_JOB));
}

function patchesOf(results: readonly GateResult[]): Readonly<Record<string, GatePatch>> {
  return Object.fromEntries(results.map((result) => [result.gate, patchOf(result)]));
}

/** A stored result as the gate it came from. Its query is not sent again, so any valid one will do. */
function patchOf(result: GateResult): GatePatch {
  return {
    query: 'stored_reading',
    unit: result.unit,
    ...result.bar,
    // The numbers are those of its scale; the rule behind them is not applied again.
    bar: result.barKind === 'informational' ? 'informational' : 'held',
    unmeasured: result.counts === false && result.barKind !== 'informational' ? 'allow' : 'fail',
  };
}
