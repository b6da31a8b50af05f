import { expectedMs } from '../model/expected-time.ts';
import { traitsOf } from '../model/substrate-types.ts';
import type { Substrate } from '../model/substrate.ts';
import { ceilDiv } from './whole-numbers.ts';

/** Cost of the hosts, and how long they are needed. */
export interface Cost {
  readonly hours: number;
  readonly usdPerHour: number;
  readonly usd: number;
}

/** Hosts for the clusters, and one for the system under test where it has a host of its own. */
export function hostsNeeded(clusterCount: number, substrate: Pick<Substrate, 'type' | 'cluster'>): number {
  return ceilDiv(clusterCount, substrate.cluster.clustersPerHost) + (traitsOf(substrate).systemHasHost ? 1 : 0);
}

/** Cost of a campaign in US dollars: hosts x price per hour x (ramp + soak + teardown). */
export function cost(hosts: number, perHostUsdPerHour: number, rampSeconds: number, soakSeconds: number): Cost {
  const hours = expectedMs(rampSeconds, soakSeconds) / 3_600_000;
  const usdPerHour = hosts * perHostUsdPerHour;
  return { hours, usdPerHour, usd: usdPerHour * hours };
}
