import { Refusal } from './refusal.ts';

/** What a request to the endpoint of a lead asks for. */
export type Route =
  | { readonly kind: 'health' }
  | { readonly kind: 'spec'; readonly hash: string }
  | { readonly kind: 'file'; readonly group: string; readonly path: string }
  | { readonly kind: 'done'; readonly group: string };

/** The file of a group that the endpoint writes itself, when the group's evidence is complete. */
export const GROUP_MANIFEST = 'MANIFEST.json';

const HASH = /^[0-9a-f]{64}$/;
/** Groups of members. `g0` is the lead's own. */
const GROUP = /^g[1-9]\d{0,5}$/;
const SEGMENT_BYTES = 255;
const PATH_BYTES = 1_024;
const DEPTH = 32;

/**
 * Reads method and target of a request. The target is not normalized: a path that would have to be is refused.
 * @throws Refusal with status 400, 404 or 405
 */
export function routeOf(method: string, target: string): Route {
  const [first, ...rest] = segmentsOf(target);
  if (first === 'health' && rest.length === 0) return allowed(method, 'GET', { kind: 'health' });
  if (first === 'spec' && rest.length === 1) {
    const [hash = ''] = rest;
    if (!HASH.test(hash)) throw new Refusal(400, 'a specification is asked for by its sha256 in hex');
    return allowed(method, 'GET', { kind: 'spec', hash });
  }
  if (first === 'evidence' && rest.length >= 2) {
    const [group = '', ...path] = rest;
    if (!GROUP.test(group)) throw new Refusal(400, `"${shown(group)}" is no group of a member`);
    if (method === 'POST' && path.length === 1 && path[0] === 'done') return { kind: 'done', group };
    return allowed(method, 'PUT', { kind: 'file', group, path: checkedPath(path) });
  }
  throw new Refusal(
    404,
    'not found; there are /health, /spec/<hash>, /evidence/<group>/<path> and /evidence/<group>/done',
  );
}

/**
 * A path of a file of evidence, relative to its group's folder.
 * @throws Refusal with status 400 for anything but a plain path downwards
 */
export function evidencePath(path: unknown): string {
  if (typeof path !== 'string') throw new Refusal(400, 'the path of a file is a text');
  return checkedPath(path.split('/'));
}

function checkedPath(segments: readonly string[]): string {
  const path = segments.join('/');
  const wrong = segments.find((segment) => !isPlain(segment));
  if (wrong !== undefined) throw new Refusal(400, `"${shown(wrong)}" in the path of a file is not allowed`);
  if (segments.length > DEPTH || Buffer.byteLength(path) > PATH_BYTES)
    throw new Refusal(400, `the path of a file has at most ${DEPTH} parts and ${PATH_BYTES} bytes`);
  // A folder of this name would be in the way of the file.
  if (segments[0] === GROUP_MANIFEST)
    throw new Refusal(400, `${GROUP_MANIFEST} is written here, from the list of files`);
  return path;
}

/** A name of a file or folder that stays where it is put. Names of unfinished files are not evidence. */
function isPlain(segment: string): boolean {
  return (
    segment !== '' &&
    segment !== '.' &&
    segment !== '..' &&
    !/[/\\\p{Cc}]/u.test(segment) &&
    !segment.endsWith('.tmp') &&
    Buffer.byteLength(segment) <= SEGMENT_BYTES
  );
}

function segmentsOf(target: string): readonly string[] {
  if (!target.startsWith('/')) throw new Refusal(400, 'the target of the request is not a path');
  if (/[?#]/.test(target)) throw new Refusal(400, 'the target of the request has no query');
  try {
    return target
      .slice(1)
      .split('/')
      .map((segment) => decodeURIComponent(segment));
  } catch {
    throw new Refusal(400, 'the target of the request is not encoded as a URL');
  }
}

function allowed(method: string, wanted: string, route: Route): Route {
  if (method !== wanted) throw new Refusal(405, `${shown(method)} is not allowed here, ${wanted} is`);
  return route;
}

/** A text of a client in a message: short, on one line. */
function shown(text: string): string {
  return text.replaceAll(/[\p{Cc}"]/gu, '?').slice(0, 60);
}
