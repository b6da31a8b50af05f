import { UsageError } from './usage-error.ts';

/** One of the words that an option accepts. @throws UsageError that names the option, the value found and the values allowed */
export function oneOf<const T extends string>(option: string, found: string, allowed: readonly T[]): T {
  const word = allowed.find((each) => each === found);
  if (word === undefined) throw new UsageError(`${option}: found "${found}"; allowed: ${allowed.join(', ')}`);
  return word;
}

/** Collects an option that may be given several times. */
export function collect(value: string, before: readonly string[]): readonly string[] {
  return [...before, value];
}

/** The hold in a workflow's input: the duration as typed, or 0 for none. */
export function holdInput(typed: string): string | number {
  return typed === '0' || typed === 'false' ? 0 : typed;
}
