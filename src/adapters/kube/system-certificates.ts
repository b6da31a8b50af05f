import { getCACertificates } from 'node:tls';

let system: readonly string[] | undefined;

/** Certificates that this machine trusts, as kubectl does, and those that Node adds. */
export function systemCertificates(): readonly string[] {
  system ??= [...new Set([...getCACertificates('default'), ...getCACertificates('system')])];
  return system;
}
