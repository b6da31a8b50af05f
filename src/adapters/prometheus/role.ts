import type { GroupPlacement } from '../../core/campaign/placement.ts';

/**
 * What the Prometheus of a campaign is on this host: `alone` on loopback; that of the `lead`, which other hosts write to; or the
 * `agent` of a group, which scrapes this host's targets, keeps nothing, and writes to the lead.
 */
export type PrometheusRole =
  | { readonly kind: 'alone' }
  | { readonly kind: 'lead'; readonly url: string }
  | { readonly kind: 'agent'; readonly group: string; readonly leadUrl: string };

/** The role that goes with the group in this host's ledger. */
export function roleOf(group: GroupPlacement | undefined): PrometheusRole {
  if (group === undefined) return { kind: 'alone' };
  const { prometheusUrl } = group.leadAddress;
  return group.lead
    ? { kind: 'lead', url: prometheusUrl }
    : { kind: 'agent', group: group.name, leadUrl: prometheusUrl };
}
