import { barWords } from '../text/bar.ts';
import { percentText, quantityText } from '../text/number.ts';
import { believedReading } from './believed.ts';
import { distanceFrom, isOver, isUnder, misses } from './beyond-bar.ts';
import type { Bar, GateDefinition, GateResult, Reading } from './model.ts';

/**
 * Judges a gate on a reading. A value on its bar passes (`beyond-bar.ts`). An unmeasured reading is never a
 * pass; whether it counts is the gate's `unmeasured`, and what is informational never counts.
 */
export function judgeGate(definition: GateDefinition, taken: Reading): GateResult {
  const { name, bar, barKind, unit } = definition;
  const reading = believedReading(definition, taken);
  const result = {
    gate: name,
    reading,
    bar,
    barKind,
    unit,
    ...(definition.quietHost === true ? { quietHost: true } : {}),
  };
  if (reading.value === null) {
    const counts = barKind !== 'informational' && definition.unmeasured !== 'allow';
    const why = `unmeasured (${reading.reason ?? 'not-evaluated'})${reading.detail === undefined ? '' : `: ${reading.detail}`}`;
    const allowed = barKind !== 'informational' && !counts ? '; the gate allows it' : '';
    return { ...result, verdict: 'unmeasured', counts, headroom: null, message: `${name} is ${why}${allowed}` };
  }
  const { value } = reading;
  const measured = `${name} = ${quantityText(value, unit)}${boundsText(reading, unit)}`;
  if (barKind === 'informational') {
    return {
      ...result,
      verdict: 'pass',
      counts: false,
      headroom: headroomOf(value, definition),
      message: `${measured}, informational`,
    };
  }
  // Where it is known only to bounds, all of them are on one side of the bar.
  return {
    ...result,
    verdict: misses(value, bar) ? 'fail' : 'pass',
    counts: true,
    headroom: headroomOf(value, definition),
    message: `${measured}, ${distanceText(value, definition)}`,
  };
}

/** How exactly a value is known, for a sentence; empty where it is exact. */
function boundsText({ value, low = value ?? 0, high }: Reading, unit: string): string {
  if (high === undefined && low === value) return '';
  if (high === null) return ' or more';
  return ` (between ${quantityText(low, unit)} and ${quantityText(high ?? value ?? 0, unit)})`;
}

/** Distance to the nearer bar as a share of that bar; null where a bar is 0 or there is none. */
function headroomOf(value: number, { bar }: GateDefinition): number | null {
  const sides: (number | null)[] = [];
  if (bar.max !== undefined) sides.push(bar.max === 0 ? null : (0 - distanceFrom(bar.max, value)) / Math.abs(bar.max));
  if (bar.min !== undefined) sides.push(bar.min === 0 ? null : distanceFrom(bar.min, value) / Math.abs(bar.min));
  const known = sides.filter((side) => side !== null);
  return known.length === 0 || known.length < sides.length ? null : Math.min(...known);
}

/** How far a value is beyond the side of its bar that it misses, or within each side. */
function distanceText(value: number, { bar: { min, max }, unit }: GateDefinition): string {
  if (max !== undefined && isOver(value, max)) return sideText(value, { max }, max, unit, 'over');
  if (min !== undefined && isUnder(value, min)) return sideText(value, { min }, min, unit, 'under');
  return [
    ...(max === undefined ? [] : [sideText(value, { max }, max, unit, 'within')]),
    ...(min === undefined ? [] : [sideText(value, { min }, min, unit, 'within')]),
  ].join(' and ');
}

function sideText(value: number, side: Bar, at: number, unit: string, direction: string): string {
  const away = Math.abs(distanceFrom(at, value));
  const share = at === 0 || away === 0 ? '' : ` (${percentText(away / at)})`;
  const how = away === 0 ? 'exactly on' : `${quantityText(away, unit)}${share} ${direction}`;
  return `${how} its bar of ${barWords(side, unit)}`;
}
