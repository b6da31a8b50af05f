import { controlCharacterIn } from '../text/control-character.ts';
import type { Fields } from './kubeconfig-text.ts';
import { KubeconfigProblem } from './kubeconfig-problem.ts';
import { textOf } from './select-context.ts';

/** Headers of a request; a list is one header several times. */
export type Headers = Readonly<Record<string, string | readonly string[]>>;

/** What may stand in the name of a header; the rest of the name of an extra value is percent-encoded. */
const HEADER_CHAR = /^[!#$&'*+.^_`|~\dA-Za-z-]$/;

/**
 * The headers with which a user acts as another one: name, UID, groups and extra values.
 * @throws KubeconfigProblem when the others are set and the name is not, or a value has another type
 */
export function impersonationHeaders(fields: Fields, what: string): Headers {
  const name = headerText(textOf(fields, 'as'), `${what}: as`);
  const uid = headerText(textOf(fields, 'as-uid'), `${what}: as-uid`);
  const groups = texts(fields['as-groups'], `${what}: as-groups`);
  const extra = Object.entries((fields['as-user-extra'] ?? {}) as Fields);
  if (name === '') {
    if (uid === '' && groups.length === 0 && extra.length === 0) return {};
    throw new KubeconfigProblem(
      `${what}: it has as-uid, as-groups or as-user-extra, and no "as" that says who that is`,
    );
  }
  return {
    'Impersonate-User': name,
    ...(uid === '' ? {} : { 'Impersonate-Uid': uid }),
    ...(groups.length === 0 ? {} : { 'Impersonate-Group': groups }),
    ...Object.fromEntries(
      extra.map(([key, values]) => [
        `Impersonate-Extra-${encoded(key.toLowerCase())}`,
        texts(values, `${what}: as-user-extra.${key}`),
      ]),
    ),
  };
}

/** A text that a header can carry. Where it cannot, the text may be a secret and is not shown. @throws KubeconfigProblem */
export function headerText(text: string, what: string): string {
  const found = controlCharacterIn(text);
  if (found === undefined) return text;
  throw new KubeconfigProblem(`${what}: it has ${found}, which no header of a request can carry`);
}

function texts(value: unknown, what: string): readonly string[] {
  if (value === undefined || value === null) return [];
  if (Array.isArray(value) && value.every((each) => typeof each === 'string'))
    return value.map((each) => headerText(each, what));
  throw new KubeconfigProblem(`${what}: expected a list of texts`);
}

function encoded(key: string): string {
  return [...new TextEncoder().encode(key)]
    .map((byte) => {
      const char = String.fromCharCode(byte);
      return byte < 128 && HEADER_CHAR.test(char) ? char : `%${byte.toString(16).toUpperCase().padStart(2, '0')}`;
    })
    .join('');
}
