/** Whether a text is the name of a kind, a group or a version, as a path has it: nothing leads out of its place. */
export function isKindPart(text: unknown): boolean {
  return typeof text === 'string' && /^[A-Za-z0-9][A-Za-z0-9.-]{0,252}$/.test(text);
}

/** Whether a text can be the name of an object, as Kubernetes has it for all kinds: one part of a path. */
export function isObjectName(text: unknown): boolean {
  return typeof text === 'string' && text !== '' && text !== '.' && text !== '..' && !/[/%]/.test(text);
}

/** A name of an object in a path. */
export function inPath(name: string): string {
  return name.replaceAll(/[^A-Za-z0-9:._~@!$&'()*+,;=-]+/g, (text) => encodeURIComponent(text.toWellFormed()));
}
