import { requestedFault, RUNNABLE_FORMS } from '../faults/registry.ts';
import type { Profile } from '../model/profile.ts';
import type { System } from '../model/system.ts';
import { EXTENSIONS, extensionOf } from '../profile/extensions.ts';
import type { Infeasibility } from './infeasibility.ts';

/**
 * What a profile asks for and nothing would do when the campaign is run. It is refused instead of ignored: faults that this
 * version cannot inject, and settings that take effect only through the chart of another system. Such a profile can still be
 * planned and judged.
 */
export function notCarriedOut(profile: Profile, system: System): readonly Infeasibility[] {
  return [...unknownFaults(profile), ...settingsOfOtherCharts(profile, system)];
}

function unknownFaults(profile: Profile): readonly Infeasibility[] {
  return profile.runnerActions.flatMap(({ action }, index): readonly Infeasibility[] => {
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
}

function settingsOfOtherCharts(profile: Profile, system: System): readonly Infeasibility[] {
  const installed = system.install.helm === undefined ? undefined : extensionOf(system);
  return EXTENSIONS.filter((extension) => extension !== installed).flatMap(({ title, chartSettings }) =>
    chartSettings.flatMap(({ field, found, allowed }) => {
      const value = found(profile);
      if (value === undefined) return [];
      const why = `only ${title}'s chart does that, and system ${system.metadata.name} does not install it`;
      return [{ field, message: `${why}; found ${value}, allowed to run: ${allowed}` }];
    }),
  );
}
