import { isBigfleet } from '../bigfleet/system/apply-slo.ts';
import { requestedFault, RUNNABLE_FORMS } from '../faults/registry.ts';
import type { Profile } from '../model/profile.ts';
import type { System } from '../model/system.ts';
import type { Infeasibility } from './feasibility.ts';

/**
 * What a profile asks for and nothing would do when the campaign is run. It is refused instead of ignored: faults that this
 * version cannot inject, and what only BigFleet's chart does where the system has no such chart. Such a profile can still be
 * planned and judged.
 */
export function notCarriedOut(profile: Profile, system: System): readonly Infeasibility[] {
  const refused = profile.runnerActions.flatMap(({ action }, index): readonly Infeasibility[] => {
    const fault = requestedFault(action);
    if (fault?.runnable === true) return [];
    const what = fault === undefined ? '' : ` (${fault.description})`;
    return [
      {
        field: `runnerActions[${index}].action`,
        message: `this version cannot act on the coordinators, shards and networks of a system; found ${action}${what}, allowed to run: ${RUNNABLE_FORMS.join(', ')} ("belay plan" and "belay judge" take it)`,
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
