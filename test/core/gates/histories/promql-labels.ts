/** The labels of a series. */
export type Labels = Readonly<Record<string, string>>;

/** An expression that cannot be evaluated. */
export class PromqlError extends Error {
  override readonly name = 'PromqlError';
}

const keys = new WeakMap<Labels, string>();

/** Key of a label set. */
export function keyOf(labels: Labels): string {
  let key = keys.get(labels);
  if (key === undefined) {
    key = JSON.stringify(sortedOf(labels));
    keys.set(labels, key);
  }
  return key;
}

/** Key of the labels of a set that are wanted. */
export function keyOfSome(labels: Labels, isWanted: (name: string) => boolean): string {
  return JSON.stringify(sortedOf(labels).filter(([name]) => isWanted(name)));
}

const sorted = new WeakMap<Labels, readonly (readonly [string, string])[]>();

function sortedOf(labels: Labels): readonly (readonly [string, string])[] {
  let entries = sorted.get(labels);
  if (entries === undefined) {
    entries = Object.entries(labels).sort(([a], [b]) => (a < b ? -1 : 1));
    sorted.set(labels, entries);
  }
  return entries;
}

export function withoutLabels(labels: Labels, names: readonly string[]): Labels {
  return Object.fromEntries(Object.entries(labels).filter(([name]) => !names.includes(name)));
}

export function onlyLabels(labels: Labels, names: readonly string[]): Labels {
  return Object.fromEntries(
    names.flatMap((name) => (labels[name] === undefined ? [] : [[name, labels[name]]])),
  ) as Labels;
}
