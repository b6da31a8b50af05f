import { request } from 'undici';
import { notificationBody, type Notification } from '../../core/campaign/notification.ts';
import { WEBHOOK_MS } from '../../core/plan/limits.ts';
import type { WebhookSetting } from './webhook-setting.ts';

/**
 * Sends a notification once. It follows no redirect.
 * @throws Error that does not contain the address
 */
export async function sendWebhook(
  setting: WebhookSetting,
  notification: Notification,
  signal: AbortSignal,
): Promise<void> {
  const answered = await post(setting, notification, signal);
  if (typeof answered === 'string') throw new Error(`the webhook cannot be reached: ${answered}`);
  if (answered < 200 || answered > 299) throw new Error(`the webhook answered ${answered}`);
}

/** @returns the status of the answer; without one a code that says why, because the messages of some errors have the address */
async function post(
  { url, format }: WebhookSetting,
  notification: Notification,
  signal: AbortSignal,
): Promise<number | string> {
  try {
    const { statusCode, body } = await request(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'user-agent': 'belay' },
      body: notificationBody(notification, format),
      signal: AbortSignal.any([signal, AbortSignal.timeout(WEBHOOK_MS)]),
    });
    await body.dump({ limit: 65_536, signal: AbortSignal.timeout(WEBHOOK_MS) });
    return statusCode;
  } catch (cause) {
    const { code, name } = cause as { readonly code?: string | number; readonly name?: string };
    return String(code ?? name ?? 'no answer');
  }
}
