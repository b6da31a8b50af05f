import type { Registry } from 'prom-client';

/** The metrics of a registry as a Markdown table. */
export function metricTable(registry: Registry): string {
  const rows = registry
    .getMetricsAsArray()
    .map(
      (metric) =>
        metric as unknown as { readonly name: string; readonly help: string; readonly labelNames: readonly string[] },
    )
    .toSorted((one, other) => (one.name < other.name ? -1 : 1))
    .map(
      ({ name, help, labelNames }) =>
        `| \`${name}\` | ${labelNames.map((label) => `\`${label}\``).join(', ') || '–'} | ${help} |`,
    );
  return ['| metric | labels | meaning |', '|---|---|---|', ...rows].join('\n');
}
