import type { LeadAddress } from '../../core/campaign/placement.ts';
import { SPEC_FETCH_MS } from '../../core/plan/limits.ts';
import { parseSpec } from '../../core/plan/parse-spec.ts';
import type { CampaignSpec } from '../../core/plan/spec.ts';
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
 * @throws Error without a fleet secret, when the lead does not answer or refuses, or answers with another specification
 */
export async function fetchSpec({ campaign, slug, specHash, lead, signal }: SpecRequest): Promise<CampaignSpec> {
  const { certificatePem, endpointUrl } = lead;
  const access = keepMemberAccess({ slug, campaign, secret: requireFleetSecret(), certificatePem });
  const client = endpointClient(endpointUrl, access);
  try {
    const spec = parseSpec(await client.fetchSpec(specHash, { signal, budgetMs: SPEC_FETCH_MS }));
    const isMeant = spec.campaign === campaign && spec.slug === slug && spec.specHash === specHash;
    if (!isMeant)
      throw new Error(`${endpointUrl} answered with the specification of ${spec.campaign}, not that of ${campaign}`);
    // Only local clusters are spread over hosts. Whatever answers must not choose a kubeconfig of this host.
    if (spec.substrate.type !== 'local')
      throw new Error(`${endpointUrl} answered with a substrate of type ${spec.substrate.type}; allowed: local`);
    return spec;
  } finally {
    await client.close();
  }
}
