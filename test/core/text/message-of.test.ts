import { expect, it } from 'vitest';
import { messageOf, rootMessageOf } from '../../../src/core/text/message-of.ts';

const refused = Object.assign(new Error(''), { code: 'ECONNREFUSED' });

it.each([
  [new Error('a'), 'a'],
  [new Error('a', { cause: new Error('b') }), 'a'],
  [
    new TypeError('fetch failed', { cause: new Error('connect ECONNREFUSED 127.0.0.1:1') }),
    'connect ECONNREFUSED 127.0.0.1:1',
  ],
  [new TypeError('fetch failed'), 'fetch failed'],
  [new TypeError('fetch failed', { cause: new AggregateError([refused], '') }), 'ECONNREFUSED'],
  [refused, 'ECONNREFUSED'],
  [new RangeError(''), 'RangeError'],
  ['text', 'text'],
  [undefined, 'undefined'],
  [{ a: 1 }, '{"a":1}'],
  [1n, 'bigint'],
])('the message of %o is %j', (cause, message) => {
  expect(messageOf(cause)).toBe(message);
});

it('a root message comes from the innermost cause', () => {
  expect(rootMessageOf(new Error('a', { cause: new Error('b', { cause: 'c' }) }))).toBe('c');
});
