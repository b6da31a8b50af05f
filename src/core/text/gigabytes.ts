/** An amount of memory in words, e.g. `9.1 GB` or `24 GB`. */
export function gigabytesInWords(bytes: number): string {
  const gigabytes = bytes / 1e9;
  return `${gigabytes < 10 ? gigabytes.toFixed(1) : Math.round(gigabytes)} GB`;
}
