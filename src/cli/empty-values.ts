import type { Command } from 'commander';
import { UsageError } from './usage-error.ts';

/** Options that take a text which is for people to read, and may be empty; and one whose own check says how long it may be. */
const LEFT_OUT: ReadonlySet<string> = new Set(['note', 'reason', 'id']);

/**
 * Refuses arguments and options whose value is empty or nothing but spaces, as those of a shell variable that is not set: `--context "$CONTEXT"` would use the
 * current context, as if the option were not there.
 *
 * @throws UsageError that names the argument or option, what was found, and what it is for
 */
export function refuseEmptyValues(command: Command): void {
  for (const [index, argument] of command.registeredArguments.entries()) {
    const given = argument.variadic ? command.args.slice(index) : command.args.slice(index, index + 1);
    const empty = given.find(isEmpty);
    if (empty !== undefined) throw refusal(argument.name(), empty, argument.description);
  }
  for (const option of command.options) {
    const name = option.attributeName();
    if (LEFT_OUT.has(name) || command.getOptionValueSource(name) !== 'cli') continue;
    const value: unknown = command.getOptionValue(name);
    const empty = (Array.isArray(value) ? (value as readonly unknown[]) : [value]).find(isEmpty);
    if (empty !== undefined) throw refusal(option.long ?? option.flags, empty, option.description);
  }
}

function isEmpty(value: unknown): value is string {
  return typeof value === 'string' && value.trim() === '';
}

function refusal(name: string, found: string, purpose: string): UsageError {
  return new UsageError(`${name}: found "${found}"; allowed: a value that is not empty (${purpose})`);
}
