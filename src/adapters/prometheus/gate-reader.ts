import { infrastructureGaps } from '../../core/gates/infrastructure.ts';
import { readInfrastructureEvents } from '../host/infrastructure-events.ts';
import type { GateResult } from '../../core/gates/model.ts';
import { scrapeIntervalMs } from '../../core/plan/scrape-interval.ts';
import type { CampaignSpec } from '../../core/plan/spec.ts';
import { prometheusClient } from './client.ts';
import { evaluateGates } from './evaluate.ts';
import { ownPrometheus } from './server.ts';

/** Reads the gates of one campaign. */
export interface GateReader {
  /** Reads gates at this moment, in the soak and at its end alike. @param soakStartMs ms since 1970 */
  read(only: 'failFast' | 'all', soakStartMs: number, signal: AbortSignal): Promise<readonly GateResult[]>;
  close(): Promise<void>;
}

/** A reader that asks the campaign's Prometheus. */
export function openGateReader(spec: CampaignSpec): GateReader {
  const client = prometheusClient(ownPrometheus(spec.slug)?.url ?? '');
  return {
    read: (only, soakStartMs, signal) => {
      const settleEndMs = soakStartMs + spec.profile.loadProfile.settleSeconds * 1_000;
      return evaluateGates({
        client,
        gates: spec.gates,
        campaign: spec.campaign,
        window: { soakStartMs, settleEndMs, nowMs: Date.now() },
        gaps: infrastructureGaps(readInfrastructureEvents(spec.campaign)),
        only,
        scrapeIntervalMs: scrapeIntervalMs(spec.plan),
        signal,
        queryBudgetMs: spec.deadlines.budgets.queryMs,
      });
    },
    close: () => client.close(),
  };
}
