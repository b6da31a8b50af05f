/**
 * A text as an item of a list. Lines after its first one are further in: what a cluster or a server says is not taken for a line of
 * Belay's own, such as a verdict.
 */
export function listItem(text: string, mark = '  - '): string {
  return mark + text.trim().replaceAll(/\s*\n\s*/g, `\n${' '.repeat(mark.length + 2)}`);
}
