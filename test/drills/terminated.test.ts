import { join } from 'node:path';
import { expect, test } from 'vitest';
import { readLedger, removeCampaignFolder } from '../../src/adapters/host/ledger.ts';
import { withBelay } from '../e2e/belay-cli.ts';
import { recordOf, specOf, untilStatus } from '../e2e/campaign-record.ts';
import { endProcessesOf, namesIn, processesOf } from '../e2e/leftovers.ts';
import { addProfile } from '../e2e/small-profile.ts';

test('a terminated campaign is reported as one that left things behind, and the next one is not disturbed by them', async () => {
  await withBelay(async (belay) => {
    addProfile(belay, { name: 'doomed', soakSeconds: 300 });
    addProfile(belay, { name: 'next' });
    expect((await belay.run(['run', 'doomed', '--id', 'doomed', '--detach'])).exitCode).toBe(0);
    await belay.withClient(async (client) => {
      await untilStatus(client, 'doomed', ({ state }) => state.stage === 'soak');
      await client.workflow.getHandle('doomed').terminate('drill');
    });
    const watched = await belay.run(['watch', 'doomed']);
    expect(watched.exitCode, watched.stderr).toBe(4);
    expect(watched.stdout).toMatch(/the workflow was terminated: nothing was removed; its leftovers have labels/);

    const { slug } = specOf(belay, 'doomed');
    const folder = join(belay.home, 'campaigns', slug);
    expect((await belay.run(['down'])).exitCode).toBe(0);
    expect(readLedger(slug)?.clusters).toHaveLength(1);
    expect(processesOf(folder).length).toBeGreaterThan(4);
    const next = await belay.run(['run', 'next', '--id', 'next']);
    expect(next.exitCode, next.stdout + next.stderr).toBe(0);
    expect(recordOf(belay, 'next').summary.verdict).toBe('pass');
    // The leftovers still exist, and the ledger lists them.
    expect(namesIn(join(belay.home, 'campaigns'))).toEqual([slug]);
    expect(processesOf(folder).length).toBeGreaterThan(4);
    await endProcessesOf(folder);
    removeCampaignFolder(slug);
  });
});
