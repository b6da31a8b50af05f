import { stripVTControlCharacters } from 'node:util';
import { describe, expect, test, vi } from 'vitest';
import { createProgressDisplay } from '../../src/cli/progress-display.ts';
import { blockLines, elapsedText, plainLine } from '../../src/cli/progress-rows.ts';
import type { ProgressRow } from '../../src/cli/progress-rows.ts';
import { toolRows } from '../../src/cli/progress-tools.ts';

test.each([
  [0, '0.0 s'],
  [8_240, '8.2 s'],
  [9_960, '10 s'],
  [45_400, '45 s'],
  [59_700, '1 min 00 s'],
  [185_000, '3 min 05 s'],
  [3_725_000, '1 h 02 min'],
])('%i ms are %s', (ms, text) => {
  expect(elapsedText(ms)).toBe(text);
});

const rows: readonly ProgressRow[] = [
  { label: 'provision', state: 'done', detail: '1 cluster', startedAtMs: 0, endedAtMs: 4_000 },
  { label: 'seed', state: 'running', detail: '123 of\n 400 Pods', fraction: 0.5, startedAtMs: 4_000 },
  { label: 'soak', state: 'waiting', detail: '' },
];

function plain(columns: number): readonly string[] {
  return blockLines(rows, 16_000, columns).map((line) => stripVTControlCharacters(line));
}

describe('a block', () => {
  test('has one line per row: label, time, bar, detail', () => {
    expect(plain(100)).toEqual([
      '✓ provision        4.0 s  1 cluster',
      expect.stringMatching(/^\S seed {14}12 s {2}████████░░░░░░░░ 123 of 400 Pods$/),
      '· soak',
    ]);
  });

  test('is never wider than the terminal', () => {
    for (const line of plain(50)) expect(line.length).toBeLessThan(50);
    expect(plain(50)[1]).toMatch(/…$/);
  });
});

test('a plain line has the same content', () => {
  expect(rows.map((row) => plainLine(row, 16_000))).toEqual([
    'provision: done, 1 cluster (4.0 s)',
    'seed: running, 50 %, 123 of 400 Pods (12 s)',
    'soak: waiting',
  ]);
});

test('without a terminal each change is a line, and a running row is printed at least every 15 s', () => {
  vi.useFakeTimers();
  try {
    const lines: string[] = [];
    const display = createProgressDisplay({
      write: (text: string | Uint8Array) => lines.push(String(text).slice(9).trimEnd()) > 0,
    });
    const startedAtMs = Date.now();
    const show = (seed: ProgressRow['state']): void =>
      display.show([{ label: 'seed', state: seed, detail: 'Pods', startedAtMs }]);
    show('running');
    show('running');
    vi.advanceTimersByTime(31_000);
    show('done');
    vi.advanceTimersByTime(60_000);
    display.note('a gate broke');
    display.close();
    vi.advanceTimersByTime(60_000);
    expect(lines).toEqual([
      'seed: running, Pods (0.0 s)',
      'seed: running, Pods (15 s)',
      'seed: running, Pods (30 s)',
      expect.stringMatching(/^seed: done, Pods/),
      'a gate broke',
    ]);
  } finally {
    vi.useRealTimers();
  }
});

test('each tool has a row, in the order in which they are installed', () => {
  const tools = toolRows(['temporal', 'etcd', 'kwok'], () => 60_000);
  const progress = { done: 0, total: 0, unit: 'none', elapsedMs: 0 } as const;
  tools.take({ ...progress, tool: 'kwok', step: 'ready' });
  tools.take({
    ...progress,
    tool: 'etcd',
    step: 'downloading',
    unit: 'bytes',
    done: 2_500_000,
    total: 10_000_000,
    elapsedMs: 1_000,
  });
  expect(tools.rows()).toEqual([
    {
      label: 'etcd 3.7.0',
      state: 'running',
      detail: 'downloading, 2.5 of 10.0 MB',
      fraction: 0.25,
      startedAtMs: 59_000,
    },
    { label: 'kwok 0.8.0', state: 'done', detail: 'present' },
    { label: 'temporal 1.5.1', state: 'waiting', detail: '' },
  ]);
  tools.take({ ...progress, tool: 'etcd', step: 'building', unit: 'packages', done: 3, total: 12, elapsedMs: 5_000 });
  expect(tools.rows()[0]).toMatchObject({ detail: 'building, 3 of 12 packages', fraction: 0.25, startedAtMs: 59_000 });
  tools.fail('the compiler failed');
  expect(tools.rows()[0]).toMatchObject({ state: 'failed', detail: 'the compiler failed' });
});
