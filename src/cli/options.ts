import { durationAllowed, explainDuration, parseDuration } from '../core/text/duration.ts';
import { UsageError } from './usage-error.ts';

/** One of the words that an option accepts. @throws UsageError that names the option, the value found and the values allowed */
export function oneOf<const T extends string>(option: string, found: string, allowed: readonly T[]): T {
  const word = allowed.find((each) => each === found);
  if (word === undefined) throw new UsageError(`${option}: found "${found}"; allowed: ${allowed.join(', ')}`);
  return word;
}

/** @throws UsageError that names the option, the value found and what is allowed, unless it is a duration of at least `minMs` */
export function checkDuration(option: string, found: string, minMs: number): void {
  if ((parseDuration(found) ?? -1) >= minMs) return;
  const problem = explainDuration(found, minMs);
  throw new UsageError(`${option}: ${problem}; found "${found}"; allowed: ${durationAllowed(minMs)}`);
}

/** Collects an option that may be given several times. */
export function collect(value: string, before: readonly string[]): readonly string[] {
  return [...before, value];
}

/** The hold in a workflow's input: the duration as typed, or 0 for none. */
export function holdInput(typed: string): string | number {
  return typed === '0' || typed === 'false' ? 0 : typed;
}
