import { expect, test } from 'vitest';
import { repositoryFolder } from '../../src/adapters/host/folders.ts';
import { limitsOutside, limitsTwice, writtenNumbers, type WrittenNumber } from './written-limits.ts';

/** Times that limit nothing: below the first a lateness is not shown; the second is the most that a point of a chart averages. */
const NOT_LIMITS = ['src/activities/ramp.ts: SHOWN_LATENESS_MS', 'src/adapters/evidence/series.ts: WINDOW_MAX_MS'];

const numbers = writtenNumbers(repositoryFolder);

test('activities and adapters import every limit from core/plan/limits.ts', () => {
  const outside = limitsOutside(numbers, ['src/activities/', 'src/adapters/']);
  expect(outside.filter(({ file, name }) => !NOT_LIMITS.includes(`${file}: ${name}`)).map(shown)).toEqual([]);
});

test('no limit is defined twice', () => {
  expect(limitsTwice(numbers).map(shown)).toEqual([]);
});

function shown({ file, line, name, text }: WrittenNumber): string {
  return `${file}:${line} ${name} = ${text}`;
}
