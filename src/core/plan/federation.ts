import { gatesOfJob, namesNeeded } from '../gates/names-needed.ts';
import type { GateDefinition } from '../gates/model.ts';
import type { ExistingPrometheus } from '../model/existing-prometheus.ts';
import type { ScrapeEntry } from '../model/scrape-entry.ts';
import type { Substrate } from '../model/substrate.ts';
import { labelMatcher } from '../promql/label-matcher.ts';
import type { Infeasibility } from './infeasibility.ts';

/** The series of one job in one cluster, which the campaign's Prometheus takes over from an existing one. */
export interface Federation {
  /** The job as gates name it. */
  readonly job: string;
  /** Labels of the series there; all of them select. */
  readonly labels: Readonly<Record<string, string>>;
  readonly targets: number;
  readonly scrapeIntervalMs: number;
}

/** What federation depends on in a substrate. */
type Federating = Pick<Substrate, 'type' | 'kubeconfig'>;

/** The existing Prometheus of a substrate. Only one of borrowed clusters has one, whatever a record says. */
export function existingPrometheusOf({ type, kubeconfig }: Federating): ExistingPrometheus | undefined {
  return type === 'kubeconfig' ? kubeconfig?.prometheus : undefined;
}

/** The series that are taken over for a cluster. @param index of the cluster, which is that of its context */
export function federationsOf(substrate: Federating, index: number): readonly Federation[] {
  const { jobs = {}, clusters = [] } = existingPrometheusOf(substrate) ?? {};
  return Object.entries(jobs).map(([job, { labels, ...rest }]) => ({
    job,
    labels: { ...labels, ...clusters[index] },
    ...rest,
  }));
}

/** A job that is taken over. */
interface TakenJob {
  readonly job: string;
  readonly intervalMs: number;
  readonly targets: number;
}

/** The jobs that are taken over, with how often they are scraped there, and their targets in one cluster. */
export function federatedJobs(substrate: Federating): readonly TakenJob[] {
  const { jobs = {} } = existingPrometheusOf(substrate) ?? {};
  return Object.entries(jobs).map(([job, { scrapeIntervalMs, targets }]) => ({
    job,
    intervalMs: scrapeIntervalMs,
    targets,
  }));
}

/** The series of a federation as a selector. @param names expression that whole names must match; undefined = all */
export function federationSelector({ labels }: Pick<Federation, 'labels'>, names: string | undefined): string {
  const matchers = Object.entries(labels).map(([name, value]) => labelMatcher(name, value));
  return `{${[...(names === undefined ? [] : [`__name__=~${JSON.stringify(names)}`]), ...matchers].join(',')}}`;
}

/** The names of the series that the gates need of a job, as {@link federationSelector} takes them. */
export function namesOfJob(gates: readonly GateDefinition[], job: string): string | undefined {
  return namesNeeded(gatesOfJob(gates, job));
}

/** Jobs that are scraped in two ways: their targets would count twice. */
export function federationRefusals(
  substrate: Substrate,
  scrape: readonly Pick<ScrapeEntry, 'job'>[],
): readonly Infeasibility[] {
  const own = new Set(scrape.map(({ job }) => job));
  return federatedJobs(substrate)
    .filter(({ job }) => own.has(job))
    .map(({ job }) => ({
      field: `kubeconfig.prometheus.jobs.${job}`,
      message: `the system has job ${job} scraped by the campaign; substrate ${substrate.metadata.name} may list jobs that it does not scrape`,
    }));
}
