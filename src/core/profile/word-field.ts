import type { z } from 'zod';
import { matching } from '../files/fields.ts';

/** A name that can be part of the names of files, processes and objects. */
export function word(description: string): z.ZodString {
  return matching(
    /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/,
    'lower-case letters, digits and - (at most 63)',
    description,
    'not a name',
  );
}
