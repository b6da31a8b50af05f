/** The entry with the least headroom; entries without a headroom do not count. Undefined when none has one. */
export function narrowestHeadroom<Entry extends { readonly headroom: number | null }>(
  entries: readonly Entry[],
): (Entry & { readonly headroom: number }) | undefined {
  return entries
    .flatMap((entry) => (entry.headroom === null ? [] : [{ ...entry, headroom: entry.headroom }]))
    .reduce<(Entry & { readonly headroom: number }) | undefined>(
      (narrowest, entry) => (narrowest === undefined || entry.headroom < narrowest.headroom ? entry : narrowest),
      undefined,
    );
}
