import type { Substrate } from '../model/substrate.ts';
import { traitsOf } from '../model/substrate-types.ts';
import type { System } from '../model/system.ts';
import { counted } from '../text/counted.ts';

/** What decides whether a campaign's clusters spread over several hosts. */
export interface SpreadQuestion {
  readonly substrate: Pick<Substrate, 'type'>;
  readonly system: Pick<System, 'metadata' | 'install'>;
  readonly clusterCount: number;
  /** Clusters that this host takes, and how many more it takes now. */
  readonly capacity: number;
  readonly free: number;
  /** The secret that hosts share is set. */
  readonly hasSecret: boolean;
}

/** Whether the clusters spread, and what the user should know if they do not although this host is too small for them. */
export interface SpreadAnswer {
  readonly spreads: boolean;
  readonly note?: string;
}

/**
 * Decides whether a campaign may use other hosts: it has more clusters than this host takes now, its clusters can be made on any
 * host, nothing of its system exists once per campaign, and the hosts share a secret.
 */
export function spreadOverHosts(question: SpreadQuestion): SpreadAnswer {
  const { substrate, system, clusterCount, capacity, free, hasSecret } = question;
  if (!traitsOf(substrate).madeOnAnyHost || clusterCount <= free) return { spreads: false };
  const why =
    system.install.helm === undefined
      ? 'no fleet secret is set (BELAY_FLEET_SECRET or BELAY_FLEET_SECRET_FILE)'
      : `system ${system.metadata.name} installs a chart`;
  if (system.install.helm === undefined && hasSecret) return { spreads: true };
  const used = capacity - free;
  return {
    spreads: false,
    note:
      `all ${counted(clusterCount, 'cluster')} run on this host, which takes ${capacity}` +
      `${used === 0 ? '' : ` and has ${used} in use`}: ${why}`,
  };
}
