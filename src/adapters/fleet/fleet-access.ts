import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Agent } from 'undici';
import type { LeadAddress } from '../../core/campaign/placement.ts';
import { HTTP_CONNECT_MS } from '../../core/plan/limits.ts';
import { writeTextFile } from '../host/atomic-file.ts';
import { campaignFolder } from '../host/ledger.ts';
import { makeCertificate } from './certificate.ts';
import { campaignPassword, FLEET_USER } from './fleet-secret.ts';

/** What opens the servers of a campaign's lead: the one certificate that they may show, and the campaign's password. */
export interface FleetAccess {
  readonly certificatePem: string;
  readonly password: string;
}

/** The files of a campaign's access on one host, readable by its user only. They are in no evidence and go with the campaign's folder. */
export interface FleetFiles {
  readonly certificate: string;
  /** Only on the lead. */
  readonly key: string;
  readonly password: string;
}

const PRIVATE = 0o600;

/** Where the files of a campaign's access are on this host. They may not exist. */
export function fleetFiles(slug: string): FleetFiles {
  const folder = join(campaignFolder(slug), 'fleet');
  return {
    certificate: join(folder, 'certificate.pem'),
    key: join(folder, 'key.pem'),
    password: join(folder, 'password'),
  };
}

/** Which campaign's access is kept, and the fleet secret that its password is made from. */
interface AccessRequest {
  readonly slug: string;
  readonly campaign: string;
  readonly secret: string;
}

/** Makes the access of a campaign on its lead, with a certificate for `address`. Doing it again changes nothing. */
export async function makeLeadAccess(
  request: AccessRequest & { readonly address: string; readonly validMs: number },
): Promise<FleetAccess> {
  const known = readAccess(request.slug);
  if (known !== undefined && textOf(fleetFiles(request.slug).key) !== undefined)
    return keepAccess(request, known.certificatePem, known.certificatePem);
  const { certificatePem, keyPem } = await makeCertificate(request);
  const files = fleetFiles(request.slug);
  // The password goes last: with it the access is whole.
  writeTextFile(files.key, keyPem, { mode: PRIVATE });
  return keepAccess(request, certificatePem, certificatePem);
}

/** Keeps the access of a campaign on a member: the lead's certificate, and the password that this host makes itself. */
export function keepMemberAccess(
  request: AccessRequest & Pick<LeadAddress, 'certificatePem' | 'passwordOf'>,
): FleetAccess {
  const { certificatePem, passwordOf } = request;
  return keepAccess(request, certificatePem, passwordOf === undefined ? undefined : certificatePem);
}

/** The access of a campaign as this host keeps it; undefined where the campaign has none. */
export function readAccess(slug: string): FleetAccess | undefined {
  const files = fleetFiles(slug);
  const certificatePem = textOf(files.certificate);
  const password = textOf(files.password);
  return certificatePem === undefined || password === undefined ? undefined : { certificatePem, password };
}

/** The header that shows the password to a server of the lead. */
export function authorizationOf({ password }: Pick<FleetAccess, 'password'>): string {
  return `Basic ${Buffer.from(`${FLEET_USER}:${password}`).toString('base64')}`;
}

/** Options of connections to a server of the lead: TLS that trusts its certificate and no other, or plain without access. */
export function connectOptions(access: FleetAccess | undefined): NonNullable<Agent.Options['connect']> {
  return access === undefined
    ? { timeout: HTTP_CONNECT_MS }
    : { timeout: HTTP_CONNECT_MS, ca: access.certificatePem, minVersion: 'TLSv1.2' };
}

function keepAccess(
  { slug, campaign, secret }: AccessRequest,
  certificatePem: string,
  passwordOf: string | undefined,
): FleetAccess {
  const files = fleetFiles(slug);
  const password = campaignPassword(secret, campaign, passwordOf);
  writeTextFile(files.certificate, certificatePem, { mode: PRIVATE });
  writeTextFile(files.password, password, { mode: PRIVATE });
  return { certificatePem, password };
}

function textOf(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw cause;
  }
}
