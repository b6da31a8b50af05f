import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { readManifests } from '../../../src/adapters/systems/manifests.ts';
import { parseSystem } from '../../../src/core/profile/parse.ts';

const SYSTEM = `apiVersion: belay.dev/v1
kind: System
metadata: { name: merged, description: has manifests }
capacity: belay
install: { manifests: [{ path: objects.yaml }] }
gates:
  any: { description: any, unit: s, query: up, max: 1, bar: held }
`;

test('a manifest is read with its anchors and merge keys', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'belay-manifests-'));
  try {
    const data = 'data: { <<: &shared { a: "1", b: "2" }, b: "3" }';
    writeFileSync(join(folder, 'objects.yaml'), `apiVersion: v1\nkind: ConfigMap\nmetadata: { name: one }\n${data}\n`);
    const system = parseSystem(SYSTEM);
    if (!system.ok) throw new Error(JSON.stringify(system.errors));
    expect(await readManifests(system.value, folder, AbortSignal.timeout(10_000))).toEqual([
      { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'one' }, data: { a: '1', b: '3' } },
    ]);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
