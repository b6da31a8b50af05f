import { styleText } from 'node:util';
import type { GateLine } from '../core/campaign/stage-io.ts';
import { textTable } from './text-table.ts';

/** The gates as a table for a terminal: measured, bar, headroom, quality. Informational gates come last. */
export function verdictTable(gates: readonly GateLine[]): string {
  const ordered = [...gates.filter((gate) => !gate.informational), ...gates.filter((gate) => gate.informational)];
  const rows = ordered.map((gate) => [
    gate.gate,
    gate.value === null ? '–' : `${short(gate.value)}${gate.unit === '' ? '' : ` ${gate.unit}`}`,
    barText(gate),
    gate.headroom === null ? '–' : `${Math.round(gate.headroom * 100)} %`,
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

/** A bar as `>= 0.99` or `<= 5 s`. */
export function barText(gate: Pick<GateLine, 'min' | 'max' | 'unit'>): string {
  const unit = gate.unit === '' ? '' : ` ${gate.unit}`;
  if (gate.min !== undefined && gate.min === gate.max) return `= ${short(gate.min)}${unit}`;
  const sides = [
    gate.min === undefined ? '' : `>= ${short(gate.min)}${unit}`,
    gate.max === undefined ? '' : `<= ${short(gate.max)}${unit}`,
  ];
  return sides.filter((side) => side !== '').join(', ') || '–';
}

function short(value: number): string {
  return String(Number(value.toPrecision(4)));
}
