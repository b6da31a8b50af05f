import type { GateDefinition, GateResult, Reading } from './model.ts';

/**
 * Judges a gate on a reading. Comparisons are strict: a value equal to its bar passes. An unmeasured reading is never a
 * pass; whether it counts is the gate's `unmeasured`, and what is informational never counts.
 */
export function judgeGate(definition: GateDefinition, reading: Reading): GateResult {
  const { name, bar, barKind, unit } = definition;
  const result = { gate: name, reading, bar, barKind, unit };
  if (reading.value === null) {
    const counts = barKind !== 'informational' && definition.unmeasured !== 'allow';
    const why = `unmeasured (${reading.reason ?? 'not-evaluated'})${reading.detail === undefined ? '' : `: ${reading.detail}`}`;
    const allowed = barKind !== 'informational' && !counts ? '; the gate allows it' : '';
    return { ...result, verdict: 'unmeasured', counts, headroom: null, message: `${name} is ${why}${allowed}` };
  }
  const { value } = reading;
  const measured = `${name} = ${withUnit(value, unit)}`;
  if (barKind === 'informational') {
    return {
      ...result,
      verdict: 'pass',
      counts: false,
      headroom: headroomOf(value, definition),
      message: `${measured}, informational`,
    };
  }
  const over = bar.max !== undefined && value > bar.max;
  const under = bar.min !== undefined && value < bar.min;
  return {
    ...result,
    verdict: over || under ? 'fail' : 'pass',
    counts: true,
    headroom: headroomOf(value, definition),
    message: `${measured}, ${distance(value, definition)}`,
  };
}

/** Distance to the nearer bar as a share of that bar; null where a bar is 0 or there is none. */
function headroomOf(value: number, { bar }: GateDefinition): number | null {
  const sides: (number | null)[] = [];
  if (bar.max !== undefined) sides.push(bar.max === 0 ? null : (bar.max - value) / Math.abs(bar.max));
  if (bar.min !== undefined) sides.push(bar.min === 0 ? null : (value - bar.min) / Math.abs(bar.min));
  const known = sides.filter((side) => side !== null);
  return known.length === 0 || known.length < sides.length ? null : Math.min(...known);
}

function distance(value: number, { bar, unit }: GateDefinition): string {
  const parts: string[] = [];
  if (bar.max !== undefined) parts.push(side(value, bar.max, unit, 'at most', value > bar.max ? 'over' : 'under'));
  if (bar.min !== undefined) parts.push(side(value, bar.min, unit, 'at least', value < bar.min ? 'under' : 'over'));
  return parts.join(' and ');
}

function side(value: number, bar: number, unit: string, allowed: string, direction: string): string {
  const away = Math.abs(value - bar);
  const share = bar === 0 || away === 0 ? '' : ` (${round((away / Math.abs(bar)) * 100, 2)} %)`;
  const how = away === 0 ? 'exactly on' : `${withUnit(away, unit)}${share} ${direction}`;
  return `${how} its bar of ${allowed} ${withUnit(bar, unit)}`;
}

function withUnit(value: number, unit: string): string {
  return unit === '' ? String(round(value, 4)) : `${round(value, 4)} ${unit}`;
}

/** To so many significant digits; large whole numbers are kept whole. */
function round(value: number, digits: number): number {
  return Math.abs(value) >= 10 ** digits ? Math.round(value) : Number(value.toPrecision(digits));
}
