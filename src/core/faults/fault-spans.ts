import { requestedFault } from './registry.ts';

/** An event of a campaign's timeline, as far as faults need it. */
interface FaultEvent {
  readonly atMs: number;
  readonly execution: number;
  /** `action` for an event of a fault. */
  readonly what: string;
  /** The action, where it was injected if there are several clusters, and what happened: "fail-node in c-1: Node n is gone". */
  readonly detail: string;
  readonly group?: string;
}

/** When a fault was there, from its injection to the last that was seen of it. */
export interface FaultSpan {
  /** From 1, in the order of their beginnings. */
  readonly number: number;
  /** E.g. `fail-node in belay-dev50-1`. */
  readonly name: string;
  readonly startMs: number;
  readonly endMs: number;
  /** What happened, one sentence each. */
  readonly story: readonly string[];
}

/** Between two events of one fault lies at most its own length and what it takes to see it. */
const SEEN_MS = 60_000;

/** The faults of a campaign with their times, from the events of its timeline. @param events in any order */
export function faultSpans(events: readonly FaultEvent[]): readonly FaultSpan[] {
  const open = new Map<string, Omit<FaultSpan, 'number'>>();
  const spans: Omit<FaultSpan, 'number'>[] = [];
  for (const event of events.filter(({ what }) => what === 'action').toSorted((a, b) => a.atMs - b.atMs)) {
    const { name, text } = partsOf(event.detail);
    const key = JSON.stringify([event.group, event.execution, name]);
    const before = open.get(key);
    const [action = ''] = name.split(' ');
    const follows =
      before !== undefined && event.atMs - before.endMs <= (requestedFault(action)?.waitMs ?? 0) + SEEN_MS;
    const span = follows
      ? { ...before, endMs: event.atMs, story: [...before.story, text] }
      : { name, startMs: event.atMs, endMs: event.atMs, story: [text] };
    open.set(key, span);
    if (follows) spans[spans.indexOf(before)] = span;
    else spans.push(span);
  }
  return spans.map((span, index) => ({ ...span, number: index + 1 }));
}

function partsOf(detail: string): { readonly name: string; readonly text: string } {
  const end = detail.indexOf(': ');
  return end < 0 ? { name: detail, text: '' } : { name: detail.slice(0, end), text: detail.slice(end + 2) };
}
