import pMap from 'p-map';

/**
 * Runs `work` for every item, at most `atOnce` at a time. The first failure aborts the signal of the others and starts no more.
 * It is thrown when the others have ended, so that nothing continues behind the caller's back.
 *
 * @returns the results in the order of the items
 */
export async function allAtOnce<Item, Result>(
  items: readonly Item[],
  { atOnce, signal }: { readonly atOnce: number; readonly signal: AbortSignal },
  work: (item: Item, signal: AbortSignal, index: number) => Promise<Result>,
): Promise<readonly Result[]> {
  const stop = new AbortController();
  const inner = AbortSignal.any([signal, stop.signal]);
  let failure: { readonly cause: unknown } | undefined;
  const outcomes = await pMap(
    items,
    async (item, index): Promise<readonly Result[]> => {
      if (failure !== undefined) return [];
      try {
        return [await work(item, inner, index)];
      } catch (cause) {
        failure ??= { cause };
        stop.abort(cause);
        return [];
      }
    },
    { concurrency: atOnce },
  );
  if (failure !== undefined) throw failure.cause;
  return outcomes.flat();
}
