import type { ActivityName, Stage } from '../../model/stages.ts';
import { drive } from './drive.ts';
import { install } from './install.ts';
import { judge } from './judge.ts';
import { provision } from './provision.ts';
import { ramp } from './ramp.ts';
import { resolve } from './resolve.ts';
import { seed } from './seed.ts';
import { snapshot } from './snapshot.ts';
import { soak } from './soak.ts';
import type { StageDescriptor } from './stage-descriptor.ts';
import { steady } from './steady.ts';
import { teardown } from './teardown.ts';
import { watch } from './watch.ts';

/** The descriptor of every stage. */
export const STAGE_DESCRIPTORS = {
  resolve,
  provision,
  install,
  seed,
  ramp,
  steady,
  soak,
  snapshot,
  judge,
  teardown,
} as const satisfies Readonly<Record<Stage, StageDescriptor>>;

/** The descriptor of every activity: of the stages, and of the parts of a soak over several groups. */
export const ACTIVITY_DESCRIPTORS = {
  ...STAGE_DESCRIPTORS,
  drive,
  watch,
} as const satisfies Readonly<Record<ActivityName, StageDescriptor>>;

/** The steps of an activity, by name. A step that it does not derive is not among them. */
export type StepId<A extends ActivityName> = keyof (typeof ACTIVITY_DESCRIPTORS)[A]['steps'] & string;

type Checkpoints = {
  readonly [A in ActivityName]: NonNullable<ReturnType<(typeof ACTIVITY_DESCRIPTORS)[A]['parseCheckpoint']>>;
};

/** What an activity's checkpoint says; `never` for one that keeps none. */
export type CheckpointOf<A extends ActivityName> = Checkpoints[A];

const PARSERS: {
  readonly [A in ActivityName]: { readonly parseCheckpoint: (value: unknown) => Checkpoints[A] | undefined };
} = ACTIVITY_DESCRIPTORS;

/**
 * Reads an activity's checkpoint from disk or from a heartbeat; undefined if there is none.
 * @throws UnreadableRecord naming the field
 */
export function parseCheckpoint<A extends ActivityName>(activity: A, value: unknown): CheckpointOf<A> | undefined {
  return PARSERS[activity].parseCheckpoint(value);
}
