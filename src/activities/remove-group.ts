import type { Logger } from 'pino';
import { discardEvidence, evidenceFolder } from '../adapters/evidence/evidence-folder.ts';
import { specBesideLedger, specInEvidence } from '../adapters/evidence/spec-store.ts';
import { join } from 'node:path';
import { stateFolder } from '../adapters/host/folders.ts';
import type { Ledger } from '../adapters/host/ledger.ts';
import { withProcessLock } from '../adapters/host/process-lock.ts';
import { REMOVAL_AWAITED_MS } from '../core/plan/limits.ts';
import { boundInWorker } from './bound-in-worker.ts';
import { keepLateEvidence, type LateEvidenceAdapters } from './late-evidence.ts';
import { stageSteps } from './stage-steps.ts';
import { tearDown, type TeardownAdapters } from './teardown.ts';

/** What removing a group works with. */
export type RemovalAdapters = TeardownAdapters & LateEvidenceAdapters;

interface Removing {
  readonly log: Logger;
  readonly adapters: RemovalAdapters;
  readonly signal: AbortSignal;
}

/**
 * Removes what a campaign has on this host, with the code of `teardown`, outside of an activity. Evidence that the lead does not have
 * is sent to it before; what the lead does not take stays.
 * @returns what could not be removed
 */
export async function removeGroup(ledger: Ledger, removing: Removing): Promise<readonly string[]> {
  const path = join(stateFolder(), 'locks', `${ledger.slug}.removal`);
  return await withProcessLock(path, { signal: removing.signal, waitMs: REMOVAL_AWAITED_MS }, async () => {
    // Another sweep may have removed it since the ledger was read.
    const present = removing.adapters.ledger.read(ledger.slug);
    return present === undefined ? [] : await removeAll(present, removing);
  });
}

async function removeAll(
  { campaign, slug, clusters, processes, group }: Ledger,
  { log, adapters, signal }: Removing,
): Promise<readonly string[]> {
  // A version before this one kept none beside the ledger before `provision` had ended.
  const spec = specBesideLedger(slug) ?? specInEvidence(campaign, slug);
  if (spec === undefined) {
    // The worker ended before it had the specification: nothing was made yet.
    if (clusters.length > 0 || processes.length > 0) return ['its specification is gone'];
    adapters.ledger.removeFolder(slug);
    return [];
  }
  const steps = stageSteps(spec, 'teardown', log, { bound: boundInWorker(signal), signal: () => signal });
  if (group !== undefined) {
    const folder = evidenceFolder(spec.campaign);
    await keepLateEvidence({ spec, group, folder, log, signal, bound: boundInWorker(signal) }, adapters);
  }
  const event = (what: string, detail: string): void => log.warn({ what }, detail);
  const evidence = { discard: () => discardEvidence(spec.campaign) };
  const { leftovers } = await tearDown({ spec, log, event, evidence, ...steps }, adapters);
  return leftovers;
}
