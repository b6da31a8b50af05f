import type { Client } from '@temporalio/client';
import type { RungLine } from '../core/campaign/climb.ts';
import { queryStatus, liveActivity } from './follow-campaign.ts';
import { SILENCE_MS } from './follow-workflow.ts';
import type { ProgressRow } from './progress-rows.ts';

/** A climb as rows of a progress display; the rung that runs shows its campaign's stage and live numbers. */
export async function rungRows(client: Client, rungs: readonly RungLine[]): Promise<readonly ProgressRow[]> {
  return await Promise.all(rungs.map((rung) => rungRow(client, rung)));
}

async function rungRow(client: Client, rung: RungLine): Promise<ProgressRow> {
  switch (rung.end) {
    case 'not-started':
      return { label: rung.rung, state: 'waiting', detail: '' };
    case 'running':
      return runningRow(client, rung);
    default: {
      const detail = [rung.end, rung.reason || rung.tightest].filter((part) => part !== '').join(': ');
      return {
        label: rung.rung,
        state: rung.end === 'pass' ? 'done' : 'failed',
        detail,
        startedAtMs: 0,
        endedAtMs: rung.durationMs,
      };
    }
  }
}

async function runningRow(client: Client, rung: RungLine): Promise<ProgressRow> {
  const handle = client.workflow.getHandle(rung.again?.workflowId ?? rung.workflowId);
  const status = await queryStatus(handle, SILENCE_MS);
  const live = await client
    .withDeadline(Date.now() + SILENCE_MS, () => handle.describe())
    .then(
      ({ raw }) => liveActivity(raw),
      () => undefined,
    );
  const startedAtMs = status?.state.outcomes[0]?.startedAtMs;
  return {
    label: rung.again === undefined ? rung.rung : `${rung.rung}, again`,
    state: 'running',
    detail:
      status === undefined
        ? 'starting'
        : status.state.mode === 'hold'
          ? `holds on ${status.state.stage}`
          : `${status.state.stage}: ${live?.live ?? ''}`,
    ...(startedAtMs === undefined ? {} : { startedAtMs }),
    ...(live?.fraction === undefined ? {} : { fraction: live.fraction }),
  };
}
