import { expect, test } from 'vitest';
import { manifestProblems } from '../../src/adapters/evidence/manifest.ts';
import { withBelay } from './belay-cli.ts';
import { momentOf, recordOf, untilStatus } from './campaign-record.ts';
import { addProfile } from './small-profile.ts';

test('Ctrl-C stops a campaign cleanly, a second one leaves it, and abort stops a running one', async () => {
  await withBelay(async (belay) => {
    addProfile(belay, { name: 'long', soakSeconds: 120 });
    const once = belay.start(['run', 'long', '--id', 'once']);
    const twice = belay.start(['run', 'long', '--id', 'twice']);
    const detached = await belay.run(['run', 'long', '--id', 'detached', '--detach']);
    expect(detached.exitCode, detached.stderr).toBe(0);
    await Promise.all([once, twice].map((each) => each.line(/soak: running/)));

    once.signal('SIGINT');
    await once.line(
      /stopping: the campaign keeps its evidence and removes its clusters; Ctrl-C again leaves it running/,
    );
    twice.signal('SIGINT');
    await twice.line(/stopping/);
    twice.signal('SIGINT');
    const left = await twice.ended();
    expect(left.exitCode, left.stderr).toBe(3);
    expect(left.stdout).toMatch(/continues without this command\. \.\/belay watch twice follows it/);

    const stopped = await once.ended();
    expect(stopped.exitCode, stopped.stderr).toBe(3);
    expect(stopped.stdout).toMatch(/verdict {2}ABORTED/);
    expect(stopped.stdout).toContain(`evidence  ${belay.runs}/once`);

    await belay.withClient((client) => untilStatus(client, 'detached', ({ state }) => state.stage === 'soak'));
    const aborted = await belay.run(['abort', 'detached']);
    expect(aborted.exitCode, aborted.stderr).toBe(0);
    expect(aborted.stdout).toMatch(/detached: asked to stop; it keeps its evidence/);
    for (const id of ['twice', 'detached']) {
      const watched = await belay.run(['watch', id]);
      expect(watched.exitCode, watched.stdout + watched.stderr).toBe(3);
    }
    for (const id of ['once', 'twice', 'detached']) {
      const { folder, summary, timeline } = recordOf(belay, id);
      expect(summary).toMatchObject({ ending: 'aborted', passed: false });
      expect(momentOf(timeline, { stage: 'soak', what: 'cancelled' })).toBeLessThanOrEqual(
        momentOf(timeline, { stage: 'snapshot', what: 'began' }),
      );
      momentOf(timeline, { stage: 'teardown', what: 'ended' });
      expect(await manifestProblems(folder)).toEqual([]);
    }
    const listed = JSON.parse((await belay.run(['status', '--output', 'json'])).stdout) as readonly object[];
    expect(listed).toHaveLength(3);
    for (const line of listed)
      expect(line).toMatchObject({ type: 'campaign', status: 'cancelled', verdict: 'aborted' });
    const gone = await belay.run(['abort', 'once']);
    expect(gone.exitCode).toBe(64);
    expect(gone.stderr).toMatch(/once does not hold: it has ended/);
  });
});
