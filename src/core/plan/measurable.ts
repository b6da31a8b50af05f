import type { GateDefinition } from '../gates/model.ts';
import type { Remark } from '../model/file-format.ts';
import type { Profile } from '../model/profile.ts';
import type { ScrapeEntry } from '../model/scrape-entry.ts';
import { formatDuration } from '../text/duration.ts';
import { callBudgets } from './call-budgets.ts';
import { checksDue } from './check-schedule.ts';
import type { Infeasibility } from './infeasibility.ts';
import type { Plan } from './plan.ts';
import { ownIntervals, scrapeIntervalMs } from './scrape-interval.ts';

/** Gates that must be measured and never can be: their windows hold fewer samples than `minSamples`. */
export function unmeasurableGates(
  gates: readonly GateDefinition[],
  profile: Profile,
  plan: Pick<Plan, 'clusterCount'>,
  scrape: readonly Pick<ScrapeEntry, 'job' | 'intervalMs'>[] = [],
): readonly Infeasibility[] {
  const own = new Map(Object.entries(ownIntervals(scrape)));
  const intervalOf = ({ job = '' }: GateDefinition): number => own.get(job) ?? scrapeIntervalMs(plan);
  const tooFew = gates.filter((gate) => {
    const counts = gate.barKind !== 'informational' && gate.unmeasured !== 'allow';
    return counts && gate.minSamples > mostSamples(gate.windowMs, profile, intervalOf(gate));
  });
  const changed = tooFew.filter(({ name }) => profile.gates[name]?.minSamples !== undefined);
  const inherited = tooFew.filter((gate) => !changed.includes(gate));
  return [
    ...changed.map((gate): Infeasibility => ({
      field: `gates.${gate.name}.minSamples`,
      message:
        `${gate.name} can never be measured: found ${gate.minSamples}, and its window of ` +
        `${formatDuration(longestWindowMs(gate.windowMs, profile))} holds ${mostSamples(gate.windowMs, profile, intervalOf(gate))} samples ` +
        `at one every ${formatDuration(intervalOf(gate))}; allowed: at most ${mostSamples(gate.windowMs, profile, intervalOf(gate))}, or a longer soak`,
    })),
    ...(inherited.length === 0 ? [] : [tooShort(inherited, profile, intervalOf)]),
  ];
}

/**
 * Gates whose breach could never end the soak, because their `for` asks for more readings in a row than there are checks in it. A `for` of
 * the system's file is a number for any soak.
 */
export function unreachableRows(gates: readonly GateDefinition[], profile: Profile): readonly Infeasibility[] {
  const { soakSeconds, settleSeconds } = profile.loadProfile;
  const { gateIntervalMs } = callBudgets(profile).budgets;
  const checks = checksDue({
    settleEndMs: settleSeconds * 1_000,
    endMs: soakSeconds * 1_000,
    intervalMs: gateIntervalMs,
  });
  return gates.flatMap(({ name, forReadings = 1 }): readonly Infeasibility[] =>
    profile.gates[name]?.forReadings === undefined || forReadings <= Math.max(1, checks)
      ? []
      : [
          {
            field: `gates.${name}.for`,
            message:
              `no breach of ${name} could end the soak: found ${forReadings}, and the soak has ${checks} checks after settling, one every ` +
              `${formatDuration(gateIntervalMs)}; allowed: at most ${Math.max(1, checks)}, a longer soak, or a shorter deadlines.gateInterval`,
          },
        ],
  );
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
function tooShort(
  gates: readonly GateDefinition[],
  profile: Profile,
  intervalOf: (gate: GateDefinition) => number,
): Infeasibility {
  const { soakSeconds, settleSeconds } = profile.loadProfile;
  const neededMs = Math.max(...gates.map((gate) => gate.minSamples * intervalOf(gate)));
  const intervalMs = Math.max(...gates.map(intervalOf));
  const least = Math.ceil(neededMs / 1_000) + settleSeconds;
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
