import { ApplicationFailure } from '@temporalio/activity';
import { isDiskError } from '../adapters/host/disk-room.ts';
import { LastingRefusal, TargetRefusal } from '../adapters/kube/kube-error.ts';
import { FAILURE_TYPES } from '../core/campaign/failure-types.ts';
import { bytesOf, cut } from '../core/text/markdown.ts';
import { messageOf } from '../core/text/message-of.ts';

/**
 * A history keeps every failure, and the server sends the latest one to every attempt. So a failure carries a sentence, a type
 * and a few small fields, at most `MAX_FAILURE_BYTES` as Temporal encodes it. Evidence and logs have the rest.
 */
export const MAX_FAILURE_BYTES = 2_048;

/** What remains for Temporal's own fields. */
const MAX_MESSAGE_BYTES = 1_200;
const MAX_DETAILS_BYTES = 480;
const MAX_FIELD_BYTES = 160;

const TYPES: readonly string[] = Object.values(FAILURE_TYPES);

/**
 * An error as a failure of limited size. It has no cause and no stack, which the evidence and the worker's log have.
 * @param pointer where the whole message is, e.g. "runs/c/timeline.jsonl"; used if the message is too long
 */
export function limitedFailure(error: unknown, pointer: string): ApplicationFailure {
  const failure = error instanceof ApplicationFailure ? error : undefined;
  const unnamed = unnamedType(error);
  const type = TYPES.find((known) => known === failure?.type) ?? unnamed;
  const details = smallFields(failure?.details?.[0]);
  const limited = ApplicationFailure.create({
    message: limitedMessage(messageOf(error), pointer),
    type,
    nonRetryable: failure?.nonRetryable ?? (error instanceof LastingRefusal || type === FAILURE_TYPES.diskFull),
    ...(Object.keys(details).length === 0 ? {} : { details: [details] }),
  });
  limited.stack = '';
  return limited;
}

/** The type of a failure of which its error says nothing. */
function unnamedType(error: unknown): string {
  if (error instanceof TargetRefusal) return FAILURE_TYPES.targetRefuses;
  return isDiskError(error) ? FAILURE_TYPES.diskFull : FAILURE_TYPES.harnessFault;
}

/** A message that is cut if it is too long, and says then where the whole of it is. */
function limitedMessage(message: string, pointer: string): string {
  if (bytesOf(message) <= MAX_MESSAGE_BYTES) return message;
  const note = ` (cut; ${cut(pointer, MAX_FIELD_BYTES)} has the whole message)`;
  return cut(message, MAX_MESSAGE_BYTES - bytesOf(note)) + note;
}

/** Fields of the details that are small enough: the gate that broke, a bar, numbers. Checkpoints travel by disk and heartbeat. */
function smallFields(details: unknown): Readonly<Record<string, unknown>> {
  if (typeof details !== 'object' || details === null) return {};
  const kept: Record<string, unknown> = {};
  let left = MAX_DETAILS_BYTES;
  for (const [name, value] of Object.entries(details)) {
    const json = jsonOf(value);
    if (name === 'checkpoint' || json === undefined) continue;
    const bytes = bytesOf(`"${name}":${json},`);
    if (bytes > MAX_FIELD_BYTES || bytes > left) continue;
    kept[name] = value;
    left -= bytes;
  }
  return kept;
}

/** A value as JSON; undefined if it has none. */
function jsonOf(value: unknown): string | undefined {
  try {
    return JSON.stringify(value);
  } catch {
    return undefined;
  }
}
