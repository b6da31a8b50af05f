import {
  ApplicationFailure,
  CancelledFailure,
  DefaultFailureConverter,
  defaultPayloadConverter,
} from '@temporalio/common';
import { temporal } from '@temporalio/proto';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { KubeError, LastingRefusal, TargetRefusal } from '../../src/adapters/kube/kube-error.ts';
import { limitedFailure, MAX_FAILURE_BYTES } from '../../src/activities/limited-failure.ts';

/** Bytes of a failure as Temporal encodes it. */
function encodedBytes(failure: Error): number {
  const proto = new DefaultFailureConverter().errorToFailure(failure, defaultPayloadConverter);
  return temporal.api.failure.v1.Failure.encode(proto).finish().length;
}

const POINTER = `runs/${'a'.repeat(63)}/timeline.jsonl`;

const messages = fc.oneof(
  fc.string({ unit: 'grapheme', maxLength: 200 }),
  fc.integer({ min: 0, max: 100_000 }).map((length) => 'é'.repeat(length)),
  fc.integer({ min: 0, max: 100_000 }).map((length) => '"\\\n'.repeat(length / 3)),
);
const details = fc.oneof(
  fc.constant({ gate: 'podBindP99', checkpoint: { lowWater: 'x'.repeat(1_000_000) } }),
  fc.dictionary(fc.string({ maxLength: 300 }), fc.jsonValue({ maxDepth: 2 }), { maxKeys: 50 }),
  fc.constant({ big: 1n, gate: 'podBindP99' }),
  fc.anything(),
);
const causes = fc.letrec<{ error: Error }>((tie) => ({
  error: fc.oneof(
    { maxDepth: 4, withCrossShrink: true },
    messages.map((message) => new Error(message)),
    fc.record({ message: messages, cause: tie('error') }).map(({ message, cause }) => new Error(message, { cause })),
  ),
})).error;
const errors = fc.oneof(
  causes,
  fc.anything(),
  fc
    .record({ message: messages, type: messages, nonRetryable: fc.boolean(), details, cause: causes })
    .map(({ details: first, ...given }) => ApplicationFailure.create({ ...given, details: [first] })),
);

describe('a limited failure', () => {
  test('has at most 2,048 bytes, whatever the error is', () => {
    let cut = 0;
    fc.assert(
      fc.property(errors, (error) => {
        const limited = limitedFailure(error, POINTER);
        expect(encodedBytes(limited)).toBeLessThanOrEqual(MAX_FAILURE_BYTES);
        if (limited.message.includes(POINTER)) cut += 1;
      }),
      { numRuns: 500 },
    );
    expect(cut).toBeGreaterThan(50);
  });

  test('keeps message, type, the gate and the numbers of a failure that is small enough', () => {
    const given = { gate: 'podBindP99', observed: 9.2, bar: { max: 5 }, windowStartMs: 1, windowEndMs: 2 };
    const breach = ApplicationFailure.nonRetryable('podBindP99 = 9.2 s', 'GateBreach', { ...given, checkpoint: {} });
    const limited = limitedFailure(breach, POINTER);
    expect(limited).toMatchObject({ message: 'podBindP99 = 9.2 s', type: 'GateBreach', nonRetryable: true });
    expect(limited.details).toEqual([given]);
    expect(limited.cause).toBeUndefined();
  });

  test('of a type that the workflow does not know is a harness fault', () => {
    expect(limitedFailure(new TypeError('x is undefined'), POINTER)).toMatchObject({
      message: 'x is undefined',
      type: 'HarnessFault',
      nonRetryable: false,
    });
    expect(limitedFailure(new CancelledFailure(''), POINTER).message).toBe('CancelledFailure');
  });

  test('of a server that has refused a request for long needs no other attempt', () => {
    expect(limitedFailure(new LastingRefusal('GET /pods: no success', 403), POINTER)).toMatchObject({
      message: 'GET /pods: no success',
      type: 'TargetRefuses',
      nonRetryable: true,
    });
    expect(limitedFailure(new TargetRefusal('GET /pods: 403', 403), POINTER)).toMatchObject({
      type: 'TargetRefuses',
      nonRetryable: false,
    });
    expect(limitedFailure(new KubeError('GET /pods: 403', 403), POINTER).nonRetryable).toBe(false);
  });

  test('says where the whole message is', () => {
    expect(limitedFailure(new Error('a'.repeat(5_000)), POINTER).message).toMatch(
      /^a{1000,}… \(cut; runs\/a+\/timeline\.jsonl has the whole message\)$/,
    );
  });
});
