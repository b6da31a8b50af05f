import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { ListItems, type ListLimits } from '../../../src/adapters/kube/list-items.ts';

const values = fc.jsonValue({ maxDepth: 3 });
const objects = fc.dictionary(fc.oneof(fc.constant('items'), fc.string({ unit: 'binary' })), values, { maxKeys: 4 });
const lists = fc.record({
  before: fc.dictionary(fc.string(), values, { maxKeys: 3 }),
  items: fc.array(objects, { maxLength: 6 }),
  after: fc.dictionary(fc.string(), values, { maxKeys: 3 }),
  indent: fc.constantFrom(0, 2),
  cuts: fc.array(fc.nat({ max: 3_000 })),
});

/** Takes a text in chunks. Each chunk is overwritten after it was taken, as a socket's buffer may be. */
function taken(text: string, cuts: readonly number[], limits?: ListLimits): ListItems<unknown> {
  const reader = new ListItems<unknown>((item) => item, limits);
  const bytes = Buffer.from(text);
  const ends = [...cuts.filter((cut) => cut < bytes.length), bytes.length].toSorted((a, b) => a - b);
  let from = 0;
  for (const end of ends) {
    const chunk = Uint8Array.from(bytes.subarray(from, end));
    reader.take(chunk);
    chunk.fill(0);
    from = end;
  }
  return reader;
}

test('a list is read as JSON.parse reads it, wherever its bytes are cut', () => {
  fc.assert(
    fc.property(lists, ({ before, items, after, indent, cuts }) => {
      const list = { ...before, items, ...after };
      // A field may be called `items` itself; the last one counts, as in JSON.
      fc.pre(Array.isArray(list.items) && list.items === items);
      const reader = taken(JSON.stringify(list, null, indent), cuts);
      expect(reader.items).toEqual(JSON.parse(JSON.stringify(items)));
      expect(JSON.parse(reader.rest)).toEqual({ ...JSON.parse(JSON.stringify(list)), items: [] });
    }),
    { numRuns: 2_000 },
  );
});

test.each([
  ['no list', '{"kind":"Status","code":403}', '{"kind":"Status","code":403}'],
  ['items that are null', '{"items":null,"metadata":{}}', '{"items":null,"metadata":{}}'],
  ['items that are no list', '{"items":{"a":{}}}', '{"items":{"a":{}}}'],
  ['items further inside', '{"metadata":{"items":[{"a":1}]}}', '{"metadata":{"items":[{"a":1}]}}'],
  ['an array', '[{"items":[{}]}]', '[{"items":[{}]}]'],
  ['no JSON', 'go away', 'go away'],
  ['nothing', '', ''],
])('%s has no items, and all of it is the rest', (_, text, rest) => {
  const reader = taken(text, [1, 5, 9]);
  expect(reader.items).toEqual([]);
  expect(reader.rest).toBe(rest);
});

test('a list that is cut off has the items that are complete, and a rest that is no JSON', () => {
  const reader = taken('{"items":[{"a":1},{"a":2},{"a"', []);
  expect(reader.items).toEqual([{ a: 1 }, { a: 2 }]);
  expect(() => JSON.parse(reader.rest) as unknown).toThrow(SyntaxError);
});

test.each(['{"items":[1]}', '{"items":["a"]}', '{"items":[null]}', '{"items":[[{}]]}', '{"items":[{"a":}]}'])(
  '%s is refused',
  (text) => {
    expect(() => taken(text, [])).toThrow(SyntaxError);
  },
);

const LIMITS: ListLimits = { listBytes: 200, objectBytes: 40, restBytes: 60, objects: 5 };

/** A list whose objects have so many bytes each. */
function listOf(objects: number, bytes: number, rest = ''): string {
  const object = JSON.stringify({ a: 'x'.repeat(bytes - '{"a":""}'.length) });
  return `{"b":"${rest}","items":[${Array.from({ length: objects }, () => object).join(',')}]}`;
}

test.each([
  ['the list has more than 5 objects', listOf(5, 10), listOf(6, 10)],
  ['an object of the list has more than 40 bytes', listOf(1, 40), listOf(1, 41)],
  ['the list has more than 200 bytes', listOf(5, 35).padEnd(200), listOf(5, 35).padEnd(201)],
  ['the list without its objects has more than 60 bytes', listOf(1, 10, 'r'.repeat(41)), listOf(1, 10, 'r'.repeat(42))],
])('%s: it is refused, wherever its bytes are cut, and one of that size is not', (problem, fits, tooLarge) => {
  for (const cuts of [[], [1, 30, 31], Array.from(tooLarge, (_, at) => at)]) {
    expect(() => taken(fits, cuts, LIMITS)).not.toThrow();
    expect(() => taken(tooLarge, cuts, LIMITS)).toThrow(`${problem}, the most that is read`);
  }
});

test('a name of a field without end is read past', () => {
  const reader = taken(`{"${'items'.repeat(1_000_000)}":[{}],"items":[{"a":1}]}`, []);
  expect(reader.items).toEqual([{ a: 1 }]);
});
