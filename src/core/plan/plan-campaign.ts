import { onQuietHost } from '../gates/believed.ts';
import type { GateDefinition } from '../gates/model.ts';
import { GateProblems, resolveGates } from '../gates/resolve.ts';
import type { Catalogue } from '../model/catalogue.ts';
import type { HostRoom, HostSize } from '../model/host-size.ts';
import type { Remark } from '../model/file-format.ts';
import type { Profile } from '../model/profile.ts';
import type { Substrate } from '../model/substrate.ts';
import type { System } from '../model/system.ts';
import { gatesWithSlo } from '../profile/extensions.ts';
import { deriveDeadlines, type DeadlineInput, type PlacedInput } from './deadlines.ts';
import type { StageDeadlines } from './deadline-model.ts';
import { demandPeak } from './demand-peak.ts';
import { checkFeasible } from './feasibility.ts';
import { clusterBytes, hostFit } from './host-fit.ts';
import { federatedJobs, federationRefusals } from './federation.ts';
import type { Infeasibility } from './infeasibility.ts';
import { gateRemarks, unmeasurableGates, unreachableRows } from './measurable.ts';
import { makePlan } from './make-plan.ts';
import type { Plan } from './plan.ts';
import { systemShape } from './stages/shape.ts';

/** The files of a campaign, each valid by itself. */
export interface CampaignParts {
  readonly profile: Profile;
  readonly substrate: Substrate;
  readonly catalogue: Catalogue;
  readonly system: System;
}

/** Everything that is computed before a campaign starts, or every reason why it must not start. */
export type PlannedCampaign =
  | {
      readonly ok: true;
      readonly plan: Plan;
      readonly gates: readonly GateDefinition[];
      readonly deadlines: StageDeadlines;
      /** What the profile should know, though the campaign can run; paths are within the profile. */
      readonly remarks: readonly Remark[];
      /** The host hardly suffices for its clusters; it is one of the remarks, too. */
      readonly hostWarning?: string;
    }
  | { readonly ok: false; readonly errors: readonly Infeasibility[] };

/** What the waits of a campaign depend on beside its files. */
interface PlanSettings extends Pick<DeadlineInput, 'holdMs' | 'storesEvidence' | 'targetWaitMs'> {
  /** Whether that many clusters, with that much memory each, are placed on several hosts. Absent: they are not. */
  readonly placedFor?: (clusterCount: number, clusterBytes: number) => PlacedInput | undefined;
  /** The host of its clusters if they are not placed on several. Absent: it is not known. */
  readonly host?: HostSize | HostRoom;
}

/**
 * Plans a campaign: its numbers, its gates with bars in numbers, its deadlines; and refuses, all at once, what cannot work.
 * `settings` are what its waits depend on beside its files.
 */
export function planCampaign(
  parts: CampaignParts,
  { placedFor, host, ...settings }: PlanSettings = {},
): PlannedCampaign {
  const { profile, substrate, catalogue, system } = parts;
  let plan: Plan;
  try {
    plan = makePlan(profile, substrate, catalogue);
  } catch (error) {
    if (error instanceof RangeError) return { ok: false, errors: [{ field: 'scale', message: error.message }] };
    throw error;
  }
  const errors: Infeasibility[] = [];
  let gates: readonly GateDefinition[] = [];
  try {
    const resolved = resolveGates(
      gatesWithSlo(system, profile, { totalPods: plan.totalPods, shardReplicas: plan.shardReplicas }),
      profile.gates,
      { machines: profile.scale.machines, pods: plan.totalPods, clusters: plan.clusterCount },
    );
    gates = onQuietHost(resolved, profile.requireQuietHost === true);
  } catch (error) {
    if (!(error instanceof GateProblems)) throw error;
    errors.push(...error.problems.map((one) => ({ field: `gates.${one.gate}.${one.field}`, message: one.message })));
  }
  errors.push(...unmeasurableGates(gates, profile, plan, [...system.scrape, ...federatedJobs(substrate)]));
  errors.push(...unreachableRows(gates, profile));
  errors.push(...federationRefusals(substrate, system.scrape));
  errors.push(...checkFeasible(profile, substrate, plan, catalogue, system));
  const placed = placedFor?.(plan.clusterCount, clusterBytes({ substrate, plan }));
  const fit = host === undefined || placed !== undefined ? undefined : hostFit({ profile, substrate, plan }, host);
  if (fit?.fits === false) errors.push({ field: 'scale.machines', message: fit.problem });
  const derived = deriveDeadlines({
    profile,
    plan,
    substrate,
    peak: demandPeak(profile, plan, catalogue),
    ...settings,
    ...(placed === undefined ? {} : { placed }),
    system: { ...systemShape(system), readyTimeoutMs: system.ready.timeoutMs },
  });
  if (!derived.ok) errors.push(...derived.errors.map(({ outer, message }) => ({ field: outer, message })));
  if (!derived.ok || errors.length > 0) return { ok: false, errors };
  const remarks = gateRemarks(gates, profile);
  const common = { ok: true, plan, gates, deadlines: derived.deadlines } as const;
  const hostWarning = fit?.fits === true ? fit.warning : undefined;
  if (hostWarning === undefined) return { ...common, remarks };
  return { ...common, remarks: [...remarks, { path: ['scale', 'machines'], message: hostWarning }], hostWarning };
}
