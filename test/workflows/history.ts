import type { WorkflowHandle } from '@temporalio/client';
import { historyToJSON } from '@temporalio/common/lib/proto-utils.js';
import { isDeepStrictEqual } from 'node:util';

/** One event of a history: its type in short (`ActivityTaskScheduled`) and its attributes. */
interface RecordedEvent {
  readonly type: string;
  readonly attributes: Readonly<Record<string, unknown>>;
}

/** Events in the order in which they happened. */
export type RecordedHistory = readonly RecordedEvent[];

/** Reads a workflow's history from the server. */
export async function readHistory(handle: WorkflowHandle): Promise<RecordedHistory> {
  return parseHistory(historyToJSON(await handle.fetchHistory()));
}

/** Reads a history that was written as JSON. */
export function parseHistory(json: string): RecordedHistory {
  const { events } = JSON.parse(json) as { readonly events: readonly Record<string, unknown>[] };
  return events.map((event) => {
    const attributes = Object.entries(event).find(([key]) => key.endsWith('Attributes'))?.[1];
    return {
      type: shortType(String(event['eventType'])),
      attributes: (attributes ?? {}) as RecordedEvent['attributes'],
    };
  });
}

/** How often each activity was scheduled, by its name. */
export function scheduledActivities(history: RecordedHistory): Readonly<Record<string, number>> {
  const counts: Record<string, number> = {};
  for (const { type, attributes } of history) {
    if (type !== 'ActivityTaskScheduled') continue;
    const { name = '?' } = attributes['activityType'] as { readonly name?: string };
    counts[name] = (counts[name] ?? 0) + 1;
  }
  return counts;
}

/** Types of events with the attributes they must have at least, in order; other events may lie between them. */
export type EventPattern = readonly [type: string, attributes?: object];

/**
 * Matches patterns against a history, in order.
 * @returns null, or a sentence naming the first pattern that is not there and the events after the last match
 */
export function missingFrom(history: RecordedHistory, patterns: readonly EventPattern[]): string | null {
  let from = 0;
  for (const [type, attributes = {}] of patterns) {
    const at = history.findIndex(
      (event, i) => i >= from && event.type === type && includes(event.attributes, attributes),
    );
    if (at < 0) {
      const rest = history.slice(from).map((event) => event.type);
      return `no ${type} ${JSON.stringify(attributes)} after event ${from}; there are: ${rest.join(', ')}`;
    }
    from = at + 1;
  }
  return null;
}

function includes(found: unknown, wanted: unknown): boolean {
  if (typeof wanted !== 'object' || wanted === null) return isDeepStrictEqual(found, wanted);
  if (typeof found !== 'object' || found === null) return false;
  return Object.entries(wanted).every(([key, value]) => includes((found as Record<string, unknown>)[key], value));
}

/** `EVENT_TYPE_ACTIVITY_TASK_SCHEDULED` → `ActivityTaskScheduled`. */
function shortType(eventType: string): string {
  return eventType
    .replace(/^EVENT_TYPE_/, '')
    .split('_')
    .map((word) => word.charAt(0) + word.slice(1).toLowerCase())
    .join('');
}
