import { ceilDiv } from './whole-numbers.ts';

/** Teardown as far as it is paid for, seconds. */
const TEARDOWN_SECONDS = 600;

/** What hosts cost, and for how long they are wanted. */
export interface Cost {
  readonly hours: number;
  readonly usdPerHour: number;
  readonly usd: number;
}

/** Hosts for the clusters, and one for the system under test. */
export function hostsNeeded(clusterCount: number, clustersPerHost: number): number {
  return ceilDiv(clusterCount, clustersPerHost) + 1;
}

/** Time from the first Pod to the last host given back, as it is declared: ramp, soak and teardown, in ms. */
export function declaredMs(rampSeconds: number, soakSeconds: number): number {
  return (rampSeconds + soakSeconds + TEARDOWN_SECONDS) * 1_000;
}

/** Cost of a campaign in US dollars: hosts x price x (ramp + soak + teardown), `reference/bigfleet-harness.md` §5. */
export function cost(hosts: number, perHostUsdPerHour: number, rampSeconds: number, soakSeconds: number): Cost {
  const hours = declaredMs(rampSeconds, soakSeconds) / 3_600_000;
  const usdPerHour = hosts * perHostUsdPerHour;
  return { hours, usdPerHour, usd: usdPerHour * hours };
}
