import type { z } from 'zod';
import { matching, passing } from '../files/fields.ts';

const KEY = /^(?:[a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?\/)?[A-Za-z0-9](?:[A-Za-z0-9._-]{0,61}[A-Za-z0-9])?$/;

/** The value of a label. @param orEmpty an empty one is allowed, too */
export function labelValue(description: string, orEmpty = false): z.ZodString {
  return matching(
    orEmpty
      ? /^(?:[A-Za-z0-9](?:[A-Za-z0-9._-]{0,61}[A-Za-z0-9])?)?$/
      : /^[A-Za-z0-9](?:[A-Za-z0-9._-]{0,61}[A-Za-z0-9])?$/,
    'a label value: letters, digits, - _ and . (at most 63)',
    description,
    'not a label value',
  );
}

/** The key of a label. @param test what else it must pass, with `allowed` in words */
export function labelKey(description: string, test?: (key: string) => boolean, allowed = ''): z.ZodString {
  const words = 'a label key, such as topology.kubernetes.io/zone';
  if (test === undefined) return matching(KEY, words, description, 'not a label key');
  return passing((key) => KEY.test(key) && test(key), `${words}${allowed}`, description, 'not a label key for this');
}
