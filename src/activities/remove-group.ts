import type { Logger } from 'pino';
import { specBesideLedger } from '../adapters/evidence/spec-store.ts';
import type { Ledger } from '../adapters/host/ledger.ts';
import { boundInWorker } from './bound-in-worker.ts';
import { stageSteps } from './stage-steps.ts';
import { tearDown, type TeardownAdapters } from './teardown.ts';

/**
 * Removes what a campaign has on this host, with the code of `teardown`, outside of an activity. Its evidence stays.
 * @returns what could not be removed
 */
export async function removeGroup(
  { slug, clusters, processes }: Ledger,
  {
    log,
    adapters,
    signal,
  }: { readonly log: Logger; readonly adapters: TeardownAdapters; readonly signal: AbortSignal },
): Promise<readonly string[]> {
  const spec = specBesideLedger(slug);
  if (spec === undefined) {
    // The worker ended before it had the specification: nothing was made yet.
    if (clusters.length > 0 || processes.length > 0) return ['its specification is gone'];
    adapters.ledger.removeFolder(slug);
    return [];
  }
  const steps = stageSteps(spec, 'teardown', log, { bound: boundInWorker(signal), signal: () => signal });
  const event = (what: string, detail: string): void => log.warn({ what }, detail);
  const { leftovers } = await tearDown({ spec, log, event, ...steps }, adapters);
  return leftovers;
}
