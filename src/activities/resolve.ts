import { ApplicationFailure } from '@temporalio/activity';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { buildSpec } from '../adapters/files/build-spec.ts';
import type { FoundFile } from '../adapters/files/find.ts';
import { loadSystem } from '../adapters/files/load-system.ts';
import { runsFolder } from '../adapters/host/folders.ts';
import { chartProblem } from '../adapters/systems/chart-problem.ts';
import { campaignName, campaignNameOfRun } from '../core/campaign/campaign-name.ts';
import { refuseChanges } from '../core/campaign/changes.ts';
import { readStartedBy } from '../core/campaign/started-by.ts';
import { FAILURE_TYPES } from '../core/campaign/failure-types.ts';
import { DEFAULT_HOLD_MS } from '../core/plan/deadlines.ts';
import type { CampaignSpec } from '../core/plan/spec.ts';
import { formatFileErrors } from '../core/files/file-error.ts';
import { parseCampaignInput } from '../core/profile/input.ts';
import type { ResolveActivities, ResolveInput, RespecInput } from './contract.ts';

/** Turns what was typed into a complete, hashed specification, and makes the changed one of a retry. */
export function createResolve(): ResolveActivities {
  return {
    async resolve(request: ResolveInput): Promise<CampaignSpec> {
      const { workflowId, runId } = request;
      const parsed = parseCampaignInput(request.input);
      if (!parsed.ok) throw invalid([formatFileErrors(parsed.errors)]);
      const startedBy = readStartedBy(request.startedBy);
      const trigger =
        parsed.value.trigger ??
        startedBy?.trigger ??
        (request.scheduled ? 'schedule' : request.child ? 'ladder' : 'ui');
      const built = buildSpec(parsed.value, {
        workflowId,
        runId,
        campaign: folderName(workflowId, runId),
        trigger,
        // A night must not wait for somebody who is asleep.
        defaultHoldMs: startedBy?.defaultHoldMs ?? (request.scheduled || request.child ? 0 : DEFAULT_HOLD_MS),
      });
      if (!built.ok) throw invalid(built.errors);
      const noChart = chartProblem(built);
      if (noChart !== undefined) throw invalid([noChart]);
      return built.spec;
    },

    async respec({ spec, set }: RespecInput): Promise<CampaignSpec> {
      const refused = refuseChanges(spec, set);
      if (refused.length > 0) throw invalid(refused);
      refuseChangedSystem(spec);
      const { workflowId, runId, campaign, trigger, profile, substrate, catalogue, holdMs, hostQueue, loadQueue } =
        spec;
      const built = buildSpec(
        { profile: { inline: changedProfile(profile, set) }, catalogue, overrides: {}, holdMs, trigger },
        { workflowId, runId, campaign, trigger, defaultHoldMs: holdMs },
        { substrate: asFound(substrate) },
      );
      if (!built.ok) throw invalid(built.errors);
      // Whichever worker looks at the changes: what the campaign made is on the host that has it.
      return { ...built.spec, hostQueue, loadQueue };
    },
  };
}

/** What a retry changes is on record; an edit of the system's file while the campaign held would not be. */
function refuseChangedSystem({ system }: CampaignSpec): void {
  try {
    loadSystem(system);
  } catch (error) {
    throw invalid([error instanceof Error ? error.message : String(error)]);
  }
}

/** What a specification holds already, as if it had been read just now: an edit of its file counts for the next campaign. */
function asFound<T>(value: T): FoundFile<T> {
  return { ok: true, value, notices: [], path: '', text: '', sha256: '' };
}

/** A profile with the changes of a retry in it. Which paths there can be is decided by `refuseChanges`. */
function changedProfile(
  profile: CampaignSpec['profile'],
  set: Readonly<Record<string, unknown>>,
): CampaignSpec['profile'] {
  let changed = profile;
  for (const [path, value] of Object.entries(set)) {
    const [head, name = '', field = ''] = path.split('.');
    changed =
      head === 'gates'
        ? { ...changed, gates: { ...changed.gates, [name]: { ...changed.gates[name], [field]: value } } }
        : { ...changed, loadProfile: { ...changed.loadProfile, [name]: value } };
  }
  return changed;
}

function folderName(workflowId: string, runId: string): string {
  const name = campaignName(workflowId);
  const specPath = join(runsFolder(), name, 'spec.json');
  if (!existsSync(specPath)) return name;
  const taken = JSON.parse(readFileSync(specPath, 'utf8')) as { readonly runId?: string };
  // The same run resolves again after a crash and must find its own folder.
  return taken.runId === runId ? name : campaignNameOfRun(workflowId, runId);
}

function invalid(errors: readonly string[]): ApplicationFailure {
  return ApplicationFailure.nonRetryable(errors.join('\n'), FAILURE_TYPES.invalidSpec);
}
