/** The seed of a profile from before catalogues, which asks for one kind of machine out of five in rotation. */
export interface LegacySeed {
  readonly machines: number;
  readonly speculative: number;
  readonly configuredPerCluster: number;
  readonly density: number;
  readonly clusters: number;
  readonly targetPerCluster: number;
  /** Set on profiles that have a catalogue; the check is not for them. */
  readonly apiVersion?: string;
  readonly inlineArchetypes?: boolean;
}

/** Whether the seed has slots enough for the bind gate. */
export type LegacyPreflight =
  | { readonly skipped: true }
  | {
      readonly skipped: false;
      readonly matchingSlots: number;
      readonly bindGate: number;
      readonly ok: boolean;
      /** The least `seedSpeculative` that would do; what it is where the seed suffices. */
      readonly suggestedSpeculative: number;
    };

/** Instance types that a legacy seed goes through in turn; demand is for the first. */
const ROTATION = 5;
const BIND_GATE = 0.99;

/**
 * Whether a legacy profile's seed can ever bind 99 % of its target (`reference/bigfleet-harness.md` §5): only every fifth
 * machine fits its Pods. Skipped for profiles with a catalogue, without any seed, or without clusters or target.
 */
export function legacyPreflight(seed: LegacySeed): LegacyPreflight {
  const { machines, speculative, configuredPerCluster, clusters, targetPerCluster } = seed;
  const hasCatalogue = (seed.apiVersion ?? '') !== '' || seed.inlineArchetypes === true;
  const hasSeed = machines > 0 || speculative > 0 || configuredPerCluster > 0;
  if (hasCatalogue || !hasSeed || !(clusters > 0) || !(targetPerCluster > 0)) return { skipped: true };
  const density = Math.max(1, seed.density);
  const fitting = Math.ceil(machines / ROTATION) + configuredPerCluster * clusters;
  const matchingSlots = (fitting + Math.ceil(speculative / ROTATION)) * density;
  const bindGate = Math.floor(BIND_GATE * clusters * targetPerCluster);
  const missing = Math.max(0, Math.ceil(bindGate / density) - fitting);
  const ok = matchingSlots >= bindGate;
  return { skipped: false, matchingSlots, bindGate, ok, suggestedSpeculative: ok ? speculative : missing * ROTATION };
}
