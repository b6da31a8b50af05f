import { createHmac } from 'node:crypto';
import { CREDENTIAL_BYTES } from '../../core/plan/limits.ts';
import { messageOf } from '../../core/text/message-of.ts';
import { readLimitedFile } from '../host/limited-text.ts';

/** The user of every password that is made from the fleet secret. */
export const FLEET_USER = 'belay';

const SECRET = 'BELAY_FLEET_SECRET';
const SECRET_FILE = 'BELAY_FLEET_SECRET_FILE';
const LEAST_CHARACTERS = 16;

/**
 * The secret that all hosts of a fleet share: the variable, or the content of the file that the other variable names, without
 * white space around it. Undefined when neither is set: campaigns then stay on one host.
 * @throws Error naming the variable when the secret cannot be used; the secret itself is in no message
 */
export function readFleetSecret(): string | undefined {
  const direct = process.env[SECRET] || undefined;
  const path = process.env[SECRET_FILE] || undefined;
  if (direct !== undefined && path !== undefined) throw new Error(`${SECRET} and ${SECRET_FILE} are both set: set one`);
  if (direct === undefined && path === undefined) return undefined;
  const from = direct === undefined ? `${SECRET_FILE} (${path})` : SECRET;
  const secret = (direct ?? textOf(path ?? '')).trim();
  if (secret.length < LEAST_CHARACTERS)
    throw new Error(`${from}: found ${secret.length} characters; at least ${LEAST_CHARACTERS} are needed`);
  return secret;
}

/** The secret. @throws Error that names the variables when none of them is set, and as `readFleetSecret` */
export function requireFleetSecret(): string {
  const secret = readFleetSecret();
  if (secret === undefined) throw new Error(`no fleet secret is set on this host (${SECRET} or ${SECRET_FILE})`);
  return secret;
}

/**
 * The password of one campaign: HMAC-SHA256 with the fleet secret, in hex, of its name and of the certificate of its lead. Every host of the
 * fleet gets the same one without asking anyone, and one campaign's password opens no other campaign. What a host offers to a lead of
 * another certificate, which any client may name, opens nothing.
 * @param certificatePem absent for a lead that an earlier version opened: its password is made of the name alone
 */
export function campaignPassword(secret: string, campaign: string, certificatePem?: string): string {
  // A name has no line end.
  const of = certificatePem === undefined ? campaign : `${campaign}\n${certificatePem}`;
  return createHmac('sha256', secret).update(of).digest('hex');
}

function textOf(path: string): string {
  try {
    return readLimitedFile(path, CREDENTIAL_BYTES);
  } catch (cause) {
    throw new Error(`${SECRET_FILE}: ${messageOf(cause)}`, { cause });
  }
}
