import { isIP } from 'node:net';
import { CLOCK_TOLERANCE_MS } from '../../core/plan/limits.ts';

const LOOPBACK = '127.0.0.1';
/** Kinds of a certificate's names, by their numbers in X.509. */
const DNS_NAME = 2;
const IP_ADDRESS = 7;

/** A certificate and its private key. The certificate is public. */
export interface MadeCertificate {
  readonly certificatePem: string;
  readonly keyPem: string;
}

/**
 * Makes a certificate that signs itself, for a server that is reached at `address` (an IP address or a DNS name) and on
 * loopback. Its clients are given it and trust nothing else. It is valid from before now, because the clocks of hosts differ.
 */
export async function makeCertificate({
  address,
  validMs,
}: {
  readonly address: string;
  readonly validMs: number;
}): Promise<MadeCertificate> {
  // Only a lead needs it, and loading it takes longer than a command may.
  const { generate } = await import('selfsigned');
  const now = Date.now();
  const names = [...new Set([address, LOOPBACK])];
  const { cert, private: key } = await generate([{ name: 'commonName', value: 'belay campaign' }], {
    keyType: 'ec',
    curve: 'P-256',
    algorithm: 'sha256',
    notBeforeDate: new Date(now - CLOCK_TOLERANCE_MS),
    notAfterDate: new Date(now + validMs + CLOCK_TOLERANCE_MS),
    extensions: [
      // It signs nothing but itself.
      { name: 'basicConstraints', cA: false, critical: true },
      { name: 'keyUsage', digitalSignature: true, critical: true },
      { name: 'extKeyUsage', serverAuth: true },
      {
        name: 'subjectAltName',
        altNames: names.map((name) =>
          isIP(name) === 0 ? { type: DNS_NAME, value: name } : { type: IP_ADDRESS, ip: name },
        ),
      },
    ],
  });
  return { certificatePem: inLines(cert), keyPem: inLines(key) };
}

/** PEM with one kind of line end. */
function inLines(pem: string): string {
  return `${pem.replaceAll('\r\n', '\n').trim()}\n`;
}
