import { describe } from '../core/files/issues.ts';
import { parseSet } from '../core/profile/overrides.ts';
import type { Overrides } from '../core/profile/overrides.ts';
import { UsageError } from './usage-error.ts';

/**
 * The changes of a profile from `--set path=value`.
 * @throws UsageError if one cannot be read, or if a path is given twice
 */
export function overridesOf(texts: readonly string[]): Overrides {
  const changes = new Map<string, unknown>();
  for (const text of texts) {
    const { path, value } = read(text);
    if (changes.has(path)) {
      const found = `${describe(changes.get(path))} and ${describe(value)}`;
      throw new UsageError(`--set ${path}: given twice; found ${found}; allowed: once`);
    }
    changes.set(path, value);
  }
  return Object.fromEntries(changes);
}

function read(text: string): ReturnType<typeof parseSet> {
  try {
    return parseSet(text);
  } catch (error) {
    if (error instanceof SyntaxError) throw new UsageError(error.message, { cause: error });
    throw error;
  }
}
