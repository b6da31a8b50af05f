const MOST_CHARS = 200;

/** A value of a stranger in a message, as JSON of limited length; undefined is nothing. It never throws, however deep the value is. */
export function quoted(value: unknown): string {
  let text: string | undefined;
  try {
    text = JSON.stringify(value);
  } catch {
    return 'a value that is nested too deeply, or is no JSON';
  }
  if (text === undefined) return 'nothing';
  return text.length > MOST_CHARS ? `${text.slice(0, MOST_CHARS)}…` : text;
}
