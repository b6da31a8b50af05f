import { recordedFields, recordedText, unreadable } from '../files/recorded-fields.ts';
import { COMPARED_PAIRS } from '../plan/limits.ts';
import { RUNG_ENDS, type RungEnd } from './rung-end.ts';
import { parseGateLine } from './parse-results.ts';
import type { GateLine } from './stage-io.ts';

/** A comparison by new campaigns, pure: two sides that take turns, each pair with a random seed of its own. */

/** The two sides, in the order in which each pair runs. */
export const SIDES = ['baseline', 'branch'] as const;
export type Side = (typeof SIDES)[number];

/** What the workflow `comparison` is started with. The command line makes it, and has checked both inputs. */
export interface ComparisonSpec {
  /** Inputs of the campaigns of each side. */
  readonly inputs: Readonly<Record<Side, Readonly<Record<string, unknown>>>>;
  /** Campaigns of each side, unless the answer is clear before. */
  readonly pairs: number;
  /** Random seed of the first pair; each later one has the next. */
  readonly firstSeed: number;
  /** Metrics that decide; none = all gates. */
  readonly metrics: readonly string[];
  /** Differences up to this share count as none; 0 = nothing is the same. */
  readonly sameWithin: number;
}

/** One campaign of a comparison. */
export interface ComparedCampaign {
  readonly pair: number;
  readonly side: Side;
  readonly workflowId: string;
  readonly end: RungEnd;
  readonly reason: string;
  readonly gates: readonly GateLine[];
}

/** State of a comparison after a pair: why it may stop, or an empty text. */
export interface ComparisonLook {
  readonly stop: string;
}

/** The result of a comparison. */
export interface ComparisonResult {
  readonly campaigns: readonly ComparedCampaign[];
  /** Pairs that were asked for. */
  readonly pairs: number;
  /** Why it ended before all pairs had run; empty when all did. */
  readonly stopped: string;
}

/** @throws UnreadableRecord naming the field */
export function parseComparison(value: unknown): ComparisonSpec {
  const fields = recordedFields('comparison', value);
  const inputs = fields.object('inputs');
  return {
    inputs: { baseline: inputs.map('baseline'), branch: inputs.map('branch') },
    pairs: pairsOf(fields.count('pairs')),
    firstSeed: fields.count('firstSeed', 1),
    metrics: fields.list('metrics', recordedText, []),
    sameWithin: fields.number('sameWithin', 0),
  };
}

function pairsOf(pairs: number): number {
  if (pairs >= 1 && pairs <= COMPARED_PAIRS) return pairs;
  throw unreadable('comparison: pairs', pairs, `a whole number from 1 to ${COMPARED_PAIRS}`);
}

/** Reads the argument of the activity `lookAtComparison`. @throws UnreadableRecord naming the field */
export function parseComparisonLook(value: unknown): {
  readonly spec: ComparisonSpec;
  readonly campaigns: readonly ComparedCampaign[];
} {
  const fields = recordedFields('look at a comparison', value);
  const spec = parseComparison(fields.map('spec'));
  const campaigns = fields.list('campaigns', (item, where): ComparedCampaign => {
    const campaign = recordedFields(where, item);
    return {
      pair: campaign.count('pair'),
      side: campaign.oneOf('side', SIDES),
      workflowId: campaign.text('workflowId'),
      end: campaign.oneOf('end', RUNG_ENDS),
      reason: campaign.text('reason', ''),
      gates: campaign.list('gates', parseGateLine, []),
    };
  });
  if (campaigns.length <= spec.pairs * SIDES.length) return { spec, campaigns };
  throw unreadable('look at a comparison: campaigns', campaigns.length, `two for each of ${spec.pairs} pairs`);
}

/** Random seeds that a profile can have. After the last one comes the first. */
const SEEDS = 2 ** 32;

/** The input of a campaign: both sides of a pair have the same random seed, so the same Pods arrive at the same times. */
export function inputOfPair({ inputs, firstSeed }: ComparisonSpec, side: Side, pair: number): Record<string, unknown> {
  const input = inputs[side];
  const overrides = (input['overrides'] ?? {}) as Readonly<Record<string, unknown>>;
  return { ...input, overrides: { ...overrides, randomSeed: (firstSeed + pair - 1) % SEEDS } };
}

/** The workflow id of a campaign of a comparison, e.g. `nightly-compare.3-branch`. */
export function idOfPair(comparison: string, side: Side, pair: number): string {
  return `${comparison}.${pair}-${side}`;
}

/** The opposite of {@link idOfPair}; undefined for the id of another workflow. */
export function pairOfId(
  workflowId: string,
): { readonly workflowId: string; readonly pair: number; readonly side: Side } | undefined {
  const [, comparison, pair, side] = /^(.+)\.(\d+)-([a-z]+)$/.exec(workflowId) ?? [];
  const known = SIDES.find((one) => one === side);
  return comparison === undefined || known === undefined
    ? undefined
    : { workflowId: comparison, pair: Number(pair), side: known };
}

/** Whether a campaign ended so that no later one could end otherwise. */
export function endsComparison(end: RungEnd): boolean {
  return end === 'harness-fault' || end === 'aborted';
}
