import { cut } from '../text/markdown.ts';
import { visible } from '../text/visible.ts';

/** What a user is notified of. */
type NotificationEvent = 'verdict' | 'hold' | 'schedule-paused';

/** A notification, as it is sent in the generic format. A receiver ignores fields that it does not know. */
export interface Notification {
  readonly version: 1;
  readonly event: NotificationEvent;
  /** ISO 8601. */
  readonly at: string;
  /** Workflow of the campaign or climb; id of the schedule. */
  readonly id: string;
  /** `campaign`, `ladder` or `schedule`. */
  readonly kind: 'campaign' | 'ladder' | 'schedule';
  /** Empty where it is not known. */
  readonly profile: string;
  readonly substrate: string;
  /** pass, unmeasured, fail, aborted or harness-fault; of a hold and a paused schedule empty. */
  readonly verdict: string;
  /** Why, in a sentence; may be empty. */
  readonly reason: string;
  readonly links: { readonly temporal?: string; readonly report?: string };
}

/** How a webhook wants its body. */
export type WebhookFormat = 'json' | 'slack';

/** Most bytes of a reason. Slack and chat bridges refuse or cut long texts, and a receiver may limit its bodies. */
const MAX_REASON_BYTES = 1_000;

/** The body of a notification. */
export function notificationBody(notification: Notification, format: WebhookFormat): string {
  const short = { ...notification, reason: cut(notification.reason, MAX_REASON_BYTES) };
  return JSON.stringify(format === 'slack' ? { text: slackText(short) } : short);
}

/** A notification as one message of Slack. Every text is escaped. */
function slackText({ event, kind, id, profile, substrate, verdict, reason, links }: Notification): string {
  const what = {
    verdict: `${kind} ${id}: ${verdict.toUpperCase()}`,
    hold: `${kind} ${id} holds and waits for a decision`,
    'schedule-paused': `schedule ${id} is paused`,
  }[event];
  const where = [profile, substrate].filter((part) => part !== '').join(' on ');
  const linked = [slackLink(links.report, 'report'), slackLink(links.temporal, 'Temporal')].filter((one) => one !== '');
  return [
    `*${slackEscaped(what)}*${where === '' ? '' : ` (${slackEscaped(where)})`}`,
    slackEscaped(reason),
    linked.join(' · '),
  ]
    .filter((line) => line !== '')
    .join('\n');
}

function slackLink(url: string | undefined, name: string): string {
  return url === undefined ? '' : `<${slackEscaped(url).replaceAll('|', '%7C')}|${name}>`;
}

/** Slack reads these three as markup, and a formatting sign only at the edge of a word: a zero-width space takes the edge away. */
function slackEscaped(text: string): string {
  return visible(text)
    .replaceAll(/\s+/g, ' ')
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll(/[*_~`]/g, '$&\u200B');
}
