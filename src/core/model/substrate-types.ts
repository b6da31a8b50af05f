/** Clusters that a substrate offers, and the field that lists them. */
interface Offer {
  readonly clusters: number;
  readonly field: string;
  readonly noun: string;
}

/** The part of a substrate that lists clusters; a whole substrate fits. */
interface Contexts {
  readonly kubeconfig?: { readonly contexts: readonly string[] };
}

/** What a type of substrate can do. A type is one entry of `SUBSTRATE_TYPES` and one adapter. */
export interface SubstrateTraits {
  /** Meaning of the type, for the schema. */
  readonly description: string;
  /** `owned`: the campaign creates its clusters and removes them. `borrowed`: they exist before and after it. */
  readonly clusters: 'owned' | 'borrowed';
  /** False: campaigns on it can be planned and judged, but this version cannot run them. */
  readonly runnable: boolean;
  /** Field of the file with the settings of this type; no other type may have it. */
  readonly settings: 'local' | 'kubeconfig' | 'kwokPod';
  /** What the settings must contain; absent = they are optional. */
  readonly requiredSettings?: string;
  /** One word before "cluster" in messages. */
  readonly adjective: string;
  /** Each host manages only its own clusters. False: one host manages the clusters of all hosts. */
  readonly hostsWorkInParallel: boolean;
  /** Absent = the substrate offers as many clusters as the plan needs. */
  readonly offers?: (substrate: Contexts) => Offer;
}

/** Every type of substrate, by its name in files. */
export const SUBSTRATE_TYPES = {
  local: {
    description: 'clusters on this machine',
    clusters: 'owned',
    runnable: true,
    settings: 'local',
    adjective: 'local',
    hostsWorkInParallel: false,
  },
  kubeconfig: {
    description: 'existing contexts',
    clusters: 'borrowed',
    runnable: true,
    settings: 'kubeconfig',
    requiredSettings: 'a map of file and contexts',
    adjective: 'borrowed',
    hostsWorkInParallel: false,
    offers: ({ kubeconfig }) => ({
      clusters: kubeconfig?.contexts.length ?? 0,
      field: 'kubeconfig.contexts',
      noun: 'contexts',
    }),
  },
  hosted: {
    description: 'kwok clusters hosted as Pods',
    clusters: 'owned',
    runnable: false,
    settings: 'kwokPod',
    requiredSettings: 'a map of requests and limits',
    adjective: 'hosted',
    hostsWorkInParallel: true,
  },
} as const satisfies Readonly<Record<string, SubstrateTraits>>;

/** Name of a type of substrate. */
export type SubstrateType = keyof typeof SUBSTRATE_TYPES;

/** The names of all types, for schemas and messages. */
export const SUBSTRATE_TYPE_NAMES = Object.keys(SUBSTRATE_TYPES) as [SubstrateType, ...SubstrateType[]];

/** What the type of a substrate can do. */
export function traitsOf({ type }: { readonly type: SubstrateType }): SubstrateTraits {
  return SUBSTRATE_TYPES[type];
}
