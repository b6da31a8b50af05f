import type { Command } from 'commander';
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

/** Adds `-o`: for people, or for programs. */
export function withOutput(command: Command, forPeople = 'table'): Command {
  return command.option('-o, --output <format>', `${forPeople} or json`, forPeople);
}

/** Whether the output is for programs. @throws UsageError unless the format is one of the two */
export function isJson({ output }: { readonly output: string }, forPeople = 'table'): boolean {
  return oneOf('--output', output, [forPeople, 'json']) === 'json';
}

/** Collects an option that may be given several times. */
export function collect(value: string, before: readonly string[]): readonly string[] {
  return [...before, value];
}

/** The hold in a workflow's input: the duration as typed, or 0 for none. @throws UsageError unless it is one of the two */
export function holdInput(typed: string): string | number {
  if (typed === '0' || typed === 'false') return 0;
  checkDuration('--hold', typed, 0);
  return typed;
}

/** @throws UsageError that names the option, the value found and what is allowed, unless it is a whole number in these bounds */
export function wholeNumber(option: string, found: string, min: number, max: number = Number.MAX_SAFE_INTEGER): number {
  const value = Number(found);
  if (/^\d+$/.test(found) && value >= min && value <= max) return value;
  const upTo = max === Number.MAX_SAFE_INTEGER ? '' : ` to ${max}`;
  throw new UsageError(`${option}: found "${found}"; allowed: a whole number from ${min}${upTo}`);
}

/**
 * A moment as an option has it: a time, or a duration before now.
 * @throws UsageError that names the option, the value found and what is allowed
 */
export function sinceMs(option: string, found: string, nowMs: number): number {
  const agoMs = parseDuration(found);
  if (agoMs !== undefined) return nowMs - agoMs;
  const atMs = /^\d{4}-\d{2}-\d{2}/.test(found) ? Date.parse(found) : NaN;
  if (!Number.isNaN(atMs)) return atMs;
  throw new UsageError(
    `${option}: found "${found}"; allowed: a time such as 2026-11-24 or 2026-11-24T08:00:00Z, or a duration before now such as 24h`,
  );
}
