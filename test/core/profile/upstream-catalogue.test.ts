import { describe, expect, it } from 'vitest';
import { formatFileErrors } from '../../../src/core/files/file-error.ts';
import { parseCatalogue } from '../../../src/core/profile/parse.ts';

const archetype = `
- name: web
  instanceTypes: [m5.large]
  zones:
  priorityClasses: null
  sizeBuckets: []
  spreadConstraint:
  groupSizeRange: GANG
`;

/** The file with a gang, in upstream's way without apiVersion, or in ours with it. */
function catalogue(gang: string, head = ''): string {
  return `${head}archetypes:${archetype.replace('GANG', gang)}seedArchetypes:\n`;
}

const own = 'apiVersion: belay.dev/v1\nkind: Catalogue\nmetadata: { name: own }\n';

describe("upstream's catalogue, which says no version", () => {
  it.each(['', 'null', '[0, 0]'])('takes what is null for absent, and a gang of %j for none', (gang) => {
    const parsed = parseCatalogue(catalogue(gang), { file: 'archetypes/web.yaml' });
    expect(parsed.ok ? '' : formatFileErrors(parsed.errors)).toBe('');
    expect(parsed.ok && parsed.value.name).toBe('web');
    expect(parsed.ok && parsed.value.archetypes[0]).not.toHaveProperty('groupSizeRange');
  });

  it.each([
    ['[0, 4]', undefined, 'groupSizeRange[0]: too small; found 0'],
    ['[0, 0]', own, 'groupSizeRange[0]: too small; found 0'],
    ['[1, 2]', own, 'zones: no value; found nothing (null)'],
  ])('is strict otherwise: a gang of %s, head %j', (gang, head, message) => {
    const parsed = parseCatalogue(catalogue(gang, head), { file: 'web.yaml' });
    expect(parsed.ok ? '' : formatFileErrors(parsed.errors)).toContain(message);
  });
});
