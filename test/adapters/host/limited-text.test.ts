import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { limitedText, readLimitedFile, TooLarge } from '../../../src/adapters/host/limited-text.ts';

let folder = '';
beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'belay-limited-'))));
afterEach(() => rmSync(folder, { recursive: true }));

async function* exact(): AsyncGenerator<Buffer> {
  // A letter may be cut.
  for (const byte of Buffer.from('äbcä')) yield Buffer.from([byte]);
}

test('a body is read up to a limit, and one without end no further', async () => {
  let sent = 0;
  async function* endless(): AsyncGenerator<Buffer> {
    for (;;) {
      sent += 4;
      yield Buffer.from('äb\n');
    }
  }
  await expect(limitedText(endless(), 10, 'the answer')).rejects.toThrow(
    'the answer has more than 10 bytes, the most that is read',
  );
  expect(sent).toBe(12);
  expect(await limitedText(exact(), 6, 'it')).toBe('äbcä');
  await expect(limitedText(exact(), 5, 'it')).rejects.toThrow(TooLarge);
});

test('a file is read up to a limit, and a device without end no further', () => {
  const path = join(folder, 'token');
  const text = 'ä'.repeat(50_000);
  writeFileSync(path, text);
  expect(readLimitedFile(path, 100_000)).toBe(text);
  expect(() => readLimitedFile(path, 99_999)).toThrow(`${path} has more than 99999 bytes, the most that is read`);
  expect(() => readLimitedFile('/dev/zero', 200_000)).toThrow('/dev/zero has more than 200000 bytes');
  expect(readLimitedFile('/dev/null', 10)).toBe('');
  expect(() => readLimitedFile(folder, 10_000_000)).toThrow('EISDIR');
  expect(() => readLimitedFile(join(folder, 'none'), 10)).toThrow('ENOENT');
});
