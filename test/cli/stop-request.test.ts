import { expect, test } from 'vitest';
import { StopRequest } from '../../src/cli/stop-request.ts';

test('a request that the server did not take is made again, one at a time, until it is taken', async () => {
  const answers = [false, false, true];
  const asked: PromiseWithResolvers<void>[] = [];
  const request = new StopRequest(() => {
    const one = Promise.withResolvers<void>();
    asked.push(one);
    return one.promise;
  });
  request.repeat();
  expect([request.isAsked, asked.length]).toEqual([false, 0]);
  request.ask();
  for (const [index, isTaken] of answers.entries()) {
    request.ask();
    request.repeat();
    expect([request.isAsked, asked.length]).toEqual([true, index + 1]);
    if (isTaken) asked[index]?.resolve();
    else asked[index]?.reject(new Error('unavailable'));
    await new Promise(setImmediate);
    request.repeat();
  }
  expect(asked).toHaveLength(answers.length);
});
