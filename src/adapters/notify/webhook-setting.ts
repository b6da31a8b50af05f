import type { WebhookFormat } from '../../core/campaign/notification.ts';

/** Where notifications of a host go. */
export interface WebhookSetting {
  /** It may hold a secret: nothing shows it. */
  readonly url: string;
  readonly format: WebhookFormat;
}

const URL_VARIABLE = 'BELAY_WEBHOOK_URL';
const FORMAT_VARIABLE = 'BELAY_WEBHOOK_FORMAT';

/**
 * The webhook that the environment of the host names; undefined when there is none. No file and no input of a workflow can set it: who
 * can start a workflow must not be able to make a worker send requests.
 * @throws Error naming the variable and what is allowed; never the address
 */
export function webhookSetting(): WebhookSetting | undefined {
  const url = process.env[URL_VARIABLE] || undefined;
  const format = process.env[FORMAT_VARIABLE] || 'json';
  if (format !== 'json' && format !== 'slack')
    throw new Error(`${FORMAT_VARIABLE}: found "${format}"; allowed: json, slack`);
  if (url === undefined) return undefined;
  if (!['http:', 'https:'].includes(URL.parse(url)?.protocol ?? ''))
    throw new Error(`${URL_VARIABLE}: allowed is http://<host>/<path> or https://<host>/<path>`);
  return { url, format };
}
