import type { Finding } from '../../files/issues.ts';
import { valueAt } from '../../files/issues.ts';

/** Keys that only the values file of upstream's time before V2 has. */
const MARKS = [
  ['kwok', 'clusterCount'],
  ['loadProfile', 'target'],
  ['loadProfile', 'durationSeconds'],
  ['shard', 'seedMachines'],
  ['shard', 'replicas'],
] as const;

/** Whether a document is one of upstream's legacy profiles: Helm values without apiVersion. */
export function isLegacyProfile(raw: unknown): boolean {
  return valueAt(raw, ['apiVersion']) === undefined && MARKS.some((path) => valueAt(raw, path) !== undefined);
}

/** The error for a legacy profile, or undefined where it is none. */
export function legacyProblem(raw: unknown): Finding | undefined {
  if (!isLegacyProfile(raw)) return undefined;
  const marks = MARKS.filter((path) => valueAt(raw, path) !== undefined).map((path) => path.join('.'));
  return {
    path: [],
    problem: 'a legacy profile, from before the V2 format',
    found: marks.join(', '),
    allowed: 'a profile of belay.dev/v1 or bigfleet.io/scaletest/v1; `belay convert FILE` makes one of it',
  };
}
