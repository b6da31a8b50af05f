/** Whether an error means that Temporal cannot be reached at the moment, and not that the request was wrong. */
export function isUnreachable(error: unknown): boolean {
  const { code, details } =
    statusOf(error) ?? statusOf((error as { readonly cause?: unknown } | undefined)?.cause) ?? {};
  // gRPC: 1 cancelled, 4 deadline exceeded, 8 resource exhausted, 14 unavailable.
  if (code === 1 || code === 4 || code === 8 || code === 14) return true;
  // 13 internal is also what gRPC for Node makes of a stream that a proxy cut or a server that goes away reset.
  return code === 13 && /RST_STREAM|without gRPC status/.test(details ?? '') && !/SSL alert/.test(details ?? '');
}

function statusOf(error: unknown): { readonly code: number; readonly details: string } | undefined {
  if (typeof error !== 'object' || error === null || !('code' in error)) return undefined;
  const { code, details } = error as { readonly code: unknown; readonly details?: unknown };
  if (typeof code !== 'number') return undefined;
  return { code, details: typeof details === 'string' ? details : '' };
}
