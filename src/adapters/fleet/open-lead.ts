import type { LeadAddress } from '../../core/campaign/placement.ts';
import { CERTIFICATE_MS } from '../../core/plan/limits.ts';
import { readLedger } from '../host/ledger.ts';
import { claimPorts } from '../host/port-claims.ts';
import { authorityOf, listenAddress } from './advertised-address.ts';
import { makeLeadAccess } from './fleet-access.ts';
import { requireFleetSecret } from './fleet-secret.ts';

/** The campaign that this host leads. */
interface LeadRequest {
  readonly campaign: string;
  readonly slug: string;
  readonly host: { readonly host: string; readonly address: string };
}

/**
 * Makes what the members of a campaign need of its lead: ports for the endpoint and for Prometheus, a certificate and the password.
 * A worker of this host serves the endpoint as soon as the ledger has the address. Doing it again returns the address in the ledger.
 * @throws Error without a fleet secret, or without free ports
 */
export async function openLead({ campaign, slug, host }: LeadRequest): Promise<LeadAddress> {
  const group = readLedger(slug)?.group;
  if (group?.lead === true) return group.leadAddress;
  const { address } = host;
  const secret = requireFleetSecret();
  const [endpoint = 0, prometheus = 0] = await claimPorts(slug, 2, listenAddress(address));
  // Holds and retries move the end of a campaign. The key is removed with the campaign's folder.
  const { certificatePem } = await makeLeadAccess({ slug, campaign, secret, address, validMs: CERTIFICATE_MS });
  return {
    host: host.host,
    endpointUrl: `https://${authorityOf(address, endpoint)}`,
    prometheusUrl: `https://${authorityOf(address, prometheus)}`,
    certificatePem,
    passwordOf: 'certificate',
  };
}
