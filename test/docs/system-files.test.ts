import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { repositoryFolder } from '../../src/adapters/host/folders.ts';
import { resolveGates } from '../../src/core/gates/resolve.ts';
import { parseSystem } from '../../src/core/profile/parse.ts';

const page = readFileSync(join(repositoryFolder, 'docs/systems.md'), 'utf8');
const files = [...page.matchAll(/^```yaml\n(apiVersion: .*?)^```$/gms)].map(([, text = '']) => text);

it('the system files of docs/systems.md are system files, with gates that can be judged', () => {
  expect(files.length).toBeGreaterThanOrEqual(2);
  for (const text of files) {
    const parsed = parseSystem(text, { file: 'docs/systems.md' });
    expect(parsed.ok ? [] : parsed.errors).toEqual([]);
    if (!parsed.ok) continue;
    const { gates } = parsed.value;
    expect(Object.keys(gates).length).toBeGreaterThan(0);
    expect(() => resolveGates(gates, {}, { machines: 10, pods: 100, clusters: 1 })).not.toThrow();
  }
});
