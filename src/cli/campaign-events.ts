import type { CampaignStatus } from '../core/campaign/stage-io.ts';
import type { LiveActivity } from './campaign-rows.ts';

/** An event of `-o json`, without its time and the id of the campaign. docs/output.md describes the kinds. */
export type CampaignEvent =
  | {
      readonly event: 'stage';
      readonly stage: string;
      readonly execution: number;
      readonly state: 'running' | 'succeeded' | 'failed' | 'cancelled' | 'skipped';
      /** The last line of a stage that succeeded, or why it failed. */
      readonly text: string;
    }
  | {
      readonly event: 'progress';
      readonly stage: string;
      readonly attempt: number;
      readonly text: string;
      readonly fraction: number | null;
    };

/**
 * What is new in the statuses of one campaign, seen one after another: a stage that begins or ends, and new live numbers. Each change is
 * in one event.
 */
export function createCampaignEvents(): (
  status: CampaignStatus,
  live: LiveActivity | undefined,
) => readonly CampaignEvent[] {
  let ended = 0;
  let running = '';
  let shown = '';
  return ({ state, details }, live) => {
    const events: CampaignEvent[] = [];
    for (const { stage, execution, outcome, failure } of state.outcomes.slice(ended)) {
      const key = `${stage} ${execution}`;
      if (key !== running) events.push({ event: 'stage', stage, execution, state: 'running', text: '' });
      const text = failure?.message ?? (outcome === 'succeeded' ? (details[stage] ?? '') : '');
      events.push({ event: 'stage', stage, execution, state: outcome, text });
      running = key;
    }
    ended = state.outcomes.length;
    if (state.mode !== 'stage') return events;
    const { stage, execution } = state;
    const key = `${stage} ${execution}`;
    if (key !== running) {
      events.push({ event: 'stage', stage, execution, state: 'running', text: '' });
      running = key;
      shown = '';
    }
    const own = live?.stage === stage ? live : undefined;
    const text = own?.live || own?.lastFailure || '';
    const now = `${key} ${own?.attempt ?? 1} ${text}`;
    if (own !== undefined && text !== '' && now !== shown) {
      events.push({ event: 'progress', stage, attempt: own.attempt, text, fraction: own.fraction ?? null });
      shown = now;
    }
    return events;
  };
}
