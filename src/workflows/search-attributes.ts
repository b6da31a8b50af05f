import { defineSearchAttributeKey } from '@temporalio/common';
import { upsertSearchAttributes } from '@temporalio/workflow';
import type { CampaignOutline } from '../core/campaign/outline.ts';

/** The six search attributes. The start of the dev server registers them, and `belay doctor` checks them. */
const PROFILE = defineSearchAttributeKey('BelayProfile', 'KEYWORD');
const TARGET = defineSearchAttributeKey('BelayTarget', 'KEYWORD');
const STAGE = defineSearchAttributeKey('BelayStage', 'KEYWORD');
const VERDICT = defineSearchAttributeKey('BelayVerdict', 'KEYWORD');
const TRIGGER = defineSearchAttributeKey('BelayTrigger', 'KEYWORD');
const FLEET_SIZE = defineSearchAttributeKey('BelayFleetSize', 'INT');

/**
 * Resets the attributes at the start of a workflow. The UI's form fills in those of the newest run of the same type, and this
 * workflow must not show what an earlier one did.
 */
export function showStart(): void {
  upsertSearchAttributes([
    { key: STAGE, value: 'resolve' },
    { key: VERDICT, value: null },
    { key: PROFILE, value: null },
    { key: TARGET, value: null },
    { key: TRIGGER, value: null },
    { key: FLEET_SIZE, value: null },
  ]);
}

/** Shows in the list of workflows what this campaign tests. */
export function showOutline({ profile, substrate, trigger, fleetSize }: CampaignOutline): void {
  upsertSearchAttributes([
    { key: PROFILE, value: profile },
    { key: TARGET, value: substrate },
    { key: TRIGGER, value: trigger },
    { key: FLEET_SIZE, value: fleetSize },
  ]);
}

/** Shows which stage runs, or `hold`. */
export function showStage(stage: string): void {
  upsertSearchAttributes([{ key: STAGE, value: stage }]);
}

/** Shows how it ended: pass, unmeasured, fail, or aborted. */
export function showVerdict(verdict: string): void {
  upsertSearchAttributes([{ key: VERDICT, value: verdict }]);
}
