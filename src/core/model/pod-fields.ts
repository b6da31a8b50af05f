/** A toleration as a Pod has it. */
interface Toleration {
  readonly key?: string;
  readonly operator?: 'Equal' | 'Exists';
  readonly value?: string;
  readonly effect?: 'NoSchedule' | 'PreferNoSchedule' | 'NoExecute';
  readonly tolerationSeconds?: number;
}

/** What the Pods of a load carry for the system under test: who schedules them, and how they are labelled and gated. */
export interface PodFields {
  /** Absent = the cluster's default scheduler. */
  readonly schedulerName?: string;
  /** Values may have placeholders, see `POD_PLACEHOLDERS`. */
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
  /** Labels of the Nodes. Nodes that Belay makes for these Pods have them. */
  readonly nodeSelector?: Readonly<Record<string, string>>;
  readonly tolerations?: readonly Toleration[];
  /** A PriorityClass that exists. It takes the place of the drawn priority. */
  readonly priorityClassName?: string;
  /** The scheduler leaves the Pods alone until a controller has taken these away. */
  readonly schedulingGates?: readonly string[];
}

/** The same for all Pods of a profile, and how the priorities of the catalogue are applied. */
export interface ProfilePods extends PodFields {
  /** `ignore`: no PriorityClass is made, and the Pods have the cluster's default priority. Absent = `apply`. */
  readonly priorities?: 'apply' | 'ignore';
  /** Of the PriorityClasses that Belay makes. Absent = `Never`: its Pods take no room from others. */
  readonly preemptionPolicy?: 'Never' | 'PreemptLowerPriority';
}

/** Placeholders in the values of labels and annotations, with the length of the longest text that each may stand for. */
export const POD_PLACEHOLDERS = {
  /** Name of the workload (a service or a gang), unique in its namespace. */
  '${workload}': 20,
  /** Number of Pods of the workload. */
  '${replicas}': 10,
  '${archetype}': 40,
  '${campaign}': 63,
} as const satisfies Readonly<Record<string, number>>;
