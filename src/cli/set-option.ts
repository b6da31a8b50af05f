import { parseSet } from '../core/profile/overrides.ts';
import type { Overrides } from '../core/profile/overrides.ts';
import { UsageError } from './usage-error.ts';

/** The changes of a profile from `--set path=value`. The last one of a path counts. @throws UsageError if one cannot be read */
export function overridesOf(texts: readonly string[]): Overrides {
  try {
    return Object.fromEntries(texts.map((text) => parseSet(text)).map(({ path, value }) => [path, value]));
  } catch (error) {
    if (error instanceof SyntaxError) throw new UsageError(error.message, { cause: error });
    throw error;
  }
}
