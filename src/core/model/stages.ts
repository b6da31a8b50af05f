/** What the campaign knows about a stage before it runs. */
interface StageRow {
  readonly name: string;
  /** Queue of its activity: that of the host with the clusters, or that of the load workers. */
  readonly queue: 'host' | 'load';
  /** The verdict counts it: a campaign in which it did not succeed is not measured. */
  readonly measured: boolean;
  /** It runs in every campaign that was resolved, also after failure, cancel and abort. */
  readonly closing: boolean;
  /** The later stages can run without it. */
  readonly skippable: boolean;
  /** The profile may set the limit of one attempt: `deadlines.<name>`. */
  readonly settable: boolean;
  /** It needs what only the lead has: the campaign's Prometheus and its run folder. */
  readonly onLead?: boolean;
}

/** The stages of a campaign, in the order in which they run. */
const STAGE_TABLE = [
  { name: 'resolve', queue: 'host', measured: true, closing: false, skippable: false, settable: false },
  { name: 'provision', queue: 'host', measured: true, closing: false, skippable: false, settable: true },
  { name: 'install', queue: 'host', measured: true, closing: false, skippable: false, settable: true },
  { name: 'seed', queue: 'load', measured: true, closing: false, skippable: false, settable: true },
  { name: 'ramp', queue: 'load', measured: true, closing: false, skippable: false, settable: true },
  { name: 'steady', queue: 'load', measured: true, closing: false, skippable: true, settable: true },
  { name: 'soak', queue: 'load', measured: true, closing: false, skippable: true, settable: false },
  { name: 'snapshot', queue: 'host', measured: true, closing: true, skippable: false, settable: false },
  { name: 'judge', queue: 'host', measured: false, closing: true, skippable: false, settable: false, onLead: true },
  { name: 'teardown', queue: 'host', measured: false, closing: true, skippable: false, settable: true },
] as const satisfies readonly StageRow[];

/** One stage's name. */
export type Stage = (typeof STAGE_TABLE)[number]['name'];

/**
 * The activities of a soak over several groups: one `drive` for each group, and one `watch` of the whole campaign. A soak of one
 * group is one activity.
 */
export const SOAK_PARTS = ['drive', 'watch'] as const;

/** One of {@link SOAK_PARTS}. */
export type SoakPart = (typeof SOAK_PARTS)[number];

/** An activity that carries out a stage, or its part of the soak. */
export type ActivityName = Stage | SoakPart;

/** The stages for which a profile may set the limit of one attempt. */
export type SettableStage = Extract<(typeof STAGE_TABLE)[number], { readonly settable: true }>['name'];

/** The names of the stages, in the order in which they run. */
export const STAGES: readonly Stage[] = STAGE_TABLE.map(({ name }) => name);

const ROWS: ReadonlyMap<ActivityName, StageRow> = new Map(STAGE_TABLE.map((row) => [row.name, row]));

/** Whether an activity carries out a whole stage. */
export function isStage(activity: ActivityName): activity is Stage {
  return ROWS.has(activity);
}

/** Whether `stage` closes every campaign: it runs whatever happened before. */
export function isClosing(stage: ActivityName): boolean {
  return ROWS.get(stage)?.closing === true;
}

/** Whether the later stages can run without `stage`. */
export function isSkippable(stage: Stage): boolean {
  return ROWS.get(stage)?.skippable === true;
}

/** Whether `stage` runs on the lead's host alone. */
export function isOnLead(stage: Stage): boolean {
  return ROWS.get(stage)?.onLead === true;
}

/** Whether the verdict counts how `stage` ended. */
export function isMeasured(stage: Stage): boolean {
  return ROWS.get(stage)?.measured === true;
}

/** Whether a profile may set the limit of one attempt of `stage`. */
export function isSettable(stage: Stage): stage is SettableStage {
  return ROWS.get(stage)?.settable === true;
}

/** Whether `stage` runs on the queue of the load workers. The other stages run on the host that has the clusters. */
export function onLoadQueue(stage: Stage): boolean {
  return ROWS.get(stage)?.queue === 'load';
}
