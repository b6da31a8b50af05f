import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { parseSpec } from '../../core/plan/parse-spec.ts';
import type { CampaignSpec } from '../../core/plan/spec.ts';
import { runFolder } from '../host/folders.ts';
import { campaignFolder, ledgerOf, readLedger } from '../host/ledger.ts';
import { readJsonFile, writeJsonFile } from '../host/atomic-file.ts';

/**
 * Specifications on the host of their campaign. `runs/<campaign>/spec.json` is the one that is being tested; every other one
 * that the campaign had lies in `specs/`. A second copy lies beside the ledger until teardown has removed what the ledger
 * lists: without its specification nothing could be removed.
 */

/** Makes `spec` the one that its campaign tests, and keeps the one it replaces. Doing it again changes nothing. */
export function makeCurrent(spec: CampaignSpec): void {
  const folder = runFolder(spec.campaign);
  const path = join(folder, 'spec.json');
  const present = readJsonFile(path) as Partial<CampaignSpec> | undefined;
  if (present?.specHash === spec.specHash) return;
  if (present?.specHash !== undefined) writeJsonFile(oneOf(folder, present.specHash), present);
  writeJsonFile(join(folder, 'plan.json'), { ...spec.plan, deadlines: spec.deadlines });
  writeJsonFile(path, spec);
}

/**
 * Keeps a specification that came from the lead, on a host that has a group of the campaign. Doing it again changes nothing.
 * @throws Error when the folder of the evidence is another campaign's, or that of the lead
 */
export function receiveSpec(spec: CampaignSpec): void {
  // The copy beside the ledger comes last: with it the folder is this group's.
  const isOurs = readJsonFile(oneOf(campaignFolder(spec.slug), spec.specHash)) !== undefined;
  if (!isOurs && runIdOf(spec.campaign) !== undefined)
    throw new Error(
      `${runFolder(spec.campaign)} exists already; each host needs a folder for evidence of its own (BELAY_RUNS)`,
    );
  makeCurrent(spec);
  keepBesideLedger(spec);
}

/** Keeps a specification that a retry may use. The first stage that uses it makes it the current one. */
export function keepForRetry(spec: CampaignSpec): void {
  writeJsonFile(oneOf(runFolder(spec.campaign), spec.specHash), spec);
}

/** Keeps a copy beside the campaign's ledger, if there is a ledger. */
export function keepBesideLedger(spec: CampaignSpec): void {
  if (readLedger(spec.slug) === undefined) return;
  const path = oneOf(campaignFolder(spec.slug), spec.specHash);
  if (readJsonFile(path) === undefined) writeJsonFile(path, spec, { durable: true });
}

/**
 * The specification of a campaign with this hash; undefined if this host does not have it.
 * @throws UnreadableRecord when the file is not a specification that this version can read
 */
export function readSpec(campaign: string, specHash: string): CampaignSpec | undefined {
  const folder = runFolder(campaign);
  for (const path of [join(folder, 'spec.json'), oneOf(folder, specHash)]) {
    const found = readIfHash(path, specHash);
    if (found !== undefined) return found;
  }
  const slug = ledgerOf(campaign)?.slug;
  return slug === undefined ? undefined : readIfHash(oneOf(campaignFolder(slug), specHash), specHash);
}

/** A specification that is kept beside a ledger, the newest if there are several; undefined if there is none. */
export function specBesideLedger(slug: string): CampaignSpec | undefined {
  const folder = join(campaignFolder(slug), 'specs');
  const newest = filesIn(folder)
    .map((name) => join(folder, name))
    .map((path) => ({ path, changedMs: statSync(path).mtimeMs }))
    .toSorted((a, b) => b.changedMs - a.changedMs)[0];
  const value = newest === undefined ? undefined : readJsonFile(newest.path);
  return value === undefined ? undefined : parseSpec(value);
}

/** The specification in the evidence of a campaign, if it is of this slug: for a ledger that has no copy beside it. */
export function specInEvidence(campaign: string, slug: string): CampaignSpec | undefined {
  const value = readJsonFile(join(runFolder(campaign), 'spec.json')) as Partial<CampaignSpec> | undefined;
  return value?.slug === slug ? parseSpec(value) : undefined;
}

/** The run that a campaign's evidence belongs to; undefined if there is no evidence of such a campaign. */
export function runIdOf(campaign: string): string | undefined {
  const spec = readJsonFile(join(runFolder(campaign), 'spec.json')) as Partial<CampaignSpec> | undefined;
  return spec === undefined ? undefined : (spec.runId ?? '');
}

function filesIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder).filter((name) => name.endsWith('.json'));
  } catch {
    return [];
  }
}

function readIfHash(path: string, specHash: string): CampaignSpec | undefined {
  const value = readJsonFile(path) as Partial<CampaignSpec> | undefined;
  return value?.specHash === specHash ? parseSpec(value) : undefined;
}

function oneOf(folder: string, specHash: string): string {
  return join(folder, 'specs', `${specHash.replaceAll(/[^A-Za-z0-9]/g, '').slice(0, 12)}.json`);
}
