import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { KEEPER_CHECK_MS } from '../../core/plan/limits.ts';
import { runFolder, stateFolder } from '../host/folders.ts';
import { ledgerSlugs, readLedger, type Ledger } from '../host/ledger.ts';
import { pause } from '../host/poll-until.ts';
import { tryProcessLock, type ProcessLock } from '../host/process-lock.ts';
import { startEndpoint, type Endpoint } from './endpoint.ts';
import { fleetFiles, readAccess } from './fleet-access.ts';

/** What the service needs of a logger; pino's fits. */
interface ServiceLog {
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
}

export interface ServiceOptions {
  readonly log: ServiceLog;
  /** Ends the service. */
  readonly signal: AbortSignal;
  /** The specification of a campaign with this hash, as it is stored on this host. */
  spec(campaign: string, hash: string): unknown;
}

interface Served {
  readonly endpoint: Endpoint;
  readonly lock: ProcessLock;
}

/**
 * Serves the endpoint of every campaign whose lead this host is, at the address that its ledger records, until the campaign is
 * torn down. Of several workers of a host one serves a campaign. When it ends, another one goes on at the same address.
 * @returns when the signal is aborted and all endpoints are closed
 */
export async function serveEndpoints(options: ServiceOptions): Promise<void> {
  const served = new Map<string, Served>();
  while (!options.signal.aborted) {
    const wanted = leadsHere(options.log);
    for (const [slug, each] of served) {
      if (wanted.has(slug) && each.lock.isHeld()) continue;
      served.delete(slug);
      await end(each);
    }
    for (const ledger of wanted.values()) {
      if (served.has(ledger.slug)) continue;
      const begun = await begin(ledger, options);
      if (begun !== undefined) served.set(ledger.slug, begun);
    }
    await pause(KEEPER_CHECK_MS, options.signal).catch(() => undefined);
  }
  await Promise.all([...served.values()].map(end));
}

/** Ledgers of the campaigns that this host leads and that are not being torn down. */
function leadsHere(log: ServiceLog): ReadonlyMap<string, Ledger> {
  const leads = new Map<string, Ledger>();
  for (const slug of ledgerSlugs()) {
    try {
      const ledger = readLedger(slug);
      if (ledger?.group?.lead === true && ledger.closing !== true) leads.set(slug, ledger);
    } catch (cause) {
      // One ledger that cannot be read must not end the endpoints of the others.
      log.warn({ slug, err: cause }, 'the endpoint of a campaign cannot be looked after');
    }
  }
  return leads;
}

/** Serves a campaign's endpoint, unless another worker does. */
async function begin({ slug, campaign, group }: Ledger, options: ServiceOptions): Promise<Served | undefined> {
  const { log } = options;
  // Not in the campaign's folder, which a teardown may be removing.
  const lock = tryProcessLock(join(stateFolder(), 'locks', `${slug}.endpoint`));
  if (lock === undefined) return undefined;
  try {
    const access = readAccess(slug);
    if (access === undefined || group === undefined) throw new Error('its certificate or password is not there');
    const { hostname, port, host } = new URL(group.leadAddress.endpointUrl);
    const endpoint = await startEndpoint({
      access,
      keyPem: readFileSync(fleetFiles(slug).key, 'utf8'),
      address: hostname.replaceAll(/^\[|\]$/g, ''),
      port: Number(port),
      folder: runFolder(campaign),
      spec: (hash) => options.spec(campaign, hash),
      onError: (cause) => log.warn({ campaign, err: cause }, 'a request to the endpoint failed'),
    });
    log.info({ campaign, address: host }, 'the endpoint of the campaign is served');
    return { endpoint, lock };
  } catch (cause) {
    lock.release();
    log.warn({ campaign, err: cause }, 'the endpoint of the campaign cannot be served yet');
    return undefined;
  }
}

async function end({ endpoint, lock }: Served): Promise<void> {
  await endpoint.close();
  lock.release();
}
