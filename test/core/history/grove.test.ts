import { describe, expect, it } from 'vitest';
import { historyOfRecords } from '../../../src/core/history/grove/history-of-records.ts';
import { parseGroveRecords, type GroveRecord } from '../../../src/core/history/grove/record.ts';

const record: GroveRecord = {
  testName: 'ScaleTest_1000',
  runID: 'run-1',
  runTimestamp: '2026-07-12T05:05:06+00:00',
  commit: 'f6be1233',
  totalSeconds: 83.4,
  phases: [
    { name: 'deploy', valueSeconds: 53, milestones: [{ name: 'pods-created', valueSeconds: 32.6 }] },
    { name: 'delete', valueSeconds: 0.1, milestones: [] },
  ],
};

describe('the lines of a file', () => {
  it('are runs; empty lines and keys that are not known do not matter', () => {
    const more = { ...record, runURL: 'https://example.com/1' };
    expect(parseGroveRecords(`${JSON.stringify(more)}\r\n\n`)).toEqual({ ok: true, records: [record] });
  });

  it('are refused with line and field, all at once', () => {
    const lines = [
      record,
      { ...record, runTimestamp: 'yesterday', phases: [{ name: 'deploy', valueSeconds: '53' }] },
      { ...record, runID: undefined },
      record,
    ].map((one) => JSON.stringify(one));
    const parsed = parseGroveRecords([...lines, '{"testName":'].join('\n'));
    expect(parsed.ok ? [] : parsed.errors.map(({ line, field, message }) => `${line} ${field}: ${message}`)).toEqual([
      '2 runTimestamp: not a time such as 2026-07-12T04:05:06Z; found "yesterday"',
      '2 phases[0].valueSeconds: Invalid input: expected number, received string; found "53"',
      '3 runID: Invalid input: expected string, received undefined; it is missing',
      '4 runID: found "run-1" of ScaleTest_1000, which line 1 has too',
      '5 : not JSON; allowed: one run per line, as JSON',
    ]);
    expect(parseGroveRecords('\n')).toMatchObject({ ok: false });
  });
});

function line(more: object): string {
  return JSON.stringify({ ...record, ...more });
}

describe('a line of a stranger', () => {
  const deep = '['.repeat(100_000) + ']'.repeat(100_000);

  it.each<[string, string, string]>([
    ['deep where a text belongs', line({}).replace('"ScaleTest_1000"', deep), 'testName'],
    ['deep where phases belong', line({}).replace(/\[.*\]/, deep), 'phases[0]'],
    ['with a name that fits no table', line({ testName: 'x'.repeat(501) }), 'testName'],
    ['with a phase of such a name', line({ phases: [{ name: 'x'.repeat(501) }] }), 'phases[0].name'],
    ['with phases without end', line({ phases: Array.from({ length: 1_001 }, () => record.phases[0]) }), 'phases'],
    [
      'with milestones without end',
      line({ phases: [{ name: 'p', milestones: Array.from({ length: 101 }, () => ({ name: 'm' })) }] }),
      'phases[0].milestones',
    ],
    ['with seconds beyond numbers', line({}).replace('83.4', '1e999'), 'totalSeconds'],
  ])('%s is refused by its field, in few words', (_, text, field) => {
    const parsed = parseGroveRecords(text);
    expect(parsed).toMatchObject({ ok: false, errors: [{ line: 1, field }] });
    expect(JSON.stringify(parsed).length).toBeLessThan(500);
  });

  it('is one of the first that are listed, and the rest is counted', () => {
    const parsed = parseGroveRecords('{}\n'.repeat(1_000));
    expect(parsed.ok ? [] : parsed.errors).toHaveLength(31);
    expect(parsed.ok ? [] : parsed.errors.at(-1)).toEqual({
      line: 8,
      field: '',
      message: 'here and below 3970 more errors',
    });
  });

  it('ends the reading where there are too many, and where it is longer than a file may be', () => {
    const parsed = parseGroveRecords('3\n'.repeat(20_000));
    expect(parsed.ok ? '' : parsed.errors.at(-1)?.message).toBe('here and below more than 10000 more errors');
    expect(parseGroveRecords(`\n${'['.repeat(1_048_577)}`)).toEqual({
      ok: false,
      errors: [{ line: 2, field: '', message: 'found 1048577 letters; allowed: at most 1048576' }],
    });
  });

  it('gives no prototype to a history', () => {
    const phases = ['__proto__', 'constructor'].map((name) => ({
      name,
      valueSeconds: 2,
      milestones: [{ name: 'toString', valueSeconds: 1 }],
    }));
    const [run] = historyOfRecords([{ ...record, phases }]);
    expect(run?.metrics.map(({ name, value }) => [name, value])).toEqual([
      ['total', 83.4],
      ['__proto__', 2],
      ['__proto__.toString', 1],
      ['constructor', 2],
      ['constructor.toString', 1],
    ]);
    expect(({} as Record<string, unknown>)['valueSeconds']).toBeUndefined();
  });
});

describe('a history of such runs', () => {
  it('has the total, phases and milestones as metrics', () => {
    const [run] = historyOfRecords([record]);
    expect(run).toMatchObject({ id: 'run-1', atMs: Date.UTC(2026, 6, 12, 5, 5, 6), version: 'f6be1233' });
    expect(run?.metrics.map(({ name, value }) => [name, value])).toEqual([
      ['total', 83.4],
      ['deploy', 53],
      ['pods-created', 32.6],
      ['delete', 0.1],
    ]);
  });

  it('has repeated phases as one metric with cycles', () => {
    const phases = [111, 1.9, 2, 1.9].map((valueSeconds, index) => ({
      name: `scale-down-c${index + 1}`,
      valueSeconds,
      milestones: [{ name: 'base-pods-restored', valueSeconds }],
    }));
    const [run] = historyOfRecords([{ ...record, phases }]);
    expect(run?.metrics.slice(1)).toMatchObject([
      { name: 'scale-down', value: 1.95, cycles: [111, 1.9, 2, 1.9] },
      { name: 'base-pods-restored', value: 1.95 },
    ]);
  });

  it('calls a milestone of several phases after its phase too', () => {
    const milestones = [{ name: 'pods-ready', valueSeconds: 2 }];
    const phases = ['deploy', 'scale-up'].map((name) => ({ name, valueSeconds: 3, milestones }));
    const [run] = historyOfRecords([{ ...record, phases }]);
    expect(run?.metrics.map(({ name }) => name)).toEqual([
      'total',
      'deploy',
      'deploy.pods-ready',
      'scale-up',
      'scale-up.pods-ready',
    ]);
  });

  it('has a milestone without a value as unmeasured', () => {
    const [run] = historyOfRecords([{ ...record, phases: [{ name: 'deploy', valueSeconds: null }] }]);
    expect(run?.metrics[1]).toMatchObject({ name: 'deploy', value: undefined });
  });
});
