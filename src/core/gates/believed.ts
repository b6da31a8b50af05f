import { barWords } from '../text/bar.ts';
import { percentText, quantityText } from '../text/number.ts';
import { isAtLeast, isAtMost, isOver, isUnder, misses } from './beyond-bar.ts';
import { HOST_BUSY_SHARE, isHostBusy } from './host-saturation.ts';
import type { GateDefinition, Reading, UnmeasuredReason } from './model.ts';

/**
 * The reading that a gate is judged on. A measured value is unmeasured for a gate in two cases: its bar lies between the bounds of
 * the value, or the host had no CPU left and may have caused the failure. Both depend on the gate: a reading that was unmeasured for
 * another bar is measured again. An informational gate has no bar, so its values stay.
 */
export function believedReading(gate: GateDefinition, taken: Reading): Reading {
  const reading = asTaken(taken, ['bar-in-bounds', 'host-saturated']);
  if (reading.value === null || gate.barKind === 'informational') return reading;
  return unlessBarInBounds(gate, reading, reading.value) ?? unlessHostBusy(gate, reading, reading.value) ?? reading;
}

/** The gates of a campaign. With `isRequired`, a reading counts only if its host is known to have had CPU left. */
export function onQuietHost(gates: readonly GateDefinition[], isRequired: boolean): readonly GateDefinition[] {
  return isRequired ? gates.map((gate) => ({ ...gate, quietHost: true })) : gates;
}

/** A reading as it was taken, if it is unmeasured for one of these reasons and its value is known. */
export function asTaken(reading: Reading, reasons: readonly UnmeasuredReason[]): Reading {
  const { reason, detail: _detail, estimate, because, ...rest } = reading;
  if (estimate === undefined || reason === undefined || !reasons.includes(reason)) return reading;
  const detail = because === undefined ? {} : { detail: because };
  return { ...rest, value: estimate, quality: 'measured', ...detail };
}

/** A measured reading that is unmeasured for a reason outside of it. It keeps its value: `asTaken` gives it back. */
export function lowered(reading: Reading, reason: UnmeasuredReason, detail: string): Reading {
  const estimate = reading.value === null ? {} : { estimate: reading.value };
  const because = reading.detail === undefined ? {} : { because: reading.detail };
  return { ...reading, value: null, quality: 'unmeasured', reason, detail, ...estimate, ...because };
}

/** Unmeasured, if the true value lies on either side of the bar for all that is known. */
function unlessBarInBounds({ bar, unit }: GateDefinition, reading: Reading, value: number): Reading | undefined {
  const low = reading.low ?? value;
  const high = reading.high === undefined ? value : (reading.high ?? Infinity);
  if (isAtLeast(low, bar.min) && isAtMost(high, bar.max)) return undefined;
  // Earlier versions wrote the lower bound of a bucket, which is not in it, as the next number.
  const isBeyond = low > (bar.max ?? Infinity) || high < (bar.min ?? -Infinity);
  if (isBeyond && misses(value, bar)) return undefined;
  const known = Number.isFinite(high)
    ? `between ${quantityText(low, unit)} and ${quantityText(high, unit)}`
    : `at least ${quantityText(low, unit)}`;
  const why = reading.detail === undefined ? '' : `: ${reading.detail}`;
  return lowered(reading, 'bar-in-bounds', `the true value is ${known}, and the bar is ${barWords(bar, unit)}${why}`);
}

/** Unmeasured, if the host had no CPU left and the gate requires a quiet host, or fails in a way that the host may have caused. */
function unlessHostBusy(gate: GateDefinition, reading: Reading, value: number): Reading | undefined {
  const { hostBusy } = reading;
  const read = `the value is ${quantityText(value, gate.unit)}, the bar is ${barWords(gate.bar, gate.unit)}`;
  if (gate.quietHost === true && hostBusy === undefined) {
    return lowered(reading, 'host-saturated', `the CPU of the host was not sampled; ${read}`);
  }
  if (gate.quietHost !== true && reading.withCpu !== undefined)
    return unlessTooOld(gate, reading, value, reading.withCpu);
  if (!isHostBusy(reading) || (gate.quietHost !== true && !failsWithoutCpu(gate, value))) return undefined;
  const share = percentText(hostBusy ?? HOST_BUSY_SHARE);
  return lowered(reading, 'host-saturated', `the host had no CPU left for ${share} of the window; ${read}`);
}

/**
 * Unmeasured, if the age is beyond its bar only by the time for which the host had no CPU. A process that hangs goes on to age, on
 * a busy host too. How busy the host was in the rest of the window does not matter.
 */
function unlessTooOld(
  { bar, unit }: GateDefinition,
  reading: Reading,
  value: number,
  withCpu: number,
): Reading | undefined {
  if (isAtMost(value, bar.max) || isOver(withCpu, bar.max)) return undefined;
  const times = `${quantityText(withCpu, unit)} of ${quantityText(value, unit)}`;
  return lowered(
    reading,
    'host-saturated',
    `the host had CPU for at least ${times}; the bar is ${barWords(bar, unit)}`,
  );
}

/** Units of times, and endings of units of rates. */
const TIMES = ['s', 'ms', 'min', 'h'];
const RATES = ['/s', '/min'];

/**
 * Whether a value fails in a way that a host without CPU causes in a healthy system: a time is too long, or a rate is too low. Lost
 * Pods, errors and wrong counts are failures on any host.
 */
function failsWithoutCpu({ unit, bar }: GateDefinition, value: number): boolean {
  if (TIMES.includes(unit)) return isOver(value, bar.max);
  return RATES.some((ending) => unit.endsWith(ending)) && isUnder(value, bar.min);
}
