import { mkdtempSync, rmSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { earlierRuns } from '../../../src/adapters/index/earlier-runs.ts';
import { withRunIndex } from '../../../src/adapters/index/run-index.ts';
import { dayMs, storeRun } from './stored-runs.ts';

let home = '';
const never = new AbortController().signal;

beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'belay-earlier-'));
  vi.stubEnv('BELAY_HOME', join(home, 'state'));
  vi.stubEnv('BELAY_RUNS', join(home, 'runs'));
  storeRun(join(home, 'runs'), 'first', { startedAtMs: dayMs(0) });
});
afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(home, { recursive: true });
});

test('earlier runs are those of the profile, newest first, and none of a comparison', async () => {
  const runs = join(home, 'runs');
  storeRun(runs, 'second', { startedAtMs: dayMs(1) });
  storeRun(runs, 'other', { profile: 'other' });
  const read = await earlierRuns('dev-50', never);
  expect(read.map(({ id }) => id)).toEqual(['second', 'first']);
  expect(read).toEqual(withRunIndex((index) => index.runs({ profile: 'dev-50' })));
});

test('while another process has locked the index, the worker goes on', async () => {
  withRunIndex((index) => index.ids());
  storeRun(join(home, 'runs'), 'second', { startedAtMs: dayMs(1) });
  const other = new DatabaseSync(join(home, 'state', 'index.sqlite'));
  other.exec('BEGIN IMMEDIATE');
  let isReleased = false;
  const release = setTimeout(() => {
    isReleased = true;
    other.exec('COMMIT');
  }, 500);
  try {
    expect((await earlierRuns('dev-50', never)).map(({ id }) => id)).toEqual(['second', 'first']);
    expect(isReleased).toBe(true);
  } finally {
    clearTimeout(release);
    other.close();
  }
});

test('a thread that fails, or whose signal aborts, says why', async () => {
  await expect(earlierRuns('dev-50', AbortSignal.abort(new Error('cancelled')))).rejects.toThrow('cancelled');
  const ending = new AbortController();
  const read = earlierRuns('dev-50', ending.signal);
  ending.abort(new Error('its time is over'));
  await expect(read).rejects.toThrow('its time is over');
});
