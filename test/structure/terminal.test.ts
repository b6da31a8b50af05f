import { globSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';

/** Files that write numbers and movements of the cursor only. Their texts are made safe where they become lines. */
const OF_THE_DISPLAY = ['guard-terminal.ts', 'stored-runs.ts', 'progress-display.ts'];

test('what a command writes to standard error is safe for a terminal', () => {
  const files = globSync('src/cli/**/*.ts').filter((file) => !OF_THE_DISPLAY.some((name) => file.endsWith(name)));
  expect(files.length).toBeGreaterThan(50);
  const unsafe = files.flatMap((file) =>
    [...readFileSync(file, 'utf8').matchAll(/stderr\.write\((?!safeForTerminal\()/g)].map(() => file),
  );
  expect(unsafe).toEqual([]);
});
