import type { HostClass } from '../identity/identity-schema.ts';
import type { Summary } from '../verdict/summary-model.ts';
import { counted } from '../text/counted.ts';

/**
 * What two runs must have in common so that their numbers can be compared, in words. The version of the system and Belay's code
 * are not part of it: they are what a comparison is about.
 */
export interface FingerprintParts {
  /** The profile and the size of its load. */
  readonly profile: string;
  readonly substrate: string;
  /** The system by its name. */
  readonly system: string;
  /** The kind of machine; `unknown` where it was not recorded. */
  readonly hostClass: string;
}

/** A part in which two runs differ. */
interface DifferingPart {
  readonly part: keyof FingerprintParts;
  readonly one: string;
  readonly other: string;
}

/** The value of a part that was not recorded. It is equal to no other run's. */
const UNKNOWN_PART = 'unknown';

/** The parts of a summary's fingerprint. */
export function fingerprintParts(summary: Summary): FingerprintParts {
  const { profile, scale, cost, substrate, system, identity } = summary;
  const soakSeconds = Math.round(cost.hours * 3_600);
  return {
    profile: profilePart({ profile, pods: scale.totalCrs, clusters: scale.kwokClusters, soakSeconds }),
    substrate: substratePart(substrate),
    system: system.name,
    hostClass: hostClassText(identity?.hosts ?? []),
  };
}

/** The profile and the size of its load, as they are compared. */
export function profilePart({
  profile,
  pods,
  clusters,
  soakSeconds,
}: {
  readonly profile: string;
  readonly pods: number;
  readonly clusters: number;
  readonly soakSeconds: number;
}): string {
  return `${profile}: ${counted(pods, 'Pod')}, ${counted(clusters, 'cluster')}, soak ${soakSeconds} s`;
}

/** The substrate, as it is compared. */
export function substratePart({ name, type }: { readonly name: string; readonly type: string }): string {
  return `${name} (${type})`;
}

/** The parts in which two runs differ; none: they can be compared. A part that is not known differs from every other. */
export function differingParts(one: FingerprintParts, other: FingerprintParts): readonly DifferingPart[] {
  const parts: readonly (keyof FingerprintParts)[] = ['profile', 'substrate', 'system', 'hostClass'];
  return parts
    .filter((part) => one[part] !== other[part] || one[part] === UNKNOWN_PART)
    .map((part) => ({ part, one: one[part], other: other[part] }));
}

/** Kernel and Node.js are not part of the class: every update of them would end a history. */
function hostClassText(hosts: readonly HostClass[]): string {
  const classes = hosts.map(
    ({ cpuModel, cores, effectiveCores, effectiveMemoryGib, platform, container }) =>
      `${cpuModel}, ${effectiveCores === cores ? cores : `${effectiveCores} of ${cores}`} cores, ${effectiveMemoryGib} GiB, ${platform}${container ? ', container' : ''}`,
  );
  const distinct = [...new Set(classes)].toSorted();
  return distinct.length === 0 ? UNKNOWN_PART : distinct.join('; ');
}
