/** Labels for a sentence: ` (pod="a", zone="b")`; empty where there are none. */
export function labelsText(labels: Readonly<Record<string, string>>): string {
  const pairs = Object.entries(labels)
    .filter(([name, value]) => name !== '__name__' && value !== '')
    .map(([name, value]) => `${name}="${value}"`);
  return pairs.length === 0 ? '' : ` (${pairs.join(', ')})`;
}
