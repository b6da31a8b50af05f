import { createHash } from 'node:crypto';
import { searchFolders } from '../adapters/host/folders.ts';
import { hostQueues } from '../adapters/host/host-queues.ts';
import { loadCampaign, type Given } from '../adapters/files/load-campaign.ts';
import { GateProblems, resolveGates } from '../core/gates/resolve.ts';
import type { GateDefinition } from '../core/gates/model.ts';
import { deriveDeadlines } from '../core/plan/deadlines.ts';
import { checkFeasible } from '../core/plan/feasibility.ts';
import { makePlan } from '../core/plan/make-plan.ts';
import type { Plan } from '../core/plan/plan.ts';
import type { CampaignSpec, Trigger } from '../core/plan/spec.ts';
import { formatFileErrors, formatNotice, sortFileErrors } from '../core/profile/file-error.ts';
import type { CampaignInput } from '../core/profile/input.ts';
import type { System } from '../core/profile/model.ts';

/** Who a specification is made for. */
export interface SpecIdentity {
  readonly workflowId: string;
  readonly runId: string;
  readonly campaign: string;
  readonly trigger: Trigger;
  /** Where neither the input nor the profile says how long to hold. */
  readonly defaultHoldMs: number;
}

/** A specification with the system's file behind it, or every reason why there is none, a line each. */
export type BuiltSpec =
  | { readonly ok: true; readonly spec: CampaignSpec; readonly system: System; readonly notices: readonly string[] }
  | { readonly ok: false; readonly errors: readonly string[] };

/**
 * Makes a campaign's specification: files found, parsed and checked with one another, numbers planned, gates and deadlines
 * resolved, everything that cannot work refused. The command line asks it before anything starts, the worker asks it
 * again: what runs is what the worker's own files say.
 */
export function buildSpec(input: CampaignInput, identity: SpecIdentity, given: Given = {}): BuiltSpec {
  const files = loadCampaign(input, searchFolders(), given);
  if (!files.ok) return refuse(formatFileErrors(sortFileErrors(files.errors)));
  const { profile, substrate, catalogue, system } = files;
  const where = given.profile?.path ?? `profile ${profile.metadata.name}`;
  if (substrate.type === 'hosted') {
    return refuse(
      `substrate ${substrate.metadata.name}: type hosted: kwok clusters hosted as pods cannot be run by this version; found type hosted, allowed to run: local, kubeconfig ("belay plan" and "belay judge" take it)`,
    );
  }
  let plan: Plan;
  let gates: readonly GateDefinition[];
  try {
    plan = makePlan(profile, substrate, catalogue);
    gates = resolveGates(system.value.gates, profile.gates, {
      machines: profile.scale.machines,
      pods: plan.totalPods,
      clusters: plan.clusterCount,
    });
  } catch (error) {
    if (error instanceof GateProblems)
      return {
        ok: false,
        errors: error.problems.map((one) => `${where}: gates.${one.gate}.${one.field}: ${one.message}`),
      };
    if (error instanceof RangeError) return refuse(`${where}: ${error.message}`);
    throw error;
  }
  const capacityFromSystem = system.value.capacity === 'system';
  const holdMs = input.holdMs ?? profile.holdMs ?? identity.defaultHoldMs;
  const derived = deriveDeadlines({
    profile,
    plan,
    substrate,
    holdMs,
    system: {
      gateCount: gates.length,
      manifestCount: Math.max(1, system.value.install.manifests.length * 8),
      processesPerCluster: system.value.install.processes.length,
      readyTimeoutMs: system.value.ready.timeoutMs,
    },
  });
  const errors = [
    ...checkFeasible(profile, substrate, plan, catalogue, capacityFromSystem).map(
      ({ field, message }) => `${where}: ${field}: ${message}`,
    ),
    ...(derived.ok ? [] : derived.errors.map(({ message }) => `${where}: ${message}`)),
  ];
  if (!derived.ok || errors.length > 0) return { ok: false, errors };
  const tested = {
    profile,
    substrate,
    catalogue,
    system: { name: system.value.metadata.name, sha256: system.sha256 },
    gates,
    plan,
    randomSeed: profile.randomSeed,
  };
  const { workflowId, runId, campaign, trigger } = identity;
  const spec: CampaignSpec = {
    campaign,
    slug: slugOf(workflowId, runId),
    workflowId,
    runId,
    trigger,
    ...tested,
    capacityFromSystem,
    deadlines: derived.deadlines,
    holdMs,
    ...hostQueues(),
    specHash: createHash('sha256').update(JSON.stringify(tested)).digest('hex'),
  };
  return { ok: true, spec, system: system.value, notices: files.notices.map(formatNotice) };
}

/** A short DNS label, unique per run of a workflow. */
export function slugOf(workflowId: string, runId: string): string {
  return `b${createHash('sha256').update(`${workflowId}/${runId}`).digest('hex').slice(0, 9)}`;
}

function refuse(text: string): BuiltSpec {
  return { ok: false, errors: text.split('\n') };
}
