import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { mergeLeftovers, mergeParts } from '../../../src/core/campaign/merge-evidence.ts';
import { groupsOutcome, mergeFailures, type GroupFailure } from '../../../src/core/campaign/merge-failures.ts';
import { bytesOf } from '../../../src/core/text/markdown.ts';

function failure(group: number | null, kind: 'breach' | 'system' | 'harness', message: string): GroupFailure {
  return {
    group: group === null ? null : { group: `g${group}`, host: `host-${group}` },
    failure: { kind, message, ...(kind === 'breach' ? { gate: 'podBindP99' } : {}) },
  };
}

const failures = fc.array(
  fc
    .tuple(
      fc.option(fc.nat({ max: 199 })),
      fc.constantFrom('breach' as const, 'system' as const, 'harness' as const),
      fc.string({ maxLength: 3_000 }),
    )
    .map(([group, kind, message]) => failure(group, kind, message)),
  { minLength: 1, maxLength: 200 },
);

describe('the failure of several groups', () => {
  test('is of the worst kind, in limited size, whatever the order', () => {
    fc.assert(
      fc.property(failures, (all) => {
        const merged = mergeFailures(200, all);
        const kinds = all.map((one) => one.failure.kind);
        expect(merged.kind).toBe((['breach', 'system', 'harness'] as const).find((kind) => kinds.includes(kind)));
        expect(bytesOf(merged.message)).toBeLessThanOrEqual(1_200);
        expect('gate' in merged).toBe(merged.kind === 'breach');
        expect(mergeFailures(200, all.toReversed())).toEqual(merged);
      }),
    );
  });

  test('names groups and hosts, and quotes what is worst first', () => {
    const one = failure(3, 'harness', 'etcd did not start');
    expect(mergeFailures(4, [one])).toEqual({ kind: 'harness', message: 'g3 on host host-3: etcd did not start' });
    expect(mergeFailures(4, [one, failure(10, 'system', '3 Pods pending'), failure(2, 'harness', 'no disk')])).toEqual({
      kind: 'system',
      message:
        '3 of 4 groups failed: g10 on host host-10: 3 Pods pending; g2 on host host-2: no disk; ' +
        'g3 on host host-3: etcd did not start',
    });
  });

  test('is final where that of a group is, unless a worse one hides it', () => {
    const full: GroupFailure = {
      group: { group: 'g1', host: 'b' },
      failure: { kind: 'harness', message: 'no disk', final: true },
    };
    const gone = failure(0, 'harness', 'gone');
    expect(mergeFailures(2, [gone, full])).toMatchObject({ kind: 'harness', final: true });
    expect(mergeFailures(2, [gone])).not.toHaveProperty('final');
    expect(mergeFailures(2, [failure(0, 'system', '3 Pods pending'), full])).not.toHaveProperty('final');
  });

  test('begins with the breach that the watch saw', () => {
    expect(mergeFailures(2, [failure(1, 'harness', 'no API server'), failure(null, 'breach', '9 s > 5 s')])).toEqual({
      kind: 'breach',
      gate: 'podBindP99',
      message: '9 s > 5 s; g1 on host host-1: no API server',
    });
  });

  test('counts the groups that it does not quote', () => {
    const all = Array.from({ length: 200 }, (_, index) => failure(index, 'harness', 'gone'));
    const { message } = mergeFailures(200, all);
    expect(message).toMatch(/^200 of 200 groups failed: g0 on host host-0: gone; .*; and 195 more$/);
  });
});

test('an outcome names each group once, and at most twenty', () => {
  const all = Array.from({ length: 200 }, (_, index) => failure(199 - index, 'harness', 'gone'));
  const outcome = groupsOutcome(200, [...all, failure(0, 'system', 'twice'), failure(null, 'breach', '')]);
  expect(outcome).toMatchObject({ ran: 200, failedCount: 200 });
  expect(outcome.failed).toHaveLength(20);
  expect(outcome.failed.slice(0, 2)).toEqual([
    { group: 'g0', host: 'host-0', kind: 'system' },
    { group: 'g1', host: 'host-1', kind: 'harness' },
  ]);
});

describe('the evidence of several groups', () => {
  const lead = { group: 'g0', host: 'a' };

  test('is that of the lead, and one part for each other group', () => {
    const parts = mergeParts(
      [
        {
          group: lead,
          parts: [
            { what: 'tsdb', ok: true },
            { what: 'logs', ok: false, error: 'no disk' },
          ],
        },
        { group: { group: 'g1', host: 'b' }, parts: [{ what: 'logs', ok: true }] },
        {
          group: { group: 'g2', host: 'c' },
          parts: [
            { what: 'logs', ok: false, error: 'gone' },
            { what: 'x', ok: false },
          ],
        },
      ],
      [failure(3, 'harness', 'unreachable')],
    );
    expect(parts).toEqual([
      { what: 'tsdb', ok: true },
      { what: 'evidence of g1 on host b', ok: true },
      { what: 'logs', ok: false, error: 'no disk' },
      { what: 'evidence of g2 on host c', ok: false, error: 'logs: gone; x: missing' },
      { what: 'evidence of g3 on host host-3', ok: false, error: 'unreachable' },
    ]);
  });

  test('of two hundred groups stays small', () => {
    const groups = Array.from({ length: 200 }, (_, index) => ({
      group: { group: `g${index}`, host: 'h'.repeat(60) },
      parts: Array.from({ length: 30 }, (__, part) => ({
        what: `part ${part}`,
        ok: index % 2 === 0,
        error: 'x'.repeat(300),
      })),
    }));
    expect(JSON.stringify(mergeParts(groups, [])).length).toBeLessThan(20_000);
    const left = new Map(groups.map(({ group }) => [group.group, ['x'.repeat(1_000)]]));
    expect(JSON.stringify(mergeLeftovers(left, [])).length).toBeLessThan(10_000);
  });

  test('what could not be reached comes first among the leftovers', () => {
    expect(mergeLeftovers(new Map([['b', ['cluster 1: busy']]]), [failure(3, 'harness', 'unreachable')])).toEqual([
      'everything of g3 on host host-3: unreachable',
      'host b: cluster 1: busy',
    ]);
  });
});
