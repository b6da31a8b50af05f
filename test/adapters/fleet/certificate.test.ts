import { createPrivateKey, X509Certificate } from 'node:crypto';
import { expect, test } from 'vitest';
import { makeCertificate } from '../../../src/adapters/fleet/certificate.ts';

const HOUR_MS = 3_600_000;

test('a certificate signs itself, is of its key, and has the names that it was made for', async () => {
  const { certificatePem, keyPem } = await makeCertificate({ address: '10.77.1.2', validMs: HOUR_MS });
  const certificate = new X509Certificate(certificatePem);
  expect(certificate.checkIP('10.77.1.2')).toBe('10.77.1.2');
  expect(certificate.checkIP('127.0.0.1')).toBe('127.0.0.1');
  expect(certificate.checkIP('10.77.1.3')).toBeUndefined();
  expect(certificate.checkPrivateKey(createPrivateKey(keyPem))).toBe(true);
  expect(certificate.verify(certificate.publicKey)).toBe(true);
  expect(certificate.ca).toBe(false);
  expect(certificate.publicKey.asymmetricKeyDetails?.namedCurve).toBe('prime256v1');
});

test('names and addresses of both kinds can be in it', async () => {
  const named = new X509Certificate(
    (await makeCertificate({ address: 'lead.example', validMs: HOUR_MS })).certificatePem,
  );
  expect(named.checkHost('lead.example')).toBe('lead.example');
  expect(named.checkHost('other.example')).toBeUndefined();
  const long = new X509Certificate((await makeCertificate({ address: 'fd00::7', validMs: HOUR_MS })).certificatePem);
  expect(long.checkIP('fd00::7')).toBe('fd00::7');
});

test('it is valid for its time, and on hosts whose clocks differ by hours', async () => {
  const { certificatePem } = await makeCertificate({ address: '127.0.0.1', validMs: 48 * HOUR_MS });
  const { validFromDate, validToDate } = new X509Certificate(certificatePem);
  expect(validFromDate.getTime()).toBeLessThan(Date.now() - 23 * HOUR_MS);
  expect(validToDate.getTime()).toBeGreaterThan(Date.now() + 71 * HOUR_MS);
});

test('two of them have nothing in common', async () => {
  const [one, other] = await Promise.all(
    [1, 2].map(
      async () => new X509Certificate((await makeCertificate({ address: '127.0.0.1', validMs: 1 })).certificatePem),
    ),
  );
  expect(one?.serialNumber).not.toBe(other?.serialNumber);
  expect(one?.publicKey.equals(other?.publicKey ?? one.publicKey)).toBe(false);
});
