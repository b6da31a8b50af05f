/** A count of things in words: `1 cluster`, `3 clusters`, `2 processes`. */
export function counted(count: number, one: string, several = `${one}s`): string {
  return `${count} ${count === 1 ? one : several}`;
}
