import { externalTarget } from '../adapters/temporal/target.ts';

/**
 * The host that will have a campaign's local clusters: this one, if its Temporal is the dev server. With another Temporal, workers of
 * other hosts may take the campaign, and the worker that does compares it with its own host.
 * @param look what is asked of the host
 */
export function hostOfClusters<Host>(look: () => Host): { readonly host?: Host } {
  try {
    return externalTarget() === undefined ? { host: look() } : {};
  } catch {
    // Connecting says what is wrong with the settings.
    return {};
  }
}
