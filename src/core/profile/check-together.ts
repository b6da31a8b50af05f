import { sourceOf } from '../gates/kinds/registry.ts';
import type { Catalogue } from '../model/catalogue.ts';
import type { GatePatch } from '../model/gate-patch.ts';
import type { Profile } from '../model/profile.ts';
import type { System } from '../model/system.ts';
import { nearest } from '../text/nearest.ts';
import type { Mismatch } from './mismatch.ts';
import { unjudgedSlo } from './unjudged-slo.ts';

/** Checks a profile against its catalogue and its system: names it uses exist, changed gates can be met, and every bar is judged. */
export function checkTogether(profile: Profile, catalogue: Catalogue, system: System): readonly Mismatch[] {
  return [...checkBursts(profile, catalogue), ...checkGates(profile, system), ...unjudgedSlo(profile, system)];
}

function checkBursts(profile: Profile, catalogue: Catalogue): readonly Mismatch[] {
  const known = [
    ...new Set([...catalogue.archetypes, ...catalogue.demandArchetypes].map((archetype) => archetype.name)),
  ];
  return profile.loadProfile.bursts.flatMap((burst, index) => {
    if (known.includes(burst.archetype)) return [];
    const path = ['loadProfile', 'bursts', index, 'archetype'];
    return [unknown(path, `not an archetype of catalogue ${catalogue.name}`, burst.archetype, known)];
  });
}

function checkGates(profile: Profile, system: System): readonly Mismatch[] {
  const known = Object.keys(system.gates);
  return Object.entries(profile.gates).flatMap(([name, patch]) => {
    const own = sourceOf(patch) !== undefined;
    const base = Object.hasOwn(system.gates, name) ? system.gates[name] : undefined;
    if (base === undefined) {
      if (own) return [];
      return [
        unknown(
          ['gates', name],
          `not a gate of system ${system.metadata.name}, and without a source of its own`,
          name,
          known,
        ),
      ];
    }
    if (Object.keys(patch).length === 0) {
      const path = ['gates', name];
      return [{ path, problem: 'changes nothing', found: '{}', allowed: 'a bar or another field of a gate' }];
    }
    return checkBar(name, base, patch);
  });
}

function checkBar(name: string, base: GatePatch, patch: GatePatch): readonly Mismatch[] {
  const min = patch.min ?? base.min;
  const max = patch.max ?? base.max;
  if (min === undefined || max === undefined || min <= max) return [];
  const field = patch.max === undefined ? 'min' : 'max';
  const allowed = field === 'max' ? `at least ${min}, the gate's min` : `at most ${max}, the gate's max`;
  return [
    { path: ['gates', name, field], problem: 'nothing can pass', found: String(field === 'max' ? max : min), allowed },
  ];
}

function unknown(
  path: readonly (string | number)[],
  problem: string,
  found: string,
  known: readonly string[],
): Mismatch {
  const suggestion = nearest(found, known);
  const mismatch = {
    path,
    problem,
    found: JSON.stringify(found),
    allowed: known.length > 0 ? known.join(', ') : 'none is defined',
  };
  return suggestion === undefined ? mismatch : { ...mismatch, suggestion };
}
