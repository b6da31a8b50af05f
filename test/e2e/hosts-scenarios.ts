import type { Stage } from '../../src/core/model/stages.ts';
import { drawn } from '../drawn.ts';

/** What happens to a campaign whose clusters are on several hosts. Without anything it is only carried out. */
export interface Scenario {
  readonly name: string;
  readonly rampSeconds?: number;
  readonly soakSeconds?: number;
  /** A member loses its power in this stage. Then the stage is retried, on a third host. */
  readonly kill?: Stage;
  /** The link of a member is cut for so long. */
  readonly cutMs?: number;
  /** Where it is cut: as soon as this stage has begun on the member. Default: in the soak that is judged, after its fault. */
  readonly cutIn?: Stage;
  /** Ctrl-C in this stage. */
  readonly cancel?: Stage;
  /** Its workflow is terminated in this stage. */
  readonly terminate?: Stage;
  /** A gate breaks, and every host loses its power in the hold. Then the stage is retried with another bar. */
  readonly reboot?: true;
  /** The lead loses its power in the soak, and comes back when the campaign has ended. */
  readonly loseLead?: true;
}

/** One of these is drawn for a run. BELAY_TEST_HOSTS selects others by parts of their names (`nothing,seed`), or `all`. */
const USUAL: readonly Scenario[] = [
  { name: 'a kill in the soak and a cut of 10 s in its retry', kill: 'soak', cutMs: 10_000 },
  { name: 'a cancel in the ramp', cancel: 'ramp', rampSeconds: 20 },
];
const ON_REQUEST: readonly Scenario[] = [
  { name: 'nothing', soakSeconds: 60 },
  { name: 'a kill in the seed', kill: 'seed' },
  { name: 'a kill in the ramp', kill: 'ramp', rampSeconds: 20 },
  { name: 'a cut of 10 s', cutMs: 10_000 },
  { name: 'a cut of 60 s', cutMs: 60_000, soakSeconds: 90 },
  ...(['provision', 'seed', 'ramp', 'snapshot', 'teardown'] as const).map((cutIn) => ({
    name: `a cut of 10 s in the stage ${cutIn}`,
    cutIn,
    cutMs: 10_000,
    ...(cutIn === 'ramp' ? { rampSeconds: 20 } : {}),
  })),
  ...(['provision', 'install', 'seed', 'steady', 'soak', 'snapshot', 'judge', 'teardown'] as const).map((cancel) => ({
    name: `a cancel in the stage ${cancel}`,
    cancel,
  })),
  { name: 'a lead that is lost in the soak', loseLead: true },
  { name: 'a reboot of all hosts in a hold', reboot: true },
  ...(['provision', 'install', 'seed', 'ramp', 'steady', 'soak', 'snapshot', 'judge', 'teardown'] as const).map(
    (terminate) => ({
      name: `a terminate in the stage ${terminate}`,
      terminate,
      ...(terminate === 'ramp' ? { rampSeconds: 20 } : {}),
    }),
  ),
];

/** The scenarios of this run. */
export function selectedScenarios(): readonly Scenario[] {
  const wanted = process.env['BELAY_TEST_HOSTS'];
  if (wanted === undefined) return drawn(USUAL, 1);
  return [...USUAL, ...ON_REQUEST].filter(
    ({ name }) => wanted === 'all' || wanted.split(',').some((part) => name.includes(part)),
  );
}
