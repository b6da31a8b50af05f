import type { Command } from 'commander';
import type { Overrides } from '../core/profile/overrides.ts';
import { collect } from './options.ts';
import { overridesOf } from './set-option.ts';
import type { Lent } from './typed-targets.ts';
import { UsageError } from './usage-error.ts';

/** The options that say on what, and with which changes, a profile is run. */
export interface ProfileOptions {
  readonly substrate: readonly string[];
  readonly set: readonly string[];
  readonly context?: string;
  readonly kubeconfig?: string;
}

/** Adds `-s`, `--substrate`, `--set`, `--context` and `--kubeconfig`. */
export function withProfileOptions(command: Command): Command {
  return command
    .option(
      '-s, --substrate <name>',
      'name or path of the substrate, default local; -s path=value is --set path=value',
      collect,
      [],
    )
    .option(
      '--set <path=value>',
      'change the profile for this time, e.g. loadProfile.soakSeconds=60; can be repeated',
      collect,
      [],
    )
    .option('--context <name>', 'use the existing cluster of this context of your kubeconfig, without a substrate file')
    .option('--kubeconfig <file>', 'the kubeconfig, with its current context unless --context names another');
}

/**
 * What these options say. No substrate has a `=` in its name, so `-s path=value` is a change.
 * @throws UsageError for a substrate that is given twice, or beside a context, and for changes as {@link overridesOf}
 */
export function profileChoice({ substrate, set, context, kubeconfig }: ProfileOptions): {
  readonly substrate?: string;
  readonly lent?: Lent;
  readonly overrides: Overrides;
  /** The changes as they were typed. */
  readonly changes: readonly string[];
} {
  const names = substrate.filter((text) => !text.includes('='));
  const changes = [...set, ...substrate.filter((text) => text.includes('='))];
  const [name, second] = names;
  if (second !== undefined)
    throw new UsageError(`--substrate: given twice; found "${name}" and "${second}"; allowed: once`);
  const choice = { overrides: overridesOf(changes), changes };
  if (context === undefined && kubeconfig === undefined)
    return name === undefined ? choice : { ...choice, substrate: name };
  if (name !== undefined) {
    const option = context === undefined ? '--kubeconfig' : '--context';
    throw new UsageError(`${option}: found --substrate ${name} beside it; allowed: one of them`);
  }
  return { ...choice, lent: { context: context ?? '', kubeconfig: kubeconfig ?? '' } };
}
