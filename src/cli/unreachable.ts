/** Whether an error means that Temporal cannot be reached at the moment, and not that the request was wrong. */
export function isUnreachable(error: unknown): boolean {
  const code = (error as { code?: unknown }).code ?? ((error as { cause?: { code?: unknown } }).cause ?? {}).code;
  // gRPC: 1 cancelled, 4 deadline exceeded, 8 resource exhausted, 14 unavailable.
  return code === 1 || code === 4 || code === 8 || code === 14;
}
