import { expect, test } from 'vitest';
import { readInfrastructureEvents } from '../../src/adapters/host/infrastructure-events.ts';
import { isStopped } from '../../src/adapters/substrates/local/components.ts';
import { drawn } from '../drawn.ts';
import { withBelay, type Belay } from '../e2e/belay-cli.ts';
import { momentOf, recordOf } from '../e2e/campaign-record.ts';
import { addProfile, addSlowSubstrate } from '../e2e/small-profile.ts';
import { CLOCKS, clockSetInTheSoak } from './set-clock.ts';
import { componentOf, kill, prometheusOf, untilEvent, untilMeasured } from './victims.ts';

const SNAPSHOT_MS = 8_000;
/** A death is noticed within this. */
const NOTICED_MS = 5_000;
/** What teardown may come later than the snapshot's budget. */
const GRACE_MS = 15_000;

test('a frozen Prometheus, a dead scheduler and slow Nodes: nothing hangs, no gap is green, and patience is', async () => {
  await withBelay(async (belay) => {
    addProfile(belay, { name: 'frozen', deadlines: { snapshot: `${SNAPSHOT_MS / 1_000}s` } });
    addProfile(belay, { name: 'headless', soakSeconds: 20 });
    addProfile(belay, { name: 'patient' });
    const slow = addSlowSubstrate(belay, 90);
    const patient = belay.start(['run', 'patient', '--substrate', slow, '--id', 'patient']);
    await Promise.all([frozenBeforeTheSnapshot(belay), schedulerKilledInTheSoak(belay)]);
    const { exitCode, stdout, stderr } = await patient.ended();
    expect(exitCode, stdout + stderr).toBe(0);
    const { timeline } = recordOf(belay, 'patient');
    const seedMs =
      momentOf(timeline, { stage: 'seed', what: 'ended' }) - momentOf(timeline, { stage: 'seed', what: 'began' });
    expect(seedMs).toBeGreaterThan(89_000);
  });
});

test.each(drawn(CLOCKS, 0))(
  'a clock that is set %s in the soak ends it, without a wrong verdict',
  async (_, byMs, says) => clockSetInTheSoak(byMs, says),
);

/** The hang of 7 h 50 min: a call that never answers ends at its budget. */
async function frozenBeforeTheSnapshot(belay: Belay): Promise<void> {
  const running = belay.start(['run', 'frozen', '--id', 'frozen']);
  await untilEvent(belay, 'frozen', { stage: 'soak', what: 'ended' });
  const pid = prometheusOf(belay, 'frozen');
  process.kill(pid, 'SIGSTOP');
  await untilEvent(belay, 'frozen', { stage: 'snapshot', what: 'ended' });
  expect(isStopped(pid)).toBe(true);
  const ended = await running.ended();
  expect(ended.exitCode, ended.stdout + ended.stderr).toBe(2);
  expect(ended.stdout).toMatch(/verdict {2}UNMEASURED/);
  expect(ended.stdout).toMatch(/Prometheus snapshot/);
  const { timeline, summary } = recordOf(belay, 'frozen');
  const inSnapshotMs = momentOf(timeline, { stage: 'snapshot', what: 'began' });
  const inTeardownMs = momentOf(timeline, { stage: 'teardown', what: 'began' });
  expect(inTeardownMs - inSnapshotMs).toBeLessThanOrEqual(SNAPSHOT_MS + GRACE_MS);
  expect(summary.verdict).toBe('unmeasured');
  const missing = summary.evidence.filter(({ ok }) => !ok).map(({ what }) => what);
  expect(missing).toContain('Prometheus snapshot');
  // Logs are no concern of Prometheus.
  expect(missing.filter((what) => what.startsWith('log of'))).toEqual([]);
  expect(summary.reasons.join('\n')).toContain('Prometheus snapshot');
}

async function schedulerKilledInTheSoak(belay: Belay): Promise<void> {
  const running = belay.start(['run', 'headless', '--id', 'headless']);
  await untilMeasured(belay, 'headless', 'schedulerAttemptP99');
  const killedAtMs = Date.now();
  await kill(componentOf(belay, 'headless', 'kube-scheduler'));
  const ended = await running.ended();
  expect(ended.exitCode, ended.stdout + ended.stderr).toBe(2);
  expect(ended.stderr).toMatch(/infrastructure: .*kube-scheduler died/);
  const [died, restarted] = readInfrastructureEvents('headless').filter(
    ({ component }) => component === 'kube-scheduler',
  );
  expect(died).toMatchObject({ what: 'died', component: 'kube-scheduler' });
  expect((died?.atMs ?? 0) - killedAtMs).toBeLessThanOrEqual(NOTICED_MS);
  expect(restarted).toMatchObject({ what: 'restarted' });
  const { summary } = recordOf(belay, 'headless');
  expect(summary.verdict).toBe('unmeasured');
  expect(summary.infrastructureEvents.map(({ component }) => component)).toContain('kube-scheduler');
  const attempts = summary.gates.find(({ gate }) => gate === 'schedulerAttemptP99');
  expect(attempts?.reading).toMatchObject({ quality: 'unmeasured', reason: 'infrastructure-gap' });
  // It was back in time: all Pods have their Nodes.
  expect(summary.facts['soak']).toMatchObject({ podsBound: 36, podsPresent: 36 });
}
