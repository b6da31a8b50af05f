import type { Remark } from '../model/file-format.ts';
import type { Profile } from '../model/profile.ts';
import type { System } from '../model/system.ts';
import { extensionOf } from './extensions.ts';

/** Fields of a gate that decide nothing. */
const SHOWN_ONLY: ReadonlySet<string> = new Set(['description', 'unit']);

/** What a profile sets and this system does not use. It is no error: a profile may be meant for several systems. */
export function unusedFields(profile: Profile, system: System): readonly Remark[] {
  return [...unusedSeed(profile, system), ...unusedTopology(profile, system), ...unusedPatches(profile, system)];
}

function unusedSeed({ seed }: Profile, system: System): readonly Remark[] {
  const extension = system.install.helm === undefined ? undefined : extensionOf(system);
  if (extension?.hasTiers === true) return [];
  const name = system.metadata.name;
  const elastic = system.capacity === 'system';
  const unused = elastic
    ? ([
        'configuredFraction',
        'idleHeadroomFraction',
        'speculativeMultiplier',
        'speculativeCount',
        'spotCount',
      ] as const)
    : (['speculativeMultiplier', 'speculativeCount', 'spotCount'] as const);
  const why = elastic ? `system ${name} creates its machines itself` : `system ${name} has no such machines`;
  return unused
    .filter((field) => seed[field] > 0)
    .map((field) => ({ path: ['seed', field], message: `has no effect: ${why}` }));
}

function unusedTopology({ topology }: Profile, system: System): readonly Remark[] {
  const extension = extensionOf(system);
  const remark = (field: keyof Profile['topology']): Remark => ({
    path: ['topology', field],
    message: `has no effect: system ${system.metadata.name} has no such replicas`,
  });
  return [
    ...(topology.shardReplicas > 0 && extension === undefined ? [remark('shardReplicas')] : []),
    ...(topology.coordinatorReplicas > 0 && (extension === undefined || system.install.helm === undefined)
      ? [remark('coordinatorReplicas')]
      : []),
  ];
}

/** Changes of the system's gates that change no verdict. */
function unusedPatches({ gates }: Profile, system: System): readonly Remark[] {
  return Object.entries(gates).flatMap(([name, patch]): readonly Remark[] => {
    if (!Object.hasOwn(system.gates, name)) return [];
    const fields = Object.keys(patch);
    if (fields.length === 0 || !fields.every((field) => SHOWN_ONLY.has(field))) return [];
    return [
      { path: ['gates', name], message: `changes only ${fields.join(' and ')}: the bar stays that of the system` },
    ];
  });
}
