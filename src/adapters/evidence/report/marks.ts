import type { InfrastructureGap } from '../../../core/gates/answers.ts';
import type { TimeSpan } from '../../../core/gates/window.ts';
import type { FaultSpan } from '../../../core/faults/fault-spans.ts';
import { timeOfDayText } from '../../../core/text/time.ts';

/** What is marked on every axis of time. */
export interface TimeMarks {
  readonly faults: readonly FaultSpan[];
  readonly gaps: readonly TimeSpan[];
  /** When the host had no CPU left. */
  readonly busy: readonly TimeSpan[];
}

/** Most marks of a kind that a chart shows. */
const MAX_MARKS = 100;
/** Most of them that a description lists. */
const SPANS_IN_WORDS = 5;

/** The marks of a campaign. @param nowMs ends the gaps that are open */
export function timeMarks(
  faults: readonly FaultSpan[],
  gaps: readonly InfrastructureGap[],
  busy: readonly TimeSpan[],
  nowMs: number,
): TimeMarks {
  return { faults, gaps: gaps.map(({ startMs, endMs }) => ({ startMs, endMs: endMs ?? nowMs })), busy };
}

/** Those of them that lie within a time. */
export function marksWithin(marks: TimeMarks, { startMs, endMs }: TimeSpan): TimeMarks {
  const within = <T extends TimeSpan>(spans: readonly T[]): readonly T[] =>
    spans.filter((one) => one.endMs >= startMs && one.startMs <= endMs).slice(0, MAX_MARKS);
  return { faults: within(marks.faults), gaps: within(marks.gaps), busy: within(marks.busy) };
}

/** The marks in words, for a reader who does not see the chart. */
export function marksText({ faults, gaps, busy }: TimeMarks): string {
  return [
    ...faults.map((one) => `Fault ${one.number}, ${one.name}: ${times([one])}.`),
    ...(gaps.length === 0 ? [] : [`The infrastructure was down: ${times(gaps)}.`]),
    ...(busy.length === 0 ? [] : [`The host had no CPU left: ${times(busy)}.`]),
  ].join(' ');
}

function times(spans: readonly TimeSpan[]): string {
  const shown = spans.slice(0, SPANS_IN_WORDS);
  const words = shown.map(({ startMs, endMs }) => `${timeOfDayText(startMs)} to ${timeOfDayText(endMs)}`).join(', ');
  return `${words}${spans.length > shown.length ? ` and ${spans.length - shown.length} more` : ''}`;
}
