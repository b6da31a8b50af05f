import type { ExpectedByJob } from '../gates/expected.ts';
import { BELAY_JOB } from '../gates/model.ts';
import { traitsOf } from '../model/substrate-types.ts';
import { clusterName } from './cluster-name.ts';
import { federatedJobs } from './federation.ts';
import type { CampaignSpec } from './spec.ts';

/**
 * The targets that a campaign's Prometheus must scrape: the parts of each cluster that its substrate lets be scraped, one for
 * each scrape entry of the system in each cluster, and one worker of Belay on each host. A job of the system
 * replaces a part of the cluster with the same name, and so does a job of an existing Prometheus. A specification of an earlier version does not list the system's jobs; those
 * are not in the result.
 * @param hosts number of hosts, the lead included
 */
export function expectedTargets(
  spec: Pick<CampaignSpec, 'slug' | 'substrate' | 'systemJobs'> & { readonly plan: { readonly clusterCount: number } },
  hosts = 1,
): ExpectedByJob {
  const { slug, plan, substrate, systemJobs = [] } = spec;
  const clusters = Array.from({ length: plan.clusterCount }, (_, index) => clusterName(slug, index));
  const inEach = (targets: number): ExpectedByJob[string] => ({ count: targets * clusters.length, clusters });
  const ofClusters = traitsOf(substrate).scrapedParts.map((job) => [job, inEach(1)] as const);
  const ofSystem = [...new Set(systemJobs)].map((job) => {
    const entries = systemJobs.filter((each) => each === job).length;
    return [job, inEach(entries)] as const;
  });
  const ofExisting = federatedJobs(substrate).map(({ job, targets }) => [job, inEach(targets)] as const);
  return Object.fromEntries([...ofClusters, ...ofSystem, ...ofExisting, [BELAY_JOB, { count: hosts }] as const]);
}
