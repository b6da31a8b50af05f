import { createHash } from 'node:crypto';
import { dirname } from 'node:path';
import { searchFolders } from '../adapters/host/folders.ts';
import { hostQueues } from '../adapters/host/host-queues.ts';
import { loadCampaign, type Given } from '../adapters/files/load-campaign.ts';
import { chartReference } from '../adapters/systems/helm.ts';
import { notCarriedOut } from '../core/plan/carried-out.ts';
import { planCampaign } from '../core/plan/plan-campaign.ts';
import type { CampaignSpec, Trigger } from '../core/plan/spec.ts';
import { formatFileErrors, formatNotice, sortFileErrors } from '../core/files/file-error.ts';
import type { CampaignInput } from '../core/profile/input.ts';
import type { System } from '../core/model/system.ts';

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
  | {
      readonly ok: true;
      readonly spec: CampaignSpec;
      readonly system: System;
      /** Of the system's file on this host. */
      readonly systemPath: string;
      readonly notices: readonly string[];
    }
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
  if (substrate.type === 'hosted') {
    return refuse(
      `substrate ${substrate.metadata.name}: type hosted: kwok clusters hosted as pods cannot be run by this version; found type hosted, allowed to run: local, kubeconfig ("belay plan" and "belay judge" take it)`,
    );
  }
  const holdMs = input.holdMs ?? profile.holdMs ?? identity.defaultHoldMs;
  const planned = planCampaign({ profile, substrate, catalogue, system: system.value }, holdMs);
  const undone = notCarriedOut(profile, system.value);
  if (!planned.ok || undone.length > 0) {
    const errors = [...(planned.ok ? [] : planned.errors), ...undone];
    return { ok: false, errors: errors.map(files.refusal) };
  }
  const { plan, gates, deadlines } = planned;
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
    capacityFromSystem: system.value.capacity === 'system',
    deadlines,
    holdMs,
    ...hostQueues(),
    specHash: createHash('sha256').update(JSON.stringify(tested)).digest('hex'),
  };
  const notices = files.notices.map(formatNotice);
  return { ok: true, spec, system: system.value, systemPath: system.path, notices };
}

/** A short DNS label, unique per run of a workflow. */
export function slugOf(workflowId: string, runId: string): string {
  return `b${createHash('sha256').update(`${workflowId}/${runId}`).digest('hex').slice(0, 9)}`;
}

/**
 * Why a system's chart is not there, if it has one. It is asked on the host that installs it, whose environment may name
 * another one, before clusters are made for it.
 */
export function chartProblem(built: { readonly system: System; readonly systemPath: string }): string | undefined {
  const { metadata, install } = built.system;
  if (install.helm === undefined) return undefined;
  try {
    chartReference(metadata.name, install.helm.chart, dirname(built.systemPath));
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

function refuse(text: string): BuiltSpec {
  return { ok: false, errors: text.split('\n') };
}
