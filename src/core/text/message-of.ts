/** What fetch says whatever happened; the reason is in its cause. */
const FETCH_FAILED = 'fetch failed';

/**
 * The message of something that was thrown, never empty. Where the error itself says nothing (fetch, a connection
 * refused on every address), the message comes from what it was made of.
 */
export function messageOf(cause: unknown): string {
  if (!(cause instanceof Error)) return typeof cause === 'string' ? cause : textOf(cause);
  const inner = cause instanceof AggregateError ? (cause.errors as readonly unknown[])[0] : cause.cause;
  const silent = cause.message === '' || cause.message === FETCH_FAILED;
  if (silent && inner !== undefined) return messageOf(inner);
  return cause.message || codeOf(cause) || cause.name;
}

/** The message of the innermost cause: for errors of libraries whose outer messages only name their own layers. */
export function rootMessageOf(cause: unknown): string {
  return cause instanceof Error && cause.cause !== undefined ? rootMessageOf(cause.cause) : messageOf(cause);
}

function codeOf(error: Error): string {
  return 'code' in error && typeof error.code === 'string' ? error.code : '';
}

function textOf(value: unknown): string {
  try {
    return JSON.stringify(value) ?? String(value);
  } catch {
    return typeof value;
  }
}
