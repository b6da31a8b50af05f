import { differingParts, profilePart, substratePart } from '../core/history/fingerprint-parts.ts';
import type { StoredRun } from '../core/history/stored-run.ts';
import { messageOf } from '../core/text/message-of.ts';
import { checkCampaign } from './campaign-input.ts';
import { overridesOf } from './set-option.ts';
import { UsageError } from './usage-error.ts';

/**
 * The words of `belay run` for a run that can be compared with a stored one: its profile, substrate and system.
 * @throws UsageError where such a run cannot be made of the files that are there now: it would confirm nothing and withdraw nothing
 */
export function wordsOfAgain({ id, profile, substrate, system, fingerprint }: StoredRun): readonly string[] {
  const change = `system=${system}`;
  const { spec } = checked(id, () => checkCampaign({ profile, substrate, overrides: overridesOf([change]) })).built;
  const {
    plan,
    profile: { metadata, loadProfile },
  } = spec;
  const now = {
    ...fingerprint,
    profile: profilePart({
      profile: metadata.name,
      pods: plan.totalPods,
      clusters: plan.clusterCount,
      soakSeconds: loadProfile.soakSeconds,
    }),
    substrate: substratePart({ name: spec.substrate.metadata.name, type: spec.substrate.type }),
    system: spec.system.name,
  };
  // The kind of the host is found out by the run.
  const [differing] = differingParts(fingerprint, now).filter(({ part }) => part !== 'hostClass');
  if (differing === undefined) return [profile, '--substrate', substrate, '--set', change];
  const { part, one, other } = differing;
  throw new UsageError(
    `--run-again: the ${part} of ${id} was "${one}", and is "${other}" now; such a run would confirm nothing; "./belay run ${profile}" with the changes of that run does`,
  );
}

function checked<T>(id: string, check: () => T): T {
  try {
    return check();
  } catch (cause) {
    throw new UsageError(`--run-again: ${id} cannot be run as it was: ${messageOf(cause)}`, { cause });
  }
}
