import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { limitedText, readLimitedFile, readTypedFile, TooLarge } from '../../../src/adapters/host/limited-text.ts';

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

test('a file is read up to a limit', () => {
  const path = join(folder, 'token');
  const text = 'ä'.repeat(50_000);
  writeFileSync(path, text);
  expect(readLimitedFile(path, 100_000)).toBe(text);
  expect(() => readLimitedFile(path, 99_999)).toThrow(`${path} has more than 99999 bytes, the most that is read`);
  const link = join(folder, 'nothing');
  symlinkSync('/dev/null', link);
  for (const nothing of ['/dev/null', link, '/dev/../dev/null']) {
    expect(readLimitedFile(nothing, 10), nothing).toBe('');
    expect(readTypedFile(nothing, 10, 0), nothing).toBe('');
  }
  expect(() => readLimitedFile(join(folder, 'none'), 10)).toThrow('ENOENT');
});

/** What is no plain file, and would be waited for, or be read for ever. */
const NO_FILES: readonly [string, string, () => string][] = [
  ['a pipe without a writer', 'a pipe', () => pipe()],
  ['a folder', 'a folder', () => folder],
  ['a device without end', 'a device', () => '/dev/zero'],
  ['a terminal', 'a device', () => '/dev/ptmx'],
  ['a link to a pipe', 'a pipe', () => (symlinkSync(pipe(), join(folder, 'link')), join(folder, 'link'))],
];

function pipe(): string {
  const path = join(folder, 'pipe');
  execFileSync('mkfifo', [path]);
  return path;
}

test.each(NO_FILES)('%s is not read', (_, kind, make) => {
  const path = make();
  expect(() => readLimitedFile(path, 10_000_000)).toThrow(`${path} is ${kind}; allowed: a plain file`);
});

test('a pipe that was typed is read to its end, up to a limit and for a time', async () => {
  const path = pipe();
  expect(readTypedFile(path, 10, 0), 'no writer').toBe('');
  const writer = spawn('sh', ['-c', `exec 3<>"$0"; printf ä >&3; echo; cat`, path], {
    stdio: ['pipe', 'pipe', 'ignore'],
  });
  try {
    await once(writer.stdout, 'data');
    expect(() => readTypedFile(path, 10, 0)).toThrow(`${path} is a pipe that does not end`);
  } finally {
    writer.stdin.end();
    await once(writer, 'exit');
  }
  const shell = execFileSync('bash', [
    '-c',
    '"$0" --input-type=module -e "$1" <(sleep 0.1; printf äbc)',
    process.execPath,
    READ,
  ]);
  expect(String(shell)).toBe('äbc');
  expect(() => readTypedFile('/dev/zero', 10, 0)).toThrow('/dev/zero is a device; allowed: a plain file');
});

test('a pipe that was typed is waited for until it has a writer', () => {
  const path = pipe();
  const late = spawn('sh', ['-c', 'sleep 0.2; printf abc > "$0"', path]);
  try {
    expect(readTypedFile(path, 10, 10_000)).toBe('abc');
  } finally {
    late.kill();
  }
});

const READ = `import { readTypedFile } from ${JSON.stringify(import.meta.resolve('../../../src/adapters/host/limited-text.ts'))};
process.stdout.write(readTypedFile(process.argv[1], 4, 10_000));`;
