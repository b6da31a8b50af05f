/** What kind of thing went wrong with a question to Prometheus. */
export type QueryErrorKind = 'timeout' | 'unreachable' | 'status' | 'malformed';

/** A question to Prometheus that got no usable answer. `message` is Prometheus' own where it gave one. */
export class QueryError extends Error {
  override readonly name = 'QueryError';
  readonly kind: QueryErrorKind;
  /** HTTP status, where there was an answer. */
  readonly status?: number;

  constructor(
    kind: QueryErrorKind,
    message: string,
    details: { readonly status?: number; readonly cause?: unknown } = {},
  ) {
    super(message, { cause: details.cause });
    this.kind = kind;
    if (details.status !== undefined) this.status = details.status;
  }
}
