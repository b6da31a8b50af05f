import { typesThatMatter } from '../../core/gates/counted-metrics.ts';
import type { ExistingPrometheus } from '../../core/model/existing-prometheus.ts';
import { federationsOf, federationSelector, type Federation } from '../../core/plan/federation.ts';
import { federationProblem } from '../../core/plan/federation-problem.ts';
import { CLOCKS_APART_MS, FEDERATION_LOOK_BACK_MS, FEDERATION_SAMPLES } from '../../core/plan/limits.ts';
import type { CampaignSpec } from '../../core/plan/spec.ts';
import { promDuration } from '../../core/promql/placeholders.ts';
import { messageOf } from '../../core/text/message-of.ts';
import { prometheusClient, type CallBounds, type PrometheusClient } from './client.ts';
import { existingOpening } from './existing.ts';
import { FederationRefusal } from './federation-refusal.ts';
import { QueryError } from './query-error.ts';

/** What is tried: a whole specification fits. */
export type TriedSpec = Pick<CampaignSpec, 'substrate' | 'gates'>;

/** Statuses that another attempt may not get. */
const PASSING = [408, 429];

/**
 * Asks an existing Prometheus for everything that a campaign needs of it: that it is one and lets this host in, that its clock is that of
 * this host, and of each job in each cluster the targets, how often they are scraped, whether it gives them out, and that metrics
 * are what gates take them for. Nothing is made.
 * @param clusters those of this host, by their indices in the campaign: the budget of the calls is for no more
 * @param bounds of each call
 * @throws FederationRefusal naming field, value found, and what is allowed; Error where it does not answer
 */
export async function tryExistingPrometheus(
  spec: TriedSpec,
  prometheus: ExistingPrometheus,
  clusters: { readonly firstCluster: number; readonly clusterCount: number },
  bounds: CallBounds,
): Promise<void> {
  try {
    const client = prometheusClient(prometheus.url, existingOpening(prometheus));
    try {
      const { firstCluster, clusterCount } = clusters;
      const nowMs = await clockCompared(client, bounds);
      for (let index = firstCluster; index < firstCluster + clusterCount; index += 1)
        for (const federation of federationsOf(spec.substrate, index))
          await tryJob(client, federation, { ...spec, nowMs, bounds });
    } finally {
      await client.close();
    }
  } catch (cause) {
    bounds.signal.throwIfAborted();
    if (!(cause instanceof QueryError || cause instanceof FederationRefusal)) throw cause;
    const message = `substrate ${spec.substrate.metadata.name}: ${worded(cause, prometheus.url)}`;
    if (cause instanceof FederationRefusal || stays(cause)) throw new FederationRefusal(message, { cause });
    throw new Error(message, { cause });
  }
}

/** Its clock. All moments of a campaign are this host's. @throws FederationRefusal */
async function clockCompared(client: PrometheusClient, bounds: CallBounds): Promise<number> {
  const beforeMs = Date.now();
  const theirsMs = await client.clock(bounds);
  const aheadMs = theirsMs - Date.now();
  const apartMs = aheadMs > 0 ? aheadMs : Math.max(0, beforeMs - theirsMs);
  if (apartMs <= CLOCKS_APART_MS) return theirsMs;
  throw new FederationRefusal(
    `kubeconfig.prometheus.url: the clock of ${client.url} is ${Math.round(apartMs / 1_000)} s ${aheadMs > 0 ? 'ahead of' : 'behind'} that of this host; allowed: ${CLOCKS_APART_MS / 1_000} s; synchronize them, e.g. by NTP`,
  );
}

async function tryJob(
  client: PrometheusClient,
  federation: Federation,
  { gates, nowMs, bounds }: TriedSpec & { readonly nowMs: number; readonly bounds: CallBounds },
): Promise<void> {
  const selector = federationSelector(federation, 'up');
  const backMs = Math.max(FEDERATION_LOOK_BACK_MS, FEDERATION_SAMPLES * federation.scrapeIntervalMs);
  const up = await client.queryRaw(`${selector}[${promDuration(backMs)}]`, nowMs, bounds);
  const jobs = up.length > 0 ? [] : await client.query('group by (job) (up)', nowMs, bounds);
  const problem = federationProblem(federation, up, { nowMs, jobs: jobs.map(({ labels }) => labels['job'] ?? '') });
  if (problem !== undefined) throw new FederationRefusal(problem);
  const given = (await client.federate(selector, bounds)).split('\n').filter((line) => /^up\s*[{ ]/.test(line)).length;
  if (given < federation.targets)
    throw new FederationRefusal(
      `kubeconfig.prometheus.url: /federate gives out ${given} of ${federation.targets} series up of job ${federation.job}; allowed: a Prometheus that gives out what it scrapes`,
    );
  await refuseTypes(client, federation, gates, bounds);
}

/** Federation does not carry types, so what a target says of its metrics is asked for here. @throws FederationRefusal */
async function refuseTypes(
  client: PrometheusClient,
  { job }: Federation,
  gates: TriedSpec['gates'],
  bounds: CallBounds,
): Promise<void> {
  const found = typesThatMatter(gates, job);
  const types = await Promise.all(found.map(({ metric }) => client.types(metric, bounds)));
  const wrong = found.find(({ mustNotBe }, index) => types[index]?.some(({ labels }) => labels['type'] === mustNotBe));
  if (wrong === undefined) return;
  const { gate, metric, mustNotBe, because } = wrong;
  throw new FederationRefusal(`gates.${gate}: ${metric} is a ${mustNotBe}, as its target says: ${because}`);
}

/** Whether another attempt would get the same. */
function stays({ kind, status = 0 }: QueryError): boolean {
  return kind === 'malformed' || (status >= 300 && status < 500 && !PASSING.includes(status));
}

function worded(cause: QueryError | FederationRefusal, url: string): string {
  if (cause instanceof FederationRefusal) return cause.message;
  const field = 'kubeconfig.prometheus.url';
  const { status = 0 } = cause;
  if (status === 401 || status === 403)
    return `${field}: ${url} does not let this host in (${status}): ${cause.message}; allowed: a user and secretFile that it knows`;
  if (stays(cause))
    return `${field}: ${url} is no Prometheus that gives out its series: ${messageOf(cause)}; allowed: the address of a Prometheus with /api/v1/query and /federate`;
  return `${field}: ${messageOf(cause)}`;
}
