/** What names may look like: they become names of files and values of labels. */
export const NAME_PATTERN: RegExp = /^[A-Za-z0-9](?:[A-Za-z0-9._-]{0,61}[A-Za-z0-9])?$/;

/** Whether a value is a name that cannot lead out of a folder. An input that was not parsed may hold anything where a text belongs. */
export function isSafeName(name: unknown): name is string {
  return typeof name === 'string' && NAME_PATTERN.test(name) && !name.includes('..');
}

/** Whether a value is a DNS label: the name of a namespace, and the beginning of names of objects and folders. */
export function isDnsLabel(text: unknown): text is string {
  return typeof text === 'string' && /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/.test(text);
}
