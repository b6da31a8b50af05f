import { mkdtempSync, rmSync, utimesSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { Duty } from '../../../src/adapters/host/duty.ts';
import { DUTY_STALE_MS } from '../../../src/core/plan/limits.ts';

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'belay-duty-'));
  vi.stubEnv('BELAY_HOME', folder);
});

afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(folder, { recursive: true, force: true });
});

/** What the file of a holder looks like that has begun no round for so long. */
function quietFor(ms: number): void {
  const at = new Date(Date.now() - ms);
  utimesSync(join(folder, 'watch.lock'), at, at);
}

test('one of several does it, from round to round, until it leaves it to the others', () => {
  const [one, other] = [new Duty('watch'), new Duty('watch')];
  expect(one.take()).toBe('first');
  expect(other.take()).toBe('no');
  expect(one.take()).toBe('again');
  one.release();
  expect(other.take()).toBe('first');
});

test('one that lives and begins no round, because it is frozen, loses it to the next, and does nothing when it wakes up', () => {
  const [frozen, next] = [new Duty('watch'), new Duty('watch')];
  frozen.take();
  quietFor(DUTY_STALE_MS - 5_000);
  expect(next.take()).toBe('no');
  quietFor(DUTY_STALE_MS + 5_000);
  expect(next.take()).toBe('first');
  expect(frozen.take()).toBe('no');
  frozen.release();
  expect(next.take()).toBe('again');
});

test('each round counts as a sign of life', () => {
  const [busy, other] = [new Duty('watch'), new Duty('watch')];
  busy.take();
  quietFor(DUTY_STALE_MS + 5_000);
  expect(busy.take()).toBe('again');
  expect(other.take()).toBe('no');
});

test('one whose file is gone takes it again', () => {
  const duty = new Duty('watch');
  duty.take();
  rmSync(join(folder, 'watch.lock'));
  expect(duty.take()).toBe('first');
  expect(new Duty('watch').take()).toBe('no');
});
