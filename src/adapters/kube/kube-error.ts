import { refusalCause } from './refusal-cause.ts';

/** As much of an answer as an error quotes. */
const MESSAGE_CHARS = 500;
const REASON_CHARS = 100;

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

/** The owner of the cluster refuses a request: by rights, a quota, a policy or a webhook. */
export class TargetRefusal extends KubeError {}

/** A refusal that another attempt would only get again, perhaps after as long a wait. */
export class LastingRefusal extends TargetRefusal {}

/** The error for an answer that is no success: who was asked what, and who refused it, or what the server says about it. */
export function refusal(method: string, path: string, status: number, body: string): KubeError {
  const { reason, message } = statusOf(body);
  const cause = refusalCause(status, message);
  const what = `${method} ${path}: ${status}${reason === '' ? '' : ` ${reason}`}`;
  if (cause === undefined) return new KubeError(`${what}: ${message}`, status, reason);
  const text = `${what}: the cluster refuses it: ${cause.text}`;
  return cause.lasting ? new LastingRefusal(text, status, reason) : new TargetRefusal(text, status, reason);
}

/** Reason and message of an answer. One that is no Status object, such as a proxy's page, is its own message. */
export function statusOf(body: string): { readonly reason: string; readonly message: string } {
  try {
    const { reason, message = body } = JSON.parse(body) as { reason?: unknown; message?: string };
    return {
      reason: typeof reason === 'string' ? reason.slice(0, REASON_CHARS) : '',
      message: message.slice(0, MESSAGE_CHARS),
    };
  } catch {
    return { reason: '', message: body.slice(0, MESSAGE_CHARS) };
  }
}
