import { hostSize } from '../adapters/host/host-size.ts';
import { externalTarget } from '../adapters/temporal/target.ts';
import type { HostSize } from '../core/model/host-size.ts';

/**
 * The host that will have a campaign's local clusters: this one, if its Temporal is the dev server. With another Temporal, workers of
 * other hosts may take the campaign, and the worker that does compares it with its own host.
 */
export function hostOfClusters(): { readonly host?: HostSize } {
  try {
    return externalTarget() === undefined ? { host: hostSize() } : {};
  } catch {
    // Connecting says what is wrong with the settings.
    return {};
  }
}
