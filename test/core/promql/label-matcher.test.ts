import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { isPromql } from '../../../src/core/promql/check.ts';
import { canonicalSelectors } from '../../../src/core/promql/canonical.ts';
import { labelMatcher } from '../../../src/core/promql/label-matcher.ts';

/** Labels that a hostile target serves: Prometheus 3 takes any text for a name. */
const BREAKING = ['a="1"} or vector(1) or up{b', '"', '\\', '}', 'a b', 'job"', 'é', '\n', '$window', '#'];

test.each(BREAKING)('the label %j stays within its selector', (text) => {
  const query = `sum(up{job="a",${labelMatcher(text, text)}})`;
  expect(isPromql(query)).toBe(true);
  expect(canonicalSelectors(query)).toHaveLength(1);
});

test('any label stays within its selector', () => {
  const text = fc.string({ unit: 'binary', minLength: 1, maxLength: 30 });
  fc.assert(
    fc.property(text, text, (name, value) => {
      const query = `sum(up{${labelMatcher(name, value)}})`;
      expect(canonicalSelectors(query)).toHaveLength(1);
    }),
  );
});
