import type { GateDefinition } from '../gates/model.ts';
import type { Remark } from '../model/file-format.ts';
import type { Profile } from '../model/profile.ts';
import { formatDuration } from '../text/duration.ts';
import type { Infeasibility } from './infeasibility.ts';
import type { Plan } from './plan.ts';
import { scrapeIntervalMs } from './scrape-interval.ts';

/** Gates that must be measured and never can be: their windows hold fewer samples than `minSamples`. */
export function unmeasurableGates(
  gates: readonly GateDefinition[],
  profile: Profile,
  plan: Pick<Plan, 'clusterCount'>,
): readonly Infeasibility[] {
  const intervalMs = scrapeIntervalMs(plan);
  const tooFew = gates.filter(({ barKind, unmeasured, minSamples, windowMs }) => {
    const counts = barKind !== 'informational' && unmeasured !== 'allow';
    return counts && minSamples > mostSamples(windowMs, profile, intervalMs);
  });
  const own = tooFew.filter(({ name }) => profile.gates[name]?.minSamples !== undefined);
  const inherited = tooFew.filter((gate) => !own.includes(gate));
  return [
    ...own.map((gate): Infeasibility => ({
      field: `gates.${gate.name}.minSamples`,
      message:
        `${gate.name} can never be measured: found ${gate.minSamples}, and its window of ` +
        `${formatDuration(longestWindowMs(gate.windowMs, profile))} holds ${mostSamples(gate.windowMs, profile, intervalMs)} samples ` +
        `at one every ${formatDuration(intervalMs)}; allowed: at most ${mostSamples(gate.windowMs, profile, intervalMs)}, or a longer soak`,
    })),
    ...(inherited.length === 0 ? [] : [tooShort(inherited, profile, intervalMs)]),
  ];
}

/** What a profile should know about its gates, though it can run. */
export function gateRemarks(gates: readonly GateDefinition[], profile: Profile): readonly Remark[] {
  const soakMs = profile.loadProfile.soakSeconds * 1_000;
  const judged = gates.filter(({ barKind }) => barKind !== 'informational');
  const remarks = Object.entries(profile.gates).flatMap(([name, { windowMs }]): readonly Remark[] =>
    typeof windowMs === 'number' && windowMs > soakMs
      ? [
          {
            path: ['gates', name, 'window'],
            message: `is longer than the soak of ${formatDuration(soakMs)}: the gate is read over the soak`,
          },
        ]
      : [],
  );
  if (judged.length === 0)
    return [...remarks, { path: ['gates'], message: 'no gate has a bar: the verdict can only be unmeasured' }];
  if (judged.every(({ unmeasured }) => unmeasured === 'allow'))
    return [
      ...remarks,
      { path: ['gates'], message: 'every gate with a bar has unmeasured: allow: nothing has to be measured' },
    ];
  return remarks;
}

/** The default of a gate, or the number of its system file: the soak is what the profile can change. */
function tooShort(gates: readonly GateDefinition[], profile: Profile, intervalMs: number): Infeasibility {
  const { soakSeconds, settleSeconds } = profile.loadProfile;
  const most = Math.max(...gates.map(({ minSamples }) => minSamples));
  const least = Math.ceil((most * intervalMs) / 1_000) + settleSeconds;
  const names = gates.map(({ name, minSamples }) => `${name} ${minSamples}`).join(', ');
  const settling = settleSeconds > 0 ? ` with settleSeconds ${settleSeconds}` : '';
  return {
    field: 'loadProfile.soakSeconds',
    message:
      `too short for gates that must be measured: found ${soakSeconds}${settling}; at one sample every ${formatDuration(intervalMs)} ` +
      `their windows hold fewer than minSamples (${names}); allowed: at least ${least}, or lower minSamples`,
  };
}

/** The longest window that a gate can have in this soak, ms. */
function longestWindowMs(windowMs: GateDefinition['windowMs'], { loadProfile }: Profile): number {
  const { soakSeconds, settleSeconds } = loadProfile;
  return windowMs === 'soak' ? (soakSeconds - settleSeconds) * 1_000 : Math.min(windowMs, soakSeconds * 1_000);
}

function mostSamples(windowMs: GateDefinition['windowMs'], profile: Profile, intervalMs: number): number {
  return Math.ceil(longestWindowMs(windowMs, profile) / intervalMs);
}
