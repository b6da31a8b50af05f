import { request } from 'undici';
import { notificationBody, type Notification } from '../../core/campaign/notification.ts';
import { WEBHOOK_MS } from '../../core/plan/limits.ts';
import type { WebhookSetting } from './webhook-setting.ts';

/** A webhook that did not take a notification. Its message does not have the address. */
export class WebhookError extends Error {
  override readonly name = 'WebhookError';
  /** How long it asks to be left alone, ms (`Retry-After`); undefined where it says nothing. */
  readonly retryAfterMs: number | undefined;

  constructor(message: string, retryAfterMs?: number) {
    super(message);
    this.retryAfterMs = retryAfterMs;
  }
}

/**
 * Sends a notification once. It follows no redirect.
 * @throws WebhookError when it was not taken within WEBHOOK_MS
 */
export async function sendWebhook(
  { url, format }: WebhookSetting,
  notification: Notification,
  signal: AbortSignal,
): Promise<void> {
  const within = AbortSignal.any([signal, AbortSignal.timeout(WEBHOOK_MS)]);
  const { statusCode, headers, body } = await request(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'user-agent': 'belay' },
    body: notificationBody(notification, format),
    signal: within,
  }).catch((cause: unknown) => {
    throw new WebhookError(`the webhook cannot be reached: ${reasonOf(cause)}`);
  });
  // The status says whether it was taken. An answer that never ends changes nothing about that.
  await body.dump({ limit: 65_536, signal: within }).catch(() => undefined);
  if (statusCode >= 200 && statusCode <= 299) return;
  const redirect = statusCode >= 300 && statusCode <= 399 ? ', and redirects are not followed' : '';
  throw new WebhookError(`the webhook answered ${statusCode}${redirect}`, retryAfterMs(headers['retry-after']));
}

/** A code that says why there was no answer: the messages of some errors have the address. */
function reasonOf(cause: unknown): string {
  const { code, name } = cause as { readonly code?: unknown; readonly name?: unknown };
  if (name === 'TimeoutError') return `no answer within ${WEBHOOK_MS / 1_000} s`;
  if (typeof code === 'string') return code;
  return typeof name === 'string' ? name : 'no answer';
}

/** `Retry-After`: seconds, or a date of HTTP. */
function retryAfterMs(header: string | readonly string[] | undefined): number | undefined {
  const text = typeof header === 'string' ? header.trim() : '';
  const ms = /^\d+$/.test(text) ? Number(text) * 1_000 : Date.parse(text) - Date.now();
  return Number.isFinite(ms) ? Math.max(0, ms) : undefined;
}
