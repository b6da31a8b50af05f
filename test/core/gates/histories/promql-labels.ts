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
    key = JSON.stringify(Object.entries(labels).sort(([a], [b]) => (a < b ? -1 : 1)));
    keys.set(labels, key);
  }
  return key;
}

export function withoutLabels(labels: Labels, names: readonly string[]): Labels {
  return Object.fromEntries(Object.entries(labels).filter(([name]) => !names.includes(name)));
}

export function onlyLabels(labels: Labels, names: readonly string[]): Labels {
  return Object.fromEntries(
    names.flatMap((name) => (labels[name] === undefined ? [] : [[name, labels[name]]])),
  ) as Labels;
}
