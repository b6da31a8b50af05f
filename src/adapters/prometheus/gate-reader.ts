import { cpuTimeIn } from '../../core/gates/cpu-time.ts';
import { hostBusyIn } from '../../core/gates/host-saturation.ts';
import { infrastructureGaps } from '../../core/gates/infrastructure.ts';
import { readHostSamples } from '../host/host-samples.ts';
import { readInfrastructureEvents } from '../host/infrastructure-events.ts';
import type { GateResult } from '../../core/gates/model.ts';
import { expectedTargets } from '../../core/plan/expected-targets.ts';
import { scrapeIntervalMs } from '../../core/plan/scrape-interval.ts';
import type { CampaignSpec } from '../../core/plan/spec.ts';
import { readLedger } from '../host/ledger.ts';
import { trustedAgeMs } from '../../core/plan/watch-trust.ts';
import { CHECK_SAMPLES_MS, LAST_SAMPLES_MS } from '../../core/plan/limits.ts';
import type { GroupClusters } from '../../core/campaign/stage-io.ts';
import { evaluateGates } from './evaluate.ts';
import { samplesArrived } from './samples-arrived.ts';
import { clientOf, ownPrometheus } from './server.ts';

/** What is read of a soak. Moments are ms since 1970. */
export interface GateReadRequest {
  readonly only: 'failFast' | 'all';
  /** The end of the settle time, before which no window begins. */
  readonly settleEndMs: number;
  /** Where the windows end: a moment of the soak, or its end. The gates are read as they were then. */
  readonly atMs: number;
  /** When the last Pods had their time, after the end of the soak; gates with `readAt: settled` are read as they were then. */
  readonly settledAtMs?: number;
  readonly signal: AbortSignal;
}

/** Reads the gates of one campaign. */
export interface GateReader {
  /** Reads gates over windows that end at `atMs`, in the soak and at its end alike. */
  read(request: GateReadRequest): Promise<readonly GateResult[]>;
  close(): Promise<void>;
}

/**
 * A reader that asks the campaign's Prometheus.
 * @param execution of the soak
 * @param groups the groups of a campaign with several; absent = all clusters are on this host
 */
export function openGateReader(
  spec: CampaignSpec,
  execution: number,
  groups: readonly GroupClusters[] = [],
): GateReader {
  const client = clientOf(ownPrometheus(spec.slug) ?? { url: '' });
  const hosts = Math.max(1, groups.length);
  return {
    read: async ({ only, settleEndMs, atMs, settledAtMs = atMs, signal }) => {
      if (groups.length > 0) {
        const budgetMs = only === 'all' ? LAST_SAMPLES_MS : CHECK_SAMPLES_MS;
        await samplesArrived(client, { hosts, atMs: settledAtMs, signal, budgetMs });
      }
      const samples = readHostSamples(spec.campaign);
      return await evaluateGates({
        client,
        gates: spec.gates,
        campaign: spec.campaign,
        execution,
        campaignStartMs: readLedger(spec.slug)?.createdAtMs ?? 0,
        expected: expectedTargets(spec, hosts),
        watchLimitMs: trustedAgeMs(spec),
        window: { settleEndMs, soakEndMs: atMs, nowMs: settledAtMs },
        gaps: infrastructureGaps(readInfrastructureEvents(spec.campaign)),
        only,
        scrapeIntervalMs: scrapeIntervalMs(spec.plan),
        signal,
        queryBudgetMs: spec.deadlines.budgets.queryMs,
        hostBusy: hostBusyIn(samples),
        ...(samples.length === 0 ? {} : { cpuTimeMs: cpuTimeIn(samples) }),
      });
    },
    close: () => client.close(),
  };
}
