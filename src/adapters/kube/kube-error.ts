/** An API server's refusal, or the lack of an answer. */
export class KubeError extends Error {
  override readonly name = 'KubeError';
  /** HTTP status; 0 when nothing answered. */
  readonly status: number;
  /** Kubernetes' reason, e.g. `Forbidden`; empty where there is none. */
  readonly reason: string;

  constructor(message: string, status: number, reason = '', cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.status = status;
    this.reason = reason;
  }
}

/** The server has refused a request for as long as the load waits for it. Another attempt would only wait as long again. */
export class LastingRefusal extends KubeError {}

/** The error for an answer that is no success: who was asked what, and what the server says about it. */
export function refusal(method: string, path: string, status: number, body: string): KubeError {
  let reason = '';
  let message = body.slice(0, 500);
  try {
    const answer = JSON.parse(body) as { reason?: string; message?: string };
    reason = answer.reason ?? '';
    message = answer.message ?? message;
  } catch {
    // Not a Status object: a proxy's page, or nothing. Its beginning says enough.
  }
  return new KubeError(`${method} ${path}: ${status}${reason === '' ? '' : ` ${reason}`}: ${message}`, status, reason);
}
