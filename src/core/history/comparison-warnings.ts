import { isHostBusy } from '../gates/host-saturation.ts';
import { counted } from '../text/counted.ts';
import { differingParts, type FingerprintParts } from './fingerprint-parts.ts';
import type { StoredRun } from './stored-run.ts';

/** What the parts of a fingerprint are called. */
const PART_NAMES: Readonly<Record<keyof FingerprintParts, string>> = {
  profile: 'the profile',
  substrate: 'the substrate',
  system: 'the system',
  hostClass: 'the host class',
};

/**
 * What keeps two sets of runs from being compared fairly, one sentence each.
 * @param expected parts that differ on purpose
 */
export function comparisonWarnings(
  baseline: readonly StoredRun[],
  branch: readonly StoredRun[],
  expected: readonly (keyof FingerprintParts)[] = [],
): readonly string[] {
  return [
    ...partWarnings(baseline, branch)
      .filter(({ part }) => !expected.includes(part))
      .map(({ text }) => text),
    ...versionWarnings('the baseline', baseline),
    ...versionWarnings('the branch', branch),
    ...inBoth(baseline, branch),
    ...busyHosts([...baseline, ...branch]),
  ];
}

/** Parts that differ on purpose between the sides of one comparison by new campaigns: what its sides change. */
export function expectedDifferences(runs: readonly StoredRun[]): readonly (keyof FingerprintParts)[] {
  const comparisons = new Set(runs.map(({ comparison }) => comparison?.workflowId));
  return comparisons.size === 1 && !comparisons.has(undefined) ? ['profile', 'substrate', 'system'] : [];
}

/** Each part in which any run differs from the first one of the baseline, once. */
function partWarnings(
  baseline: readonly StoredRun[],
  branch: readonly StoredRun[],
): readonly { readonly part: keyof FingerprintParts; readonly text: string }[] {
  const [first] = baseline;
  if (first === undefined) return [];
  const found = new Map<keyof FingerprintParts, string>();
  for (const run of [...baseline.slice(1), ...branch]) {
    for (const { part, one, other } of differingParts(first.fingerprint, run.fingerprint)) {
      if (found.has(part)) continue;
      const text =
        one === other
          ? `${PART_NAMES[part]} of ${first.id} and ${run.id} was not recorded`
          : `${PART_NAMES[part]} differs: ${first.id} has "${one}", ${run.id} has "${other}"`;
      found.set(part, text);
    }
  }
  return [...found].map(([part, text]) => ({ part, text }));
}

function versionWarnings(side: string, runs: readonly StoredRun[]): readonly string[] {
  const versions = [...new Set(runs.map(({ systemVersion }) => systemVersion))];
  const codes = [...new Set(runs.map(({ code }) => code))];
  return [
    ...(versions.length > 1 ? [`${side} has ${versions.length} versions of the system: ${versions.join('; ')}`] : []),
    ...(codes.length > 1 ? [`${side} was run by ${codes.length} versions of Belay: ${codes.join('; ')}`] : []),
  ];
}

function inBoth(baseline: readonly StoredRun[], branch: readonly StoredRun[]): readonly string[] {
  const ids = new Set(branch.map(({ folder }) => folder));
  const both = baseline.filter(({ folder }) => ids.has(folder)).map(({ id }) => id);
  return both.length === 0 ? [] : [`on both sides: ${both.join(', ')}; the two sides are not independent`];
}

function busyHosts(runs: readonly StoredRun[]): readonly string[] {
  const busy = runs.filter(({ metrics }) => metrics.some(isHostBusy));
  return busy.length === 0
    ? []
    : [
        `the host had no CPU left in ${counted(busy.length, 'run')} of ${runs.length}${busy.length === runs.length ? '' : `: ${namesOf(busy)}`}`,
      ];
}

/** Runs that are named in a warning. */
const NAMED = 4;

function namesOf(runs: readonly StoredRun[]): string {
  const names = runs.slice(0, NAMED).map(({ id }) => id);
  return `${names.join(', ')}${runs.length > NAMED ? ` and ${runs.length - NAMED} more` : ''}`;
}
