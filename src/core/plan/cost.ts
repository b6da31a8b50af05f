import { expectedMs } from '../model/expected-time.ts';
import { ceilDiv } from './whole-numbers.ts';

/** Cost of the hosts, and how long they are needed. */
export interface Cost {
  readonly hours: number;
  readonly usdPerHour: number;
  readonly usd: number;
}

/** Hosts for the clusters, and one for the system under test. */
export function hostsNeeded(clusterCount: number, clustersPerHost: number): number {
  return ceilDiv(clusterCount, clustersPerHost) + 1;
}

/** Cost of a campaign in US dollars: hosts x price per hour x (ramp + soak + teardown). */
export function cost(hosts: number, perHostUsdPerHour: number, rampSeconds: number, soakSeconds: number): Cost {
  const hours = expectedMs(rampSeconds, soakSeconds) / 3_600_000;
  const usdPerHour = hosts * perHostUsdPerHour;
  return { hours, usdPerHour, usd: usdPerHour * hours };
}
