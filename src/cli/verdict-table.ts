import { styleText } from 'node:util';
import type { GateLine } from '../core/campaign/stage-io.ts';
import { barSymbols } from '../core/text/bar.ts';
import { headroomText, quantityText } from '../core/text/number.ts';
import { textTable } from './text-table.ts';

/** The gates as a table for a terminal: measured, bar, headroom, quality. Informational gates come last. */
export function verdictTable(gates: readonly GateLine[]): string {
  const ordered = [...gates.filter((gate) => !gate.informational), ...gates.filter((gate) => gate.informational)];
  const rows = ordered.map((gate) => [
    gate.gate,
    gate.value === null ? '–' : quantityText(gate.value, gate.unit),
    barSymbols(gate, gate.unit),
    gate.headroom === null ? '–' : headroomText(gate.headroom),
    gate.value === null ? 'unmeasured' : 'measured',
    gate.informational ? styleText('dim', 'info') : coloured(gate.verdict),
  ]);
  return textTable(['gate', 'measured', 'bar', 'headroom', 'quality', 'verdict'], rows, { right: [1, 2, 3] });
}

/** A verdict in its colour: green, yellow, red. */
export function coloured(verdict: string, text: string = verdict): string {
  switch (verdict) {
    case 'pass':
      return styleText('green', text);
    case 'fail':
    case 'harness-fault':
      return styleText('red', text);
    case 'unmeasured':
    case 'aborted':
      return styleText('yellow', text);
    default:
      return text;
  }
}
