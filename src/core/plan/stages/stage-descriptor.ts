import { traitsOf } from '../../model/substrate-types.ts';
import { counted } from '../../text/counted.ts';
import type { Wait } from '../deadline-model.ts';
import type { CampaignSpec } from '../spec.ts';
import type { CampaignShape } from './shape.ts';

/** Derives the wait of one step. Undefined, or a wait of 0: a campaign of this shape does not have the step. */
type StepRule = (shape: CampaignShape) => Wait | undefined;

/**
 * How a fact of several groups becomes one fact of the campaign.
 * - `sum`: a count. A group that does not report it has none.
 * - `sumOfAll`: a rate. It is left out unless every group reports it: the sum over some would be the rate of another load.
 * - `max`, `min`: the extreme of what was reported.
 * - `upperBound`: of a quantile `xMs` with the lower bound `xLowMs`: the largest bound is one of all groups together. It is left out
 *   when a group knows the lower bound only.
 * - `join`: texts, each once, in alphabetical order.
 */
export type FactRule = 'sum' | 'sumOfAll' | 'max' | 'min' | 'upperBound' | 'join';

/** What a stage adds to the plan. Its row in `model/stages.ts` says how the campaign treats it. */
export interface StageDescriptor<Id extends string = string, Checkpoint = unknown> {
  /**
   * The steps of one attempt, in order: all waits that can follow one another, each with its full budget. The stage's activity
   * runs each step by its id, and takes the time limit from here.
   */
  readonly steps: Readonly<Record<Id, StepRule>>;
  /** What the stage is going to do, in one line. */
  readonly describe: (spec: CampaignSpec) => string;
  /**
   * Every fact that the stage reports, and how those of several groups are merged. Tests run every stage, and fail for a fact that
   * is not here.
   */
  readonly facts: Readonly<Record<string, FactRule>>;
  /** Reads a checkpoint from disk or from a heartbeat; undefined if there is none. @throws UnreadableRecord naming the field */
  readonly parseCheckpoint: (value: unknown) => Checkpoint | undefined;
}

/** The parser of a stage that keeps no checkpoint. */
export function noCheckpoint(): undefined {
  return undefined;
}

/** The clusters of a campaign in words, e.g. "3 local clusters". */
export function clustersInWords({ plan, substrate }: CampaignSpec): string {
  return counted(plan.clusterCount, `${traitsOf(substrate).adjective} cluster`);
}
