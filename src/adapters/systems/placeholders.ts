/** What may stand as `${...}` in the arguments and environment of a system's process. */
export interface PlaceholderValues {
  readonly kubeconfig: string;
  readonly cluster: string;
  readonly slug: string;
  /** Folder of the system file. */
  readonly folder: string;
  readonly ports: Readonly<Record<string, number>>;
}

const PLACEHOLDER = /\$\{([^}]*)\}/g;

/**
 * Fills in `${kubeconfig}`, `${cluster}`, `${slug}`, `${folder}` and `${port.NAME}`.
 * @param where the field of the text, for the error
 * @throws Error naming the field, the placeholder that is not known, and those that are
 */
export function fillPlaceholders(text: string, values: PlaceholderValues, where: string): string {
  const known = new Map<string, string>([
    ['kubeconfig', values.kubeconfig],
    ['cluster', values.cluster],
    ['slug', values.slug],
    ['folder', values.folder],
    ...Object.entries(values.ports).map(([name, port]): [string, string] => [`port.${name}`, String(port)]),
  ]);
  return text.replace(PLACEHOLDER, (placeholder, name: string) => {
    const value = known.get(name);
    if (value === undefined) {
      const allowed = [...known.keys()].map((each) => `\${${each}}`).join(', ');
      throw new Error(`${where}: unknown placeholder ${placeholder}; allowed: ${allowed}`);
    }
    return value;
  });
}
