import { isDeepStrictEqual } from 'node:util';
import type { LeadAddress } from '../../core/campaign/placement.ts';
import { SPEC_FETCH_MS } from '../../core/plan/limits.ts';
import { parseSpec } from '../../core/plan/parse-spec.ts';
import type { Substrate } from '../../core/model/substrate.ts';
import type { CampaignSpec } from '../../core/plan/spec.ts';
import { quoted } from '../../core/text/quoted.ts';
import { findSubstrate } from '../files/find.ts';
import { searchFolders } from '../host/folders.ts';
import { endpointClient } from './endpoint-client.ts';
import { keepMemberAccess } from './fleet-access.ts';
import { requireFleetSecret } from './fleet-secret.ts';

/** A specification, and the lead that has it. */
export interface SpecRequest {
  readonly campaign: string;
  readonly slug: string;
  readonly specHash: string;
  readonly lead: LeadAddress;
  readonly signal: AbortSignal;
}

/**
 * Gets a campaign's specification from its lead, and keeps the access to the lead beside the campaign's ledger.
 * @throws Error without a fleet secret, when the lead does not answer or refuses, or answers with another specification, or with one whose
 * clusters would get other variables than this host's file of the substrate says
 */
export async function fetchSpec({ campaign, slug, specHash, lead, signal }: SpecRequest): Promise<CampaignSpec> {
  const { endpointUrl } = lead;
  const access = keepMemberAccess({ slug, campaign, secret: requireFleetSecret(), ...lead });
  const client = endpointClient(endpointUrl, access);
  try {
    const spec = parseSpec(await client.fetchSpec(specHash, { signal, budgetMs: SPEC_FETCH_MS }));
    const isMeant = spec.campaign === campaign && spec.slug === slug && spec.specHash === specHash;
    if (!isMeant)
      throw new Error(`${endpointUrl} answered with the specification of ${spec.campaign}, not that of ${campaign}`);
    // Only local clusters are spread over hosts. Whatever answers must not choose a kubeconfig of this host.
    if (spec.substrate.type !== 'local')
      throw new Error(`${endpointUrl} answered with a substrate of type ${spec.substrate.type}; allowed: local`);
    refuseOtherVariables(spec.substrate);
    return spec;
  } finally {
    await client.close();
  }
}

/**
 * Any client may name a lead. What decides which code a process loads (LD_PRELOAD) comes from a file of this host, as programs and
 * arguments do.
 */
function refuseOtherVariables({ metadata, local }: Substrate): void {
  const wanted: unknown = local?.env ?? {};
  if (isDeepStrictEqual(wanted, {})) return;
  const found = findSubstrate(metadata.name, searchFolders());
  // Maps of a file have no prototype.
  if (found.ok && isDeepStrictEqual(wanted, { ...found.value.local?.env })) return;
  const name = quoted(metadata.name);
  throw new Error(
    `local.env of substrate ${name} is not that of this host's file; allowed: the same file on all hosts`,
  );
}
