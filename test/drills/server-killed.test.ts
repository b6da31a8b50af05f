import { expect, test } from 'vitest';
import { runningDevServer } from '../../src/adapters/temporal/dev-server.ts';
import { withBelay } from '../e2e/belay-cli.ts';
import { recordOf } from '../e2e/campaign-record.ts';
import { addProfile } from '../e2e/small-profile.ts';
import { kill, soakClockOf, untilEvent } from './victims.ts';

const PODS = 36;
const SOAK_SECONDS = 30;

test('SIGKILL of the Temporal server in the soak: the command brings it back, and the campaign ends as it would have', async () => {
  await withBelay(async (belay) => {
    const name = addProfile(belay, { name: 'orphaned', soakSeconds: SOAK_SECONDS, failNodeAtSeconds: 3 });
    const running = belay.start(['run', name, '--id', 'orphaned']);
    await untilEvent(belay, 'orphaned', { stage: 'soak', what: 'action' });
    const clock = soakClockOf(belay, 'orphaned');
    const before = runningDevServer();
    await kill(before?.server.pid ?? 0);
    await running.line(/no answer from Temporal or a worker; starting them if they are not running/);
    const ended = await running.ended();
    expect(ended.exitCode, ended.stdout + ended.stderr).toBe(0);
    const { summary } = recordOf(belay, 'orphaned');
    expect(summary).toMatchObject({ verdict: 'pass', reasons: [], ending: 'completed' });
    expect(summary.facts['soak']).toMatchObject({
      podsPresent: PODS,
      podsBound: PODS,
      soakStartMs: clock,
      soakEndMs: clock + SOAK_SECONDS * 1_000,
    });
  });
});
