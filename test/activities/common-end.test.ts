import { pino } from 'pino';
import { expect, test, vi } from 'vitest';
import { stageActivity } from '../../src/activities/stage-activity.ts';
import type { StageResult } from '../../src/core/campaign/stage-io.ts';
import { COMMON_END_EVERY_MS, COMMON_ENDS_FROM_CLUSTERS } from '../../src/core/plan/limits.ts';
import { commonEndStep } from '../../src/core/plan/stages/common-end.ts';
import { aSpec, shortDeadlines } from '../workflows/make-spec.ts';
import { anAttempt } from './an-attempt.ts';
import { fakeTime } from './fake-time.ts';
import { storedInput } from './stored-input.ts';

fakeTime();

const shape = { placed: true, plan: { clusterCount: COMMON_ENDS_FROM_CLUSTERS } };
const step = commonEndStep('ramp', shape);
const spec = aSpec({ deadlines: shortDeadlines({ ramp: { derivation: step === undefined ? [] : [step] } }) });
const ramp = stageActivity('ramp', pino({ level: 'silent' }), () => Promise.resolve({ detail: 'done', facts: {} }));

/** Begins an attempt of a stage a quarter after a common end. */
function begin(): { readonly cancel: () => void; readonly ended: () => StageResult | undefined } {
  vi.setSystemTime(100 * COMMON_END_EVERY_MS + COMMON_END_EVERY_MS / 4);
  const env = anAttempt();
  let result: StageResult | undefined;
  const running: Promise<StageResult> = env.run(ramp, storedInput(spec, 'ramp'));
  void running.then((found) => (result = found));
  return { cancel: () => env.cancel(), ended: () => result };
}

test('a stage of many groups ends at the next common end', async () => {
  const { ended } = begin();
  await vi.advanceTimersByTimeAsync(COMMON_END_EVERY_MS / 2);
  expect(ended()).toBeUndefined();
  await vi.advanceTimersByTimeAsync(COMMON_END_EVERY_MS / 4);
  expect(ended()).toMatchObject({ detail: 'done' });
});

test('one that is cancelled while it waits for it keeps its result', async () => {
  const { cancel, ended } = begin();
  await vi.advanceTimersByTimeAsync(COMMON_END_EVERY_MS / 4);
  cancel();
  await vi.advanceTimersByTimeAsync(1);
  expect(ended()).toMatchObject({ detail: 'done' });
});
