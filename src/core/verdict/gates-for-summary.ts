import { shardReplicasOf } from '../model/shard-replicas.ts';
import type { GatePatch } from '../model/gate-patch.ts';
import type { Profile } from '../model/profile.ts';
import { extensionOf, gatesWithSlo } from '../profile/extensions.ts';
import { BELAY_JOB } from '../gates/model.ts';
import type { GateDefinition, GateResult } from '../gates/model.ts';
import { resolveGates } from '../gates/resolve.ts';
import type { StoredSummary } from './stored-summary.ts';

/**
 * The gates a stored summary is judged by: those it carries itself, changed by the system's file of today (where there is
 * one), the profile's `slo` and the profile's gates. Bars that depend on size take the summary's size where it says it; as
 * many shards as the profile has must report, whatever the summary says, because upstream's runner always writes 1. A summary
 * of BigFleet's own runner is not asked for what Belay alone measures.
 * @throws GateProblems with everything that is wrong in them
 */
export function gatesForSummary(
  summary: StoredSummary,
  systemGates: Readonly<Record<string, GatePatch>>,
  profile: Profile,
): readonly GateDefinition[] {
  const { machines, density } = profile.scale;
  // No campaign has no Pods: 0 stands for "not said".
  const pods = summary.totalCrs || machines * density;
  const size = { totalPods: pods, shardReplicas: Math.max(summary.shardReplicas ?? 0, shardReplicasOf(profile)) };
  const stored = Object.fromEntries(summary.gates.map((result) => [result.gate, patchOf(result)]));
  const extension = extensionOf({ gates: systemGates });
  const foreign = summary.gates.length === 0 && extension?.hasOwnRunner === true;
  const asked = foreign ? withoutOwn(systemGates) : systemGates;
  const current = { ...stored, ...gatesWithSlo({ gates: asked }, profile, size) };
  return resolveGates(current, profile.gates, { machines, pods, clusters: summary.clusters ?? 1 });
}

function withoutOwn(gates: Readonly<Record<string, GatePatch>>): Readonly<Record<string, GatePatch>> {
  return Object.fromEntries(Object.entries(gates).filter(([, { job }]) => job !== BELAY_JOB));
}

/** A stored result as the gate it came from. Its query is not asked again, so the name of the key stands for it. */
function patchOf(result: GateResult): GatePatch {
  return {
    query: 'stored_reading',
    unit: result.unit,
    ...result.bar,
    // The numbers are those of its scale; which rule made them is not judged again.
    bar: result.barKind === 'informational' ? 'informational' : 'held',
    unmeasured: result.counts === false && result.barKind !== 'informational' ? 'allow' : 'fail',
  };
}
