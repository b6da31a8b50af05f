import type { Logger } from 'pino';
import { discardEvidence } from '../adapters/evidence/evidence-folder.ts';
import { specBesideLedger } from '../adapters/evidence/spec-store.ts';
import { join } from 'node:path';
import { stateFolder } from '../adapters/host/folders.ts';
import type { Ledger } from '../adapters/host/ledger.ts';
import { tryProcessLock } from '../adapters/host/process-lock.ts';
import { boundInWorker } from './bound-in-worker.ts';
import { stageSteps } from './stage-steps.ts';
import { tearDown, type TeardownAdapters } from './teardown.ts';

interface Removing {
  readonly log: Logger;
  readonly adapters: TeardownAdapters;
  readonly signal: AbortSignal;
}

/**
 * Removes what a campaign has on this host, with the code of `teardown`, outside of an activity. Evidence that the lead does not have
 * stays.
 * @returns what could not be removed
 */
export async function removeGroup(ledger: Ledger, removing: Removing): Promise<readonly string[]> {
  const lock = tryProcessLock(join(stateFolder(), 'locks', `${ledger.slug}.removal`));
  if (lock === undefined) return ['it is being removed by another sweep'];
  try {
    return await removeAll(ledger, removing);
  } finally {
    lock.release();
  }
}

async function removeAll(
  { slug, clusters, processes }: Ledger,
  { log, adapters, signal }: Removing,
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
  const evidence = { discard: () => discardEvidence(spec.campaign) };
  const { leftovers } = await tearDown({ spec, log, event, evidence, ...steps }, adapters);
  return leftovers;
}
