import type { Agent } from 'undici';
import { HTTP_CONNECT_MS } from '../../core/plan/limits.ts';
import { authorizationOf, connectOptions, type FleetAccess } from '../fleet/fleet-access.ts';

/** How a Prometheus is reached: its connections, and the headers of each request. */
export interface Opening {
  readonly connect: NonNullable<Agent.Options['connect']>;
  readonly headers: Readonly<Record<string, string>>;
  /** Taken out of answers: a server that shows what it was sent must not put it into messages. */
  readonly secrets?: readonly string[];
}

/** A Prometheus that needs neither TLS nor a password. */
export const LOOPBACK_OPENING: Opening = { connect: { timeout: HTTP_CONNECT_MS }, headers: {} };

/** That of a campaign's lead: the certificate that the server must show, and the password. Without access it needs none. */
export function leadOpening(access: FleetAccess | undefined): Opening {
  if (access === undefined) return LOOPBACK_OPENING;
  return { connect: connectOptions(access), headers: { authorization: authorizationOf(access) } };
}
