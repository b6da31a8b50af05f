import { barWords } from '../src/core/text/bar.ts';
import { formatDuration } from '../src/core/text/duration.ts';
import { resolveGates } from '../src/core/gates/resolve.ts';
import type { GateDefinition } from '../src/core/gates/model.ts';
import type { System } from '../src/core/model/system.ts';

/** The gates of a system as Markdown: bar, window and query of each. */
export function gateSection(system: System): string {
  // Scaled bars show their rule; the numbers depend on the campaign.
  const gates = resolveGates(system.gates, {}, { machines: 1, pods: 1, clusters: 1 });
  return [`## ${system.metadata.name}`, '', system.metadata.description, '', ...gates.flatMap(entry)].join('\n');
}

function entry(gate: GateDefinition): readonly string[] {
  return [
    `### ${gate.name}`,
    '',
    `${gate.description}.`,
    '',
    `- Bar: ${barText(gate)}.`,
    `- Window: ${gate.windowMs === 'soak' ? 'the settled soak' : formatDuration(gate.windowMs)}; at least ${gate.minSamples} samples.`,
    ...(gate.job === undefined ? [] : [`- Scrape job: \`${gate.job}\`.`]),
    ...(gate.failFast ? ['- Fail-fast: a breach ends the soak.'] : []),
    ...(gate.unmeasured === 'allow' && gate.barKind !== 'informational'
      ? ['- An unmeasured reading does not lower the verdict.']
      : []),
    '',
    '```promql',
    ...Object.entries(gate.source)
      .filter(([key]) => key !== 'kind')
      .map(([key, query]) => (key === 'query' ? String(query) : `# ${key}\n${String(query)}`)),
    '```',
    '',
  ];
}

function barText({ bar, barKind, scaleRule, unit }: GateDefinition): string {
  if (barKind === 'informational') return 'none, informational';
  if (barKind === 'scaled') return `scaled: ${scaleRule ?? ''}${unit === '' ? '' : ` (${unit})`}`;
  return barWords(bar, unit);
}
