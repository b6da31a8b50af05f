import type { Catalogue } from '../model/catalogue.ts';
import type { Profile } from '../model/profile.ts';
import type { System } from '../model/system.ts';
import type { Infeasibility } from './infeasibility.ts';
import { LABELS } from './labels.ts';
import { MAX_PRIORITIES } from './limits.ts';
import { podFieldsOf } from './pod-fields.ts';
import { MAX_PRIORITY, plannedPriorities } from './priorities.ts';

/** Labels that every Node of Belay has with a value of its own. */
const SET_BY_LAYOUT: readonly string[] = [LABELS.instanceType, LABELS.zone, LABELS.rack, LABELS.hostname];

/** What Pods carry that no cluster takes, or that no Node can have. */
export function podRefusals(
  profile: Profile,
  catalogue: Catalogue,
  system: Pick<System, 'capacity'>,
): readonly Infeasibility[] {
  return [
    ...priorityRefusals(profile, catalogue),
    ...selectorRefusals(profile, catalogue, system),
    ...tolerationRefusals(profile, catalogue),
  ];
}

function priorityRefusals(profile: Profile, catalogue: Catalogue): readonly Infeasibility[] {
  const kinds = [...catalogue.archetypes, ...catalogue.demandArchetypes];
  const drawn = kinds.flatMap(({ name, priorityClasses }) =>
    priorityClasses.map((priority) => ({ archetype: name, priority })),
  );
  const planned = plannedPriorities({ slug: '', profile, catalogue }, drawn);
  const field = 'catalog.archetypes';
  const refused: Infeasibility[] = [];
  const high = planned.at(-1)?.value ?? 0;
  if (high > MAX_PRIORITY) {
    const message = `catalogue ${catalogue.name} has priority ${high}; allowed: at most ${MAX_PRIORITY}, or pods.priorities: ignore`;
    refused.push({ field, message });
  }
  if (planned.length > MAX_PRIORITIES) {
    const message = `catalogue ${catalogue.name} has ${planned.length} different priorities; allowed: at most ${MAX_PRIORITIES}, or pods.priorities: ignore`;
    refused.push({ field, message });
  }
  return refused;
}

/** Where Belay makes the Nodes, a label that it sets for each of them cannot be asked for by a value of the profile. */
function selectorRefusals(
  profile: Profile,
  catalogue: Catalogue,
  { capacity }: Pick<System, 'capacity'>,
): readonly Infeasibility[] {
  if (capacity === 'system') return [];
  const asked = [...catalogue.archetypes, ...catalogue.demandArchetypes].flatMap((archetype) =>
    Object.keys(podFieldsOf(profile.pods, archetype).nodeSelector ?? {}),
  );
  return [...new Set(asked)]
    .filter((key) => SET_BY_LAYOUT.includes(key))
    .map((key) => ({
      field: 'pods.nodeSelector',
      message:
        `pods.nodeSelector asks for ${key}, which Belay sets on each Node that it makes; ` +
        'allowed: zones and instanceTypes of the catalogue, or another label',
    }));
}

/** Combinations of fields of a toleration that no API server takes. */
function tolerationRefusals(profile: Profile, catalogue: Catalogue): readonly Infeasibility[] {
  const all = [...catalogue.archetypes, ...catalogue.demandArchetypes].flatMap(
    (archetype) => podFieldsOf(profile.pods, archetype).tolerations ?? [],
  );
  const wrong = all.flatMap(({ key, operator = 'Equal', value = '', effect, tolerationSeconds }) => [
    ...(operator === 'Exists' && value !== ''
      ? [`operator Exists and value ${value}; allowed: no value, or operator Equal`]
      : []),
    ...(key === undefined && operator !== 'Exists'
      ? ['no key and operator Equal; allowed: a key, or operator Exists']
      : []),
    ...(tolerationSeconds !== undefined && effect !== 'NoExecute'
      ? [`tolerationSeconds and ${effect === undefined ? 'no effect' : `effect ${effect}`}; allowed: effect NoExecute`]
      : []),
  ]);
  return [...new Set(wrong)].map((found) => ({
    field: 'pods.tolerations',
    message: `pods.tolerations has one with ${found}`,
  }));
}
