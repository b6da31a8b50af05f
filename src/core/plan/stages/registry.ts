import type { Stage } from '../../model/stages.ts';
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

/** The steps of a stage, by name. A step that the stage does not derive is not among them. */
export type StepId<S extends Stage> = keyof (typeof STAGE_DESCRIPTORS)[S]['steps'] & string;

type Checkpoints = {
  readonly [S in Stage]: NonNullable<ReturnType<(typeof STAGE_DESCRIPTORS)[S]['parseCheckpoint']>>;
};

/** What a stage's checkpoint says; `never` for a stage that keeps none. */
export type CheckpointOf<S extends Stage> = Checkpoints[S];

const PARSERS: { readonly [S in Stage]: { readonly parseCheckpoint: (value: unknown) => Checkpoints[S] | undefined } } =
  STAGE_DESCRIPTORS;

/** Reads a stage's checkpoint from disk or from a heartbeat; undefined if there is none. @throws UnreadableRecord naming the field */
export function parseCheckpoint<S extends Stage>(stage: S, value: unknown): CheckpointOf<S> | undefined {
  return PARSERS[stage].parseCheckpoint(value);
}
