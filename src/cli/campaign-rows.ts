import type { CampaignStatus } from '../core/campaign/stage-io.ts';
import { stageState } from '../core/campaign/stage-table.ts';
import type { Stage } from '../core/model/stages.ts';
import { FIRST_STAGES } from '../core/plan/spec.ts';
import type { ProgressRow } from './progress-rows.ts';

/** What a pending activity reported with its last heartbeat. */
export interface LiveActivity {
  readonly stage: string;
  readonly attempt: number;
  readonly live: string;
  readonly fraction: number | undefined;
  readonly lastFailure: string | undefined;
}

/** A campaign as rows of a progress display: one row per stage, the running one with its live numbers. */
export function campaignRows(status: CampaignStatus, live: LiveActivity | undefined): readonly ProgressRow[] {
  return stagesOf(status.state).map((stage) => stageRow(status, stage, live));
}

/** The campaign's stages. A worker of an earlier version answers without a list. */
function stagesOf({ stages }: Partial<Pick<CampaignStatus['state'], 'stages'>>): readonly Stage[] {
  return stages ?? FIRST_STAGES;
}

function stageRow(status: CampaignStatus, stage: Stage, live: LiveActivity | undefined): ProgressRow {
  const { state } = status;
  const latest = state.outcomes.findLast((outcome) => outcome.stage === stage);
  if (state.mode === 'stage' && state.stage === stage) {
    const own = live?.stage === stage ? live : undefined;
    const attempt =
      own !== undefined && own.attempt > 1
        ? ` (attempt ${own.attempt}${own.lastFailure === undefined ? '' : `: ${own.lastFailure}`})`
        : '';
    return {
      label: state.execution > 1 ? `${stage} #${state.execution}` : stage,
      state: 'running',
      detail: `${own?.live ?? ''}${attempt}`,
      startedAtMs: state.stageStartedAtMs,
      ...(own?.fraction === undefined ? {} : { fraction: own.fraction }),
    };
  }
  if (latest === undefined) return { label: stage, state: 'waiting', detail: '' };
  const ended = { startedAtMs: latest.startedAtMs, endedAtMs: latest.endedAtMs };
  const label = latest.execution > 1 ? `${stage} #${latest.execution}` : stage;
  if (latest.outcome === 'succeeded') return { label, state: 'done', detail: status.details[stage] ?? '', ...ended };
  return { label, state: 'failed', detail: latest.failure?.message ?? stageState(state, stage), ...ended };
}
