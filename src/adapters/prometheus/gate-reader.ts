import { infrastructureGaps } from '../../core/gates/infrastructure.ts';
import { readHostSamples } from '../host/host-samples.ts';
import { readInfrastructureEvents } from '../host/infrastructure-events.ts';
import type { GateDefinition, GateResult } from '../../core/gates/model.ts';
import { mayBeUnscraped, withScrapeErrors } from '../../core/gates/scrape-errors.ts';
import { expectedTargets } from '../../core/plan/expected-targets.ts';
import { scrapeIntervalMs } from '../../core/plan/scrape-interval.ts';
import type { CampaignSpec } from '../../core/plan/spec.ts';
import { readLedger } from '../host/ledger.ts';
import { trustedAgeMs } from '../../core/plan/watch-trust.ts';
import { CHECK_SAMPLES_MS, LAST_SAMPLES_MS } from '../../core/plan/limits.ts';
import { LEAD_GROUP, type GroupClusters } from '../../core/campaign/stage-io.ts';
import type { CallBounds, PrometheusClient } from './client.ts';
import { evaluateGates } from './evaluate.ts';
import { cpuOfHost, cpuOfHosts } from './hosts-cpu.ts';
import { otherHosts } from './other-hosts.ts';
import { QueryError } from './query-error.ts';
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
  const intervalMs = scrapeIntervalMs(spec.plan);
  return {
    read: async ({ only, settleEndMs, atMs, settledAtMs = atMs, signal }) => {
      const { queryMs: queryBudgetMs } = spec.deadlines.budgets;
      const gaps = infrastructureGaps(readInfrastructureEvents(spec.campaign));
      const samples = readHostSamples(spec.campaign);
      const evaluation = {
        client,
        gates: spec.gates,
        campaign: spec.campaign,
        execution,
        campaignStartMs: readLedger(spec.slug)?.createdAtMs ?? 0,
        expected: expectedTargets(spec, hosts),
        watchLimitMs: trustedAgeMs(spec),
        window: { settleEndMs, soakEndMs: atMs, nowMs: settledAtMs },
        only,
        scrapeIntervalMs: intervalMs,
        ...(spec.scrapeIntervals === undefined ? {} : { scrapeIntervals: spec.scrapeIntervals }),
        signal,
        queryBudgetMs,
      };
      const explained = async (results: readonly GateResult[]): Promise<readonly GateResult[]> =>
        await withErrorsOf(client, results, spec.gates, { signal, budgetMs: queryBudgetMs });
      if (hosts === 1) return await explained(await evaluateGates({ ...evaluation, gaps, ...cpuOfHost(samples) }));
      const budgetMs = only === 'all' ? LAST_SAMPLES_MS : CHECK_SAMPLES_MS;
      await samplesArrived(client, { hosts, atMs: settledAtMs, signal, budgetMs });
      const others = otherHosts(client, {
        campaign: spec.campaign,
        count: hosts - 1,
        scrapeIntervalMs: intervalMs,
        bounds: { signal, budgetMs: queryBudgetMs },
      });
      const [gapsOfOthers, cpu] = await Promise.all([
        others.gaps({ startMs: settleEndMs, endMs: settledAtMs }),
        cpuOfHosts(leadsWithoutClusters(groups) ? undefined : samples, others, spec.gates, settledAtMs),
      ]);
      return await explained(await evaluateGates({ ...evaluation, gaps: [...gaps, ...gapsOfOthers], ...cpu }));
    },
    close: () => client.close(),
  };
}

/**
 * Results with the errors of the scrapes that made them unmeasured. Only targets of the campaign's lead are known: agents report none.
 */
async function withErrorsOf(
  client: PrometheusClient,
  results: readonly GateResult[],
  gates: readonly GateDefinition[],
  bounds: CallBounds,
): Promise<readonly GateResult[]> {
  if (!results.some(mayBeUnscraped)) return results;
  try {
    const jobs = new Map(gates.map(({ name, job }) => [name, job]));
    return withScrapeErrors(results, await client.targets(bounds), (gate) => jobs.get(gate));
  } catch (cause) {
    // The reading is unmeasured all the same.
    if (cause instanceof QueryError) return results;
    throw cause;
  }
}

/** Whether nothing that is measured needs the CPU of the lead. */
function leadsWithoutClusters(groups: readonly GroupClusters[]): boolean {
  return groups.some(({ group, clusterCount }) => group === LEAD_GROUP && clusterCount === 0);
}
