import type { LeadAddress } from '../../core/campaign/placement.ts';
import { endpointClient, type EndpointClient } from './endpoint-client.ts';
import { readAccess } from './fleet-access.ts';

/** Calls the endpoint of a campaign's lead. @throws Error where this host has no access to it; what `work` throws */
export async function withLead<T>(
  slug: string,
  { host, endpointUrl }: Pick<LeadAddress, 'host' | 'endpointUrl'>,
  work: (client: EndpointClient) => Promise<T>,
): Promise<T> {
  const access = readAccess(slug);
  if (access === undefined) throw new Error(`this host has no access to ${host}, the lead of the campaign`);
  const client = endpointClient(endpointUrl, access);
  try {
    return await work(client);
  } finally {
    await client.close();
  }
}
