import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { extensionOf, gatesWithSlo } from '../../../src/core/profile/extensions.ts';
import { parseSystem } from '../../../src/core/profile/parse.ts';
import { aProfile } from '../plan/make.ts';

const shipped = readFileSync(join(import.meta.dirname, '../../../systems/bigfleet.yaml'), 'utf8');

function systemOf(text: string): Parameters<typeof extensionOf>[0] {
  const parsed = parseSystem(text, { file: 'bigfleet.yaml' });
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.errors));
  return parsed.value;
}

it('is the one that the system file names', () => {
  expect(systemOf(shipped).extension).toBe('bigfleet');
  expect(extensionOf({ extension: 'bigfleet', gates: {} })?.name).toBe('bigfleet');
});

it('is recognised by its gates in a file from before the field', () => {
  const old = systemOf(shipped.replace(/^extension:.*\n/m, ''));
  expect(old.extension).toBeUndefined();
  expect(extensionOf(old)?.name).toBe('bigfleet');
});

it('is absent for other systems, whose gates ignore slo', () => {
  const gates = { podBindP99: { query: 'x', max: 1 } };
  expect(extensionOf({ gates })).toBeUndefined();
  const profile = aProfile({ slo: { shardCycleDurationP99Seconds: 3 } });
  expect(gatesWithSlo({ gates }, profile, {})).toBe(gates);
  const cycle = { shardCycleDurationP99Seconds: { query: 'y', max: 5 } };
  expect(gatesWithSlo({ extension: 'bigfleet', gates: cycle }, profile, {})['shardCycleDurationP99Seconds']?.max).toBe(
    3,
  );
});

it('must be known', () => {
  const parsed = parseSystem(shipped.replace(/^extension:.*$/m, 'extension: bigflet'), { file: 's.yaml' });
  expect(parsed.ok ? [] : parsed.errors.map(({ path, suggestion }) => [path, suggestion])).toEqual([
    ['extension', 'bigfleet'],
  ]);
});
