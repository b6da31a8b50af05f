import { isBigfleet } from '../bigfleet/system/apply-slo.ts';
import type { Profile } from '../model/profile.ts';
import type { System } from '../model/system.ts';
import type { Infeasibility } from './feasibility.ts';

/** Actions that Belay itself carries out. */
const OWN_ACTION = /^fail-node(?:-\d+)?$/;

/**
 * What a profile asks for and nobody would do when the campaign is run, so that it is refused instead of passed over: actions
 * on the parts of a hosted BigFleet, which no cluster of ours has, and what only BigFleet's chart does where the system has
 * no such chart. Planning and judging such a profile is fine.
 */
export function notCarriedOut(profile: Profile, system: System): readonly Infeasibility[] {
  const refused = profile.runnerActions.flatMap(({ action }, index): readonly Infeasibility[] => {
    if (OWN_ACTION.test(action)) return [];
    return [
      {
        field: `runnerActions[${index}].action`,
        message: `this version cannot act on the coordinators, shards and networks of a system; found ${action}, allowed to run: fail-node, fail-node-<n> ("belay plan" and "belay judge" take it)`,
      },
    ];
  });
  if (isBigfleet(system.gates) && system.install.helm !== undefined) return refused;
  const only = `only BigFleet's chart does that, and system ${system.metadata.name} does not install it`;
  const { preBind } = profile.seed;
  const { failureRatePerSec } = profile.shard;
  return [
    ...refused,
    ...(preBind
      ? [
          {
            field: 'seed.preBind',
            message: `${only}; found true, allowed to run: false, the scheduler binds every Pod`,
          },
        ]
      : []),
    ...(failureRatePerSec > 0
      ? [
          {
            field: 'shard.failureRatePerSec',
            message: `${only}; found ${failureRatePerSec}, allowed to run: 0, or runnerActions with fail-node`,
          },
        ]
      : []),
  ];
}
