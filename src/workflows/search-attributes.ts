import { defineSearchAttributeKey } from '@temporalio/common';
import { upsertSearchAttributes } from '@temporalio/workflow';
import type { CampaignSpec } from '../core/plan/spec.ts';

/** The six search attributes; registered by the dev server's start, checked by `belay doctor`. */
const PROFILE = defineSearchAttributeKey('BelayProfile', 'KEYWORD');
const TARGET = defineSearchAttributeKey('BelayTarget', 'KEYWORD');
const STAGE = defineSearchAttributeKey('BelayStage', 'KEYWORD');
const VERDICT = defineSearchAttributeKey('BelayVerdict', 'KEYWORD');
const TRIGGER = defineSearchAttributeKey('BelayTrigger', 'KEYWORD');
const FLEET_SIZE = defineSearchAttributeKey('BelayFleetSize', 'INT');

/**
 * Begins a campaign's account of itself. The UI's form fills in the attributes of the newest run of the same type: what an
 * earlier campaign said must not be said of this one.
 */
export function tellBegin(): void {
  upsertSearchAttributes([
    { key: STAGE, value: 'resolve' },
    { key: VERDICT, value: null },
    { key: PROFILE, value: null },
    { key: TARGET, value: null },
    { key: TRIGGER, value: null },
    { key: FLEET_SIZE, value: null },
  ]);
}

/** Says on the workflow list what this campaign is. */
export function tellSpec(spec: CampaignSpec): void {
  upsertSearchAttributes([
    { key: PROFILE, value: spec.profile.metadata.name },
    { key: TARGET, value: spec.substrate.metadata.name },
    { key: TRIGGER, value: spec.trigger },
    { key: FLEET_SIZE, value: spec.profile.scale.machines },
  ]);
}

/** Says which stage runs, or `hold`. */
export function tellStage(stage: string): void {
  upsertSearchAttributes([{ key: STAGE, value: stage }]);
}

/** Says how it ended: pass, unmeasured, fail, or aborted. */
export function tellVerdict(verdict: string): void {
  upsertSearchAttributes([{ key: VERDICT, value: verdict }]);
}
