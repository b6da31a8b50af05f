import { createPrivateKey, X509Certificate, type KeyObject } from 'node:crypto';
import { KubeconfigProblem } from '../../core/kubeconfig/kubeconfig-problem.ts';

const CERTIFICATE = /-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/g;

/**
 * Refuses certificates of a cluster that TLS would pass over without a word: of a bundle at least one has to be readable, as for kubectl.
 * @param what the field, for the message
 * @throws KubeconfigProblem
 */
export function checkAuthority(ca: string, what: string): void {
  if ((ca.match(CERTIFICATE) ?? []).some((block) => certificateOf(block) !== undefined)) return;
  throw new KubeconfigProblem(`${what}: ${lack(ca, 'certificate')}`);
}

/**
 * Refuses a client certificate and its key that no connection could be opened with. What they hold stays out of the message.
 * @throws KubeconfigProblem
 */
export function checkClientCertificate(cert: string, key: string, what: string): void {
  const certificate = certificateOf(cert);
  if (certificate === undefined)
    throw new KubeconfigProblem(`${what}: client-certificate: ${lack(cert, 'certificate')}`);
  if (!certificate.checkPrivateKey(keyOf(key, what)))
    throw new KubeconfigProblem(`${what}: client-key is not the key of client-certificate`);
}

/** When a client certificate has expired; undefined while it is valid. */
export function expiredAt(cert: string): Date | undefined {
  const { validToDate } = certificateOf(cert) ?? {};
  return validToDate !== undefined && validToDate.getTime() < Date.now() ? validToDate : undefined;
}

function certificateOf(text: string): X509Certificate | undefined {
  // DER would be read as well, and is refused by TLS.
  if (!text.includes('-----BEGIN ')) return undefined;
  try {
    return new X509Certificate(text);
  } catch {
    return undefined;
  }
}

function keyOf(text: string, what: string): KeyObject {
  try {
    return createPrivateKey(text);
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    const isEncrypted = code === 'ERR_MISSING_PASSPHRASE' || /ENCRYPTED/.test(text);
    const why = isEncrypted ? 'it is encrypted; expected a key without a passphrase' : lack(text, 'private key');
    throw new KubeconfigProblem(`${what}: client-key: ${why}`, { cause });
  }
}

function lack(text: string, kind: string): string {
  if (text.trim() === '') return 'it is empty';
  return text.includes('-----BEGIN ') ? `no ${kind} in it can be read` : `it holds no ${kind} in PEM form`;
}
