/** All ways to choose `count` of the numbers from 0 to `total` - 1, each in rising order. */
export function* combinations(total: number, count: number): Generator<readonly number[]> {
  const chosen = Array.from({ length: count }, (_, index) => index);
  if (count > total) return;
  for (;;) {
    yield chosen.slice();
    let index = count - 1;
    while (index >= 0 && chosen[index] === total - count + index) index -= 1;
    if (index < 0) return;
    chosen[index] = (chosen[index] ?? 0) + 1;
    for (let later = index + 1; later < count; later++) chosen[later] = (chosen[later - 1] ?? 0) + 1;
  }
}
