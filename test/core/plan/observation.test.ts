import { expect, test } from 'vitest';
import { recordedFields } from '../../../src/core/files/recorded-fields.ts';
import { mergedObservations, observationIn, UNTROUBLED, type Observation } from '../../../src/core/plan/observation.ts';

const ONE: Observation = {
  watch: { silent: 1, replaced: 0, failures: 4, longestUnconfirmedMs: 12_000 },
  requests: { waited: 3, longestMs: 900, refused: 1, throttled: 2, failed: 0, unanswered: 5 },
};
const OTHER: Observation = {
  watch: { silent: 2, replaced: 1, failures: 0, longestUnconfirmedMs: 40_000 },
  requests: { waited: 1, longestMs: 20_000, refused: 30, throttled: 0, failed: 7, unanswered: 0 },
};

test.each<[string, readonly Observation[], Observation]>([
  ['none', [], UNTROUBLED],
  ['one', [ONE], ONE],
  [
    'several',
    [ONE, UNTROUBLED, OTHER],
    {
      watch: { silent: 3, replaced: 1, failures: 4, longestUnconfirmedMs: 40_000 },
      requests: { waited: 4, longestMs: 20_000, refused: 31, throttled: 2, failed: 7, unanswered: 5 },
    },
  ],
])('merged of %s', (_, parts, merged) => {
  expect(mergedObservations(parts)).toEqual(merged);
});

test.each<[string, unknown, { readonly observation?: Observation }]>([
  ['of an earlier version', {}, {}],
  ['of this version', { observation: ONE }, { observation: ONE }],
  ['without some counts', { observation: { watch: { silent: 2 } } }, { observation: withSilent(2) }],
])('a record %s', (_, record, read) => {
  expect(observationIn(recordedFields('record', record))).toEqual(read);
});

test('a record with another type is refused with the name of its field', () => {
  const record = { observation: { watch: { failures: 'many' } } };
  expect(() => observationIn(recordedFields('record', record))).toThrow('failures');
});

function withSilent(silent: number): Observation {
  return { ...UNTROUBLED, watch: { ...UNTROUBLED.watch, silent } };
}
