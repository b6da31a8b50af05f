import { recordedFields } from '../files/recorded-fields.ts';
import type { FlaggedMetric } from './stage-io.ts';
import { RUNG_ENDS, type RungEnd } from './rung-end.ts';

/** The second run of a rung, and what it says of the metrics that the first run was flagged for. */
export interface RungAgain {
  readonly workflowId: string;
  readonly end: RungEnd;
  readonly durationMs: number;
  readonly outcomes: readonly Outcome[];
}

/**
 * What the second run says of a metric: the first run was the first of a step (or a drift), or a single outlier. `unsettled`: the
 * second run did not measure it, or does not know the first.
 */
interface Outcome {
  readonly metric: string;
  readonly outcome: (typeof OUTCOMES)[number];
  /** In a sentence. */
  readonly text: string;
}

const OUTCOMES = ['confirmed', 'withdrawn', 'unsettled'] as const;

/** The metrics of a run that the next run settles. */
export function openMetrics(flagged: readonly FlaggedMetric[]): readonly FlaggedMetric[] {
  return flagged.filter(({ state }) => state === 'open');
}

/** What the second run says of each metric that the first one was flagged for. */
export function outcomesOf(open: readonly FlaggedMetric[], again: readonly FlaggedMetric[]): readonly Outcome[] {
  return open.map(({ metric, run, text }) => {
    const settled = again.find((other) => other.metric === metric && other.run === run && other.state !== 'open');
    return settled === undefined || settled.state === 'open'
      ? { metric, outcome: 'unsettled', text: `${text}; the second run did not settle it` }
      : { metric, outcome: settled.state, text: settled.text };
  });
}

/** From best to worst: what one of two runs of a rung shows is not undone by the other. */
const ORDER: readonly RungEnd[] = ['pass', 'unmeasured', 'fail', 'aborted', 'harness-fault'];

/** How a rung ended that ran twice, with the reason: as the worse of both runs. */
export function endOfBoth(
  first: { readonly end: RungEnd; readonly reason: string },
  again: { readonly end: RungEnd; readonly reason: string },
): { readonly end: RungEnd; readonly reason: string } {
  if (ORDER.indexOf(again.end) <= ORDER.indexOf(first.end)) return first;
  const before = first.reason === '' ? '' : `; the first run: ${first.reason}`;
  return { end: again.end, reason: `run again: ${again.reason}${before}` };
}

/** Reads what a ladder recorded. @throws UnreadableRecord naming the field */
export function parseRungAgain(value: unknown, where: string): RungAgain {
  const fields = recordedFields(where, value);
  return {
    workflowId: fields.text('workflowId'),
    end: fields.oneOf('end', RUNG_ENDS),
    durationMs: fields.number('durationMs', 0),
    outcomes: fields.list('outcomes', (item, at) => {
      const outcome = recordedFields(at, item);
      return {
        metric: outcome.text('metric'),
        outcome: outcome.oneOf('outcome', OUTCOMES),
        text: outcome.text('text'),
      };
    }),
  };
}
