import type { Finding } from '../files/issues.ts';
import { RawDocument } from '../files/raw-document.ts';
import type { Segment } from '../files/yaml-path.ts';
import { checkUnique } from './rules.ts';

/** Contradictions in a catalogue. */
export function catalogueContradictions(root: unknown): readonly Finding[] {
  const raw = new RawDocument(root);
  for (const list of ['archetypes', 'seedArchetypes', 'demandArchetypes']) {
    checkUnique(raw, [list], 'name');
    for (const index of raw.list(list).keys()) checkArchetype(raw, [list, index]);
  }
  const left = {
    archetypes: 'nothing is left',
    seedArchetypes: 'no machine is seeded',
    demandArchetypes: 'nothing is left',
  };
  for (const [list, why] of Object.entries(left)) {
    const kinds = raw.list(list);
    if (kinds.length > 0 && kinds.every((_, index) => raw.is(list, index, 'burstOnly'))) {
      raw.refuse([list], `every archetype is burstOnly: ${why} for the load`, 'one archetype that is not burstOnly');
    }
  }
  return raw.findings;
}

function checkArchetype(raw: RawDocument, path: readonly Segment[]): void {
  if (raw.is(...path, 'sameRack') && raw.is(...path, 'sameZone')) {
    raw.refuse([...path, 'sameZone'], 'together with sameRack', 'one of the two: a rack lies in one zone anyway');
  }
  const low = raw.number(...path, 'groupSizeRange', 0);
  const high = raw.number(...path, 'groupSizeRange', 1);
  if (low !== undefined && high !== undefined && low > high) {
    raw.refuse([...path, 'groupSizeRange', 0], 'above the largest gang', `at most ${high}`);
  }
  if ((raw.number(...path, 'spreadConstraintProb') ?? 0) > 0 && !raw.has(...path, 'spreadConstraint')) {
    raw.refuse([...path, 'spreadConstraintProb'], 'no spreadConstraint to apply', 'a spreadConstraint beside it');
  }
}
