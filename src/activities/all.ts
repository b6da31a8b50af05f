import type { Logger } from 'pino';
import { createClimb } from './climb.ts';
import type {
  LadderActivities,
  ResolveActivities,
  ResolveLadderActivities,
  RespecActivities,
  StageActivities,
} from './contract.ts';
import { createInstall } from './install.ts';
import { createJudge } from './judge.ts';
import type { Observers } from '../adapters/observe/observers.ts';
import { createProvision } from './provision.ts';
import { createRamp } from './ramp.ts';
import { createResolve } from './resolve.ts';
import { createSeed } from './seed.ts';
import { createSnapshot } from './snapshot.ts';
import { createSoak } from './soak.ts';
import { createSteady } from './steady.ts';
import { createTeardown } from './teardown.ts';

/** What the activities of a worker are given. */
export interface ActivityDependencies {
  readonly log: Logger;
  /** Port of the worker's /metrics, for the campaigns' Prometheus. */
  readonly metricsPort: number;
  readonly observers: Observers;
}

type AllActivities = ResolveActivities &
  RespecActivities &
  StageActivities &
  ResolveLadderActivities &
  LadderActivities;

/** Every activity that a worker serves, by name. */
export function createActivities({ log, metricsPort, observers }: ActivityDependencies): AllActivities {
  return {
    ...createResolve(),
    provision: createProvision(log, metricsPort),
    install: createInstall(log),
    seed: createSeed(log),
    ramp: createRamp(log, observers),
    steady: createSteady(log, observers),
    soak: createSoak(log, observers),
    snapshot: createSnapshot(log),
    judge: createJudge(log),
    teardown: createTeardown(log, observers),
    ...createClimb(),
  };
}
