/** A source of numbers, uniform in [0, 1). The same seed and names give the same numbers, on every machine. */
export type Random = () => number;

/**
 * A stream of its own for each purpose, so that drawing more of one thing does not shift another. The names and the seed
 * are hashed by FNV-1a; four words of SplitMix32 from there start sfc32 (Chris Doty-Humphrey, PractRand).
 */
export function randomStream(seed: number, ...names: readonly (string | number)[]): Random {
  let hash = 0x811c9dc5;
  for (const character of [seed, ...names].join('/')) hash = Math.imul(hash ^ character.charCodeAt(0), 0x01000193);
  const word = (): number => {
    hash = (hash + 0x9e3779b9) | 0;
    let mixed = Math.imul(hash ^ (hash >>> 16), 0x21f0aaad);
    mixed = Math.imul(mixed ^ (mixed >>> 15), 0x735a2d97);
    return mixed ^ (mixed >>> 15);
  };
  let [a, b, c, count] = [word(), word(), word(), 1];
  const next = (): number => {
    const sum = (a + b + count) | 0;
    count = (count + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = ((c << 21) | (c >>> 11)) + sum;
    return (sum >>> 0) / 2 ** 32;
  };
  for (let warmUp = 0; warmUp < 12; warmUp++) next();
  return next;
}

/** A whole number between `low` and `high`, both included. */
export function drawInteger(random: Random, low: number, high: number): number {
  return low + Math.floor(random() * (high - low + 1));
}

/**
 * One of `items`, with a chance in proportion to its weight.
 * @throws RangeError when there are no items
 */
export function drawWeighted<Item>(random: Random, items: readonly Item[], weightOf: (item: Item) => number): Item {
  const total = items.reduce((sum, item) => sum + weightOf(item), 0);
  let rest = random() * total;
  for (const item of items) {
    rest -= weightOf(item);
    if (rest < 0) return item;
  }
  const last = items.at(-1);
  if (last === undefined) throw new RangeError('nothing to draw from: the list is empty');
  return last;
}
