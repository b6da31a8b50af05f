import { ApplicationFailure } from '@temporalio/activity';
import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { stageActivity } from '../../src/activities/stage-activity.ts';
import { readTimeline, evidenceFolder } from '../../src/adapters/evidence/evidence-folder.ts';
import { readLedger, recordCluster } from '../../src/adapters/host/ledger.ts';
import { pause } from '../../src/activities/pause.ts';
import { mixedCatalogue } from '../core/plan/catalogue-samples.ts';
import { testHome, type TestHome } from '../adapters/substrates/local-campaign.ts';
import { NO_MOUNT, smallDisk } from '../small-disk.ts';
import { anAttempt } from './an-attempt.ts';
import { specOf } from './campaign-shapes.ts';
import { clustersUp } from './scripted-adapters.ts';
import { storedInput } from './stored-input.ts';

let home: TestHome;
const spec = { ...specOf({ clusters: 1 }), catalogue: mixedCatalogue };

beforeEach(() => {
  home = testHome();
  clustersUp(spec);
});
afterEach(() => home.close());

/** A soak that would last a minute, and calls `during` after it began. @returns how it failed */
async function soak(during: () => void): Promise<unknown> {
  const activity = stageActivity('soak', pino({ level: 'silent' }), async (context) => {
    await context.step('soak', async ({ signal }) => {
      during();
      await pause(60_000, signal);
    });
    return { detail: 'to the end', facts: {} };
  });
  return await anAttempt()
    .run(activity, storedInput(spec, 'soak'))
    .catch((error: unknown) => error);
}

test('a stage stops within its interval when its cluster is taken over, and does not begin again', async () => {
  const takenOver = (): void => {
    const [cluster] = readLedger(spec.slug)?.clusters ?? [];
    if (cluster !== undefined) recordCluster(spec.slug, { ...cluster, leased: false, lostTo: 'nightly-7' });
  };
  const failure = await soak(takenOver);
  const expected = { type: 'TargetInUse', nonRetryable: true, message: /is used by campaign nightly-7 now/ };
  expect(failure).toBeInstanceOf(ApplicationFailure);
  expect(failure).toMatchObject(expected);
  const begun = await soak(() => expect.unreachable('it began'));
  expect(begun).toMatchObject(expected);
  const events = readTimeline(evidenceFolder(spec.campaign)).map(({ what }) => what);
  expect(events).toEqual(['began', 'failed']);
});

test.each([
  [3_600_000, /was set forward, or the host slept, by 1h/],
  [-3_600_000, /was set back by 1h/],
])('a soak stops when the clock is set by %d ms, and no step of it is taken for late', async (byMs, message) => {
  try {
    const failure = await soak(() => void vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + byMs }));
    expect(failure).toMatchObject({ type: 'HarnessFault', nonRetryable: true, message });
  } finally {
    vi.useRealTimers();
  }
});

describe.skipIf(NO_MOUNT !== undefined)('on a disk that fills up', () => {
  test('a stage stops, and says which folder has how much', async () => {
    const folder = evidenceFolder(spec.campaign);
    const disk = smallDisk('size=300m', folder);
    try {
      const failure = await soak(() => disk.shrink(150_000_000));
      expect(failure).toMatchObject({ type: 'DiskFull', nonRetryable: true });
      expect((failure as Error).message).toBe(
        `a campaign that runs needs 200 MB of disk, but ${folder} has 150 MB free`,
      );
    } finally {
      disk.close();
    }
  });
});
