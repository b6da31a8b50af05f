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
    ...(gate.failFast ? [`- Fail-fast: ${breachWords(gate)} ends the soak.`] : []),
    ...(gate.minEvents === undefined ? [] : [`- Unmeasured on fewer than ${gate.minEvents} events.`]),
    ...(gate.readAt === 'settled' ? ['- Read when the last Pods had their time, not at the end of the soak.'] : []),
    ...(gate.absentIs === undefined
      ? []
      : [`- A series that is absent counts as ${gate.absentIs}: it is born with its first event.`]),
    ...(gate.restsOn === undefined ? [] : [`- Rests on ${gate.restsOn.join(', ')}.`]),
    ...(gate.unmeasured === 'allow' && gate.barKind !== 'informational'
      ? ['- An unmeasured reading does not lower the verdict.']
      : []),
    '',
    '```promql',
    ...sourceLines(gate),
    '```',
    '',
  ];
}

function breachWords({ forReadings = 1 }: GateDefinition): string {
  return forReadings === 1 ? 'a breach' : `a breach in ${forReadings} readings in a row`;
}

/** The query, or each field of the kind under its name. */
function sourceLines({ source }: GateDefinition): readonly string[] {
  const { kind, ...fields } = source;
  if (source.kind === 'query') return [source.query];
  return Object.entries(fields)
    .filter(([, value]) => !Array.isArray(value) || value.length > 0)
    .map(([field, value]) => `# ${kind}, ${field}\n${String(value)}`);
}

function barText({ bar, barKind, scaleRule, unit }: GateDefinition): string {
  if (barKind === 'informational') return 'none, informational';
  if (barKind === 'scaled') return `scaled: ${scaleRule ?? ''}${unit === '' ? '' : ` (${unit})`}`;
  return barWords(bar, unit);
}
