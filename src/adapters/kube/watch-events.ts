import { POD_TEXT_CHARS, WATCH_LINE_CHARS } from '../../core/plan/limits.ts';
import { messageOf } from '../../core/text/message-of.ts';
import { quoted } from '../../core/text/quoted.ts';
import { KubeError } from './kube-error.ts';
import type { PodVersion } from './pod-versions.ts';
import { readPod } from './watched-pod.ts';
import type { PodObject, WatchedPod } from './watched-pod.ts';

/** One line of a watch of Pods. */
export type WatchEvent =
  | { readonly type: 'changed'; readonly version: number; readonly pod: WatchedPod }
  /** `version` is that of the deletion, `pod` the last state. */
  | { readonly type: 'deleted'; readonly version: number; readonly pod: WatchedPod }
  /** Everything up to `version` has been sent. */
  | { readonly type: 'bookmark'; readonly version: number }
  /** The version from which the watch was opened is no longer available. */
  | { readonly type: 'expired' };

/**
 * The lines of a watch, blank ones left out.
 * @throws KubeError when a line is longer than any object, or the answer ends within a line; what reading the body throws
 */
export async function* linesOf(body: AsyncIterable<Uint8Array>): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  let rest = '';
  for await (const chunk of body) {
    const lines = (rest + decoder.decode(chunk, { stream: true })).split('\n');
    rest = lines.pop() ?? '';
    if (rest.length > WATCH_LINE_CHARS)
      throw new KubeError(`watch: a line of more than ${WATCH_LINE_CHARS} characters`, 200);
    for (const line of lines) if (line.trim() !== '') yield line;
  }
  if (rest.trim() !== '') throw new KubeError(`watch: it ended within a line: ${rest.slice(0, 100)}`, 200);
}

/** Reads one line. @throws KubeError when it is not an event of a Pod, or an error other than 410 */
export function readEvent(line: string): WatchEvent {
  const event = parsed(line);
  if (!isRecord(event)) throw malformed(line);
  const { type, object } = event;
  if (type === 'ERROR') {
    const code = isRecord(object) && typeof object['code'] === 'number' ? object['code'] : 0;
    if (code === 410) return { type: 'expired' };
    throw new KubeError(`watch: ${line.slice(0, 500)}`, code);
  }
  if (type === 'BOOKMARK') return { type: 'bookmark', version: versionOf(object) };
  if (type === 'DELETED') return { type: 'deleted', version: versionOf(object), pod: podOf(object) };
  if (type !== 'ADDED' && type !== 'MODIFIED') throw malformed(line);
  const pod = podOf(object);
  return { type: 'changed', version: pod.version, pod };
}

/** Reads the version of a Pod of an answer. @throws KubeError when it is not a Pod */
export function podVersionOf(object: unknown): PodVersion {
  const version = versionOf(object);
  const { uid, name } = (object as PodObject).metadata;
  if (typeof uid !== 'string' || uid === '' || typeof name !== 'string') throw malformed(object);
  return { uid, name, version };
}

/** Reads a Pod of an answer. @throws KubeError when it is not a Pod */
export function podOf(object: unknown): WatchedPod {
  podVersionOf(object);
  try {
    const pod = readPod(object as PodObject);
    // They are kept for as long as the Pod is.
    for (const text of [pod.uid, pod.name, pod.nodeName, pod.archetype])
      if (text.length > POD_TEXT_CHARS)
        throw new Error(`a name or uid of ${text.length} characters; allowed: at most ${POD_TEXT_CHARS}`);
    return pod;
  } catch (cause) {
    throw new KubeError(`watch: not a Pod: ${messageOf(cause)}`, 200, '', cause);
  }
}

/** Reads a version: a decimal number above 0. @throws KubeError when it is none */
export function readVersion(version: unknown): number {
  if (typeof version === 'string' && /^[1-9]\d*$/.test(version)) return Number(version);
  throw new KubeError(`watch: not a resourceVersion: ${JSON.stringify(version)}`, 200);
}

function versionOf(object: unknown): number {
  if (!isRecord(object) || !isRecord(object['metadata'])) throw malformed(object);
  return readVersion(object['metadata']['resourceVersion']);
}

function parsed(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch (cause) {
    throw new KubeError(`watch: not JSON: ${line.slice(0, 100)}`, 200, '', cause);
  }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}

function malformed(value: unknown): KubeError {
  const text = typeof value === 'string' ? value : quoted(value);
  return new KubeError(`watch: not an event of a Pod: ${text.slice(0, 100)}`, 200);
}
