import { overridesOf } from './set-option.ts';
import type { TypedCampaign } from './campaign-input.ts';
import { UsageError } from './usage-error.ts';

/**
 * A side of `compare --run`: what it changes of the profile. `path=value` is a change as `--set` has it, `substrate=NAME` another
 * substrate, and a name alone another system file: a version of the system is a system file of its own.
 * @throws UsageError for what is none of them
 */
export function comparisonSide(
  option: string,
  words: readonly string[],
): Pick<TypedCampaign, 'overrides' | 'substrate'> {
  const changes: string[] = [];
  let substrate: string | undefined;
  for (const word of words.flatMap((each) => each.split(','))) {
    if (/^[\w.-]+$/.test(word)) changes.push(`system=${word}`);
    else if (word.startsWith('substrate=')) substrate = word.slice('substrate='.length);
    else if (/^randomSeed\s*=/.test(word))
      throw new UsageError(
        `${option}: found "${word}"; allowed: no randomSeed, because both sides of a pair get the same one, beginning with that of the profile`,
      );
    else if (word.includes('=')) changes.push(word);
    else
      throw new UsageError(
        `${option}: found "${word}"; allowed: the name of a system file, substrate=NAME, or path=value as --set has it`,
      );
  }
  return { overrides: overridesOf(changes), ...(substrate === undefined ? {} : { substrate }) };
}
