import { ApplicationFailure } from '@temporalio/activity';
import { keepForRetry, readSpec } from '../adapters/evidence/spec-store.ts';
import { fetchSpec } from '../adapters/fleet/fetch-spec.ts';
import { ledgerOf } from '../adapters/host/ledger.ts';
import { FAILURE_TYPES } from '../core/campaign/failure-types.ts';
import type { ParsedInput } from '../core/campaign/parse-input.ts';
import type { StageInput } from '../core/campaign/stage-io.ts';
import type { ActivityName } from '../core/model/stages.ts';
import { SPEC_FETCH_MS } from '../core/plan/limits.ts';
import type { CampaignSpec } from '../core/plan/spec.ts';
import { quoted } from '../core/text/quoted.ts';
import { bounded } from './bounded.ts';
import { callerOf, refuseForeign } from './caller.ts';
import { isCancelled } from './cancellation.ts';
import { limitedFailure } from './limited-failure.ts';

/** An activity's input, and its specification. */
export interface Begun<Input extends StageInput> {
  readonly input: Input;
  /** Undefined where this host has nothing of the campaign any more. */
  readonly spec: CampaignSpec | undefined;
}

/**
 * The input and its specification, which must be that of the calling workflow. A member gets one that a retry has changed from the lead.
 * @throws ApplicationFailure when one of them cannot be read on this host, or the campaign is another workflow's
 */
export async function begun<Input extends StageInput>(
  activity: ActivityName,
  parse: (value: unknown) => ParsedInput<Input>,
  value: unknown,
): Promise<Begun<Input>> {
  try {
    const { input } = parse(value);
    // Never the one that an input of the first version has in it: an input may come from anybody, and it would name paths and contexts.
    return { input, spec: await storedSpec(input) };
  } catch (error) {
    throw isCancelled(error) ? error : limitedFailure(error, `the worker's log of ${activity}`);
  }
}

/** The failure of an activity whose specification is not on this host. */
export function noSpec({ campaign, specHash }: StageInput): ApplicationFailure {
  return ApplicationFailure.create({
    message:
      `this host does not have specification ${specHash.slice(0, 12)} of campaign ${campaign}; ` +
      `"resolve" wrote it to runs/${campaign}/spec.json of the campaign's host`,
    type: FAILURE_TYPES.harnessFault,
  });
}

async function storedSpec({ campaign, specHash }: StageInput): Promise<CampaignSpec | undefined> {
  const named = `campaign ${quoted(campaign)}`;
  const stored = readSpec(campaign, specHash);
  if (stored !== undefined) refuseForeign(stored.workflowId, named, callerOf());
  const ledger = stored === undefined ? ledgerOf(campaign) : undefined;
  // Before the lead is asked, and where nothing but the ledger is left.
  if (ledger !== undefined) refuseForeign(ledger.workflowId, named, callerOf());
  if (ledger?.group === undefined || ledger.group.lead) return stored;
  const { leadAddress: lead } = ledger.group;
  // No specification, no steps: their budgets are in it.
  const fetched = await bounded('specification fetched from the lead', { budgetMs: SPEC_FETCH_MS }, (signal) =>
    fetchSpec({ campaign, slug: ledger.slug, specHash, lead, signal }),
  );
  keepForRetry(fetched);
  return fetched;
}
