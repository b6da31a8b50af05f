import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { expect, test } from 'vitest';
import { evidenceInbox } from '../../../src/adapters/fleet/evidence-inbox.ts';

test('content that goes on beyond what was announced is not kept, nor written until the disk is full', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'belay-inbox-'));
  let sent = 0;
  const endless = Readable.from(
    (function* chunks() {
      for (;;) {
        sent += 1;
        yield Buffer.alloc(65_536);
      }
    })(),
  );
  try {
    const file = { path: 'logs/a.log', bytes: 100_000, sha256: '0'.repeat(64) };
    await expect(evidenceInbox(folder).receive('g1', file, endless)).rejects.toThrow('more than the 100000 bytes');
    expect(sent).toBeLessThan(100);
    expect(readdirSync(folder, { recursive: true, withFileTypes: true }).filter((each) => each.isFile())).toEqual([]);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
