import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { campaignMemory } from '../../../src/adapters/host/campaign-memory.ts';
import { hostRoom } from '../../../src/adapters/host/host-room.ts';
import { markAbandoned, openLedger } from '../../../src/adapters/host/ledger.ts';
import { markOf } from '../../../src/adapters/host/process-marks.ts';
import { pollUntil } from '../../../src/adapters/host/poll-until.ts';

const HOUR_MS = 3_600_000;
/** More than any machine has. */
const HUGE_BYTES = 1e15;
const USED_BYTES = 300e6;

let home: string;
let child: ChildProcess | undefined;

beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'belay-room-'));
  vi.stubEnv('BELAY_HOME', home);
});

afterEach(() => {
  child?.kill('SIGKILL');
  vi.unstubAllEnvs();
  rmSync(home, { recursive: true, force: true });
});

function reserve(slug: string, reservedBytes: number, expiresAtMs = Date.now() + HOUR_MS): void {
  const id = { campaign: slug, slug, workflowId: slug, runId: 'r' };
  openLedger({ ...id, createdAtMs: 1, expiresAtMs, clusters: [], processes: [], reservedBytes });
}

test('what campaigns under way have reserved is not free; what has expired, and the campaign itself, do not count', () => {
  reserve('expired', HUGE_BYTES, Date.now() - 1);
  reserve('own', HUGE_BYTES);
  expect(hostRoom('own')).toMatchObject({ reservedBytes: 0, campaigns: 0 });
  expect(hostRoom('own').freeBytes).toBeGreaterThan(0);
  expect(hostRoom()).toMatchObject({ freeBytes: 0, reservedBytes: HUGE_BYTES, campaigns: 1 });
  // It is removed before the next one begins.
  markAbandoned('own', true);
  expect(hostRoom()).toMatchObject({ reservedBytes: 0, campaigns: 0 });
});

test('what a campaign uses of its reservation is not subtracted twice', async () => {
  reserve('one', HUGE_BYTES);
  const program = `globalThis.kept = Buffer.alloc(${USED_BYTES}, 1); setInterval(() => {}, 1000)`;
  child = spawn(process.execPath, ['-e', program], { env: { ...process.env, ...markOf('one', 'prometheus') } });
  const used = await pollUntil({ everyMs: 50, budgetMs: 30_000 }, () => {
    const bytes = campaignMemory(['one', 'two']).get('one') ?? 0;
    return bytes > USED_BYTES ? bytes : undefined;
  });
  expect(used).toBeLessThan(2 * USED_BYTES);
  expect(campaignMemory(['one', 'two']).has('two')).toBe(false);
});
