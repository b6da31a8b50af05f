import { afterEach, expect, test, vi } from 'vitest';
import { guardTerminal } from '../../src/cli/guard-terminal.ts';

afterEach(() => {
  vi.restoreAllMocks();
});

test('texts and bytes that are printed are safe for a terminal, also where their pieces divide a character', () => {
  const printed: (string | Uint8Array)[] = [];
  vi.spyOn(process.stdout, 'write').mockImplementation((chunk) => printed.push(chunk) > 0);
  vi.spyOn(console, 'error');
  guardTerminal();
  process.stdout.write('a \u001B]0;title\u0007\n');
  for (const byte of Buffer.from('\u001B[2J ü\n')) process.stdout.write(Uint8Array.of(byte));
  process.stdout.write(Buffer.from('##vso[task.x]\n'));
  expect(printed.join('')).toBe('a \\u001b]0;title\\u0007\n\\u001b[2J ü\n#\\u0023vso[task.x]\n');
});
