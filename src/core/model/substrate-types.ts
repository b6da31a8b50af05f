import type { ExistingPrometheus } from './existing-prometheus.ts';

/** Settings of each type of substrate, in the field that `SubstrateTraits.settings` names. */
export interface SubstrateSettings {
  /** Type `local`: environment of the cluster's processes (e.g. GOGC), and seconds before a new Node turns Ready. */
  readonly local?: { readonly env: Readonly<Record<string, string>>; readonly nodeReadyDelaySeconds: number };
  /** Type `kubeconfig`: contexts in order, one cluster each; an empty `file` means the user's own kubeconfig. */
  readonly kubeconfig?: {
    readonly file: string;
    readonly contexts: readonly string[];
    /** A Prometheus that scrapes these clusters already. */
    readonly prometheus?: ExistingPrometheus;
  };
  /** Type `hosted`: the Pod of one cluster. */
  readonly kwokPod?: {
    readonly requests: { readonly cpu: string; readonly memory: string };
    readonly limits: { readonly cpu: string; readonly memory: string };
    readonly sharedVolumeSizeLimit?: string;
  };
}

/** Parts of a cluster that Prometheus may scrape; the value of the label `job`. */
export const CLUSTER_PARTS = ['apiserver', 'scheduler', 'controller-manager', 'etcd', 'kwok'] as const;

/** One of {@link CLUSTER_PARTS}. */
export type ClusterPart = (typeof CLUSTER_PARTS)[number];

/** Clusters that a substrate offers, and the field that lists them. */
interface Offer {
  readonly clusters: number;
  readonly field: string;
  /** What the field lists, in the plural. */
  readonly noun: string;
}

/**
 * What a type of substrate can do. A new type is one entry of `SUBSTRATE_TYPES` with its settings, their schema, one adapter,
 * and one entry in the registry of adapters.
 */
export interface SubstrateTraits {
  /** The clusters in words, in the plural. */
  readonly description: string;
  /** One word before "cluster" in messages. */
  readonly adjective: string;
  /** `owned`: the campaign creates its clusters and removes them. `borrowed`: they exist before and after it. */
  readonly clusters: 'owned' | 'borrowed';
  /** A cluster is deleted with everything in it. False: charts and the campaign's objects are removed one by one. */
  readonly removedWhole: boolean;
  /** False: campaigns on it can be planned and judged, but this version cannot run them. */
  readonly runnable: boolean;
  /** Each host manages only its own clusters. False: one host manages all of them. */
  readonly hostsWorkInParallel: boolean;
  /** The system runs on a host of its own. False: it runs beside the clusters, or in them. */
  readonly systemHasHost: boolean;
  /** Every host can make clusters of this type: a campaign may spread over several. False: they are tied to one host or account. */
  readonly madeOnAnyHost: boolean;
  /** Parts of each cluster that can be reached for scraping. One that cannot be is missing in readings. */
  readonly scrapedParts: readonly ClusterPart[];
  /** Field of the file with the settings of this type; no other type may have it. */
  readonly settings: keyof SubstrateSettings;
  /** What the settings must contain; absent = they are optional. */
  readonly requiredSettings?: string;
  /** Settings of a file that has none. */
  readonly defaults?: SubstrateSettings;
  /** Absent = the substrate offers as many clusters as the plan needs. */
  readonly offers?: (settings: SubstrateSettings) => Offer;
}

/** Every type of substrate, by its name in files. */
export const SUBSTRATE_TYPES = {
  local: {
    description: 'kwok clusters on this machine',
    adjective: 'local',
    clusters: 'owned',
    removedWhole: true,
    runnable: true,
    hostsWorkInParallel: false,
    systemHasHost: false,
    madeOnAnyHost: true,
    scrapedParts: CLUSTER_PARTS,
    settings: 'local',
    defaults: { local: { env: {}, nodeReadyDelaySeconds: 0 } },
  },
  kubeconfig: {
    description: 'existing clusters of a kubeconfig',
    adjective: 'borrowed',
    clusters: 'borrowed',
    removedWhole: false,
    runnable: true,
    hostsWorkInParallel: false,
    systemHasHost: false,
    madeOnAnyHost: false,
    scrapedParts: ['apiserver'],
    settings: 'kubeconfig',
    requiredSettings: 'a map of file and contexts',
    offers: ({ kubeconfig }) => ({
      clusters: kubeconfig?.contexts.length ?? 0,
      field: 'kubeconfig.contexts',
      noun: 'contexts',
    }),
  },
  hosted: {
    description: 'kwok clusters hosted as Pods',
    adjective: 'hosted',
    clusters: 'owned',
    removedWhole: false,
    runnable: false,
    hostsWorkInParallel: true,
    systemHasHost: true,
    madeOnAnyHost: false,
    scrapedParts: CLUSTER_PARTS,
    settings: 'kwokPod',
    requiredSettings: 'a map of requests and limits',
  },
} as const satisfies Readonly<Record<string, SubstrateTraits>>;

/** Name of a type of substrate. */
export type SubstrateType = keyof typeof SUBSTRATE_TYPES;

/** Names of the types that this version can run. */
export type RunnableType = {
  [T in SubstrateType]: (typeof SUBSTRATE_TYPES)[T]['runnable'] extends true ? T : never;
}[SubstrateType];

/** The names of all types, for schemas and messages. */
export const SUBSTRATE_TYPE_NAMES = Object.keys(SUBSTRATE_TYPES) as [SubstrateType, ...SubstrateType[]];

/** What the type of a substrate can do. */
export function traitsOf({ type }: { readonly type: SubstrateType }): SubstrateTraits {
  return SUBSTRATE_TYPES[type];
}

/** The types that this version can run, for messages. */
export const RUNNABLE_TYPES = SUBSTRATE_TYPE_NAMES.filter((type) => SUBSTRATE_TYPES[type].runnable);
