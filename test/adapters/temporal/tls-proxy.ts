import { readFileSync } from 'node:fs';
import { connect } from 'node:net';
import type { AddressInfo } from 'node:net';
import { createServer } from 'node:tls';
import { fileURLToPath } from 'node:url';

/** One self-signed certificate for all three parts: the server's, the client's, and the authority that both trust. */
export const certificatePath: string = fileURLToPath(new URL('tls/certificate.pem', import.meta.url));

/** Its key; for tests on loopback only. */
export const keyPath: string = fileURLToPath(new URL('tls/key.pem', import.meta.url));

/** A door of TLS, with client certificates demanded, in front of a server on loopback. */
export async function serveTlsProxy(target: string): Promise<{ readonly address: string; readonly close: () => void }> {
  const certificate = readFileSync(certificatePath);
  const server = createServer(
    {
      key: readFileSync(keyPath),
      cert: certificate,
      ca: certificate,
      requestCert: true,
      rejectUnauthorized: true,
      ALPNProtocols: ['h2'],
    },
    (outside) => {
      const [host = '', port = ''] = target.split(':');
      const inside = connect(Number(port), host);
      outside.pipe(inside).pipe(outside);
      outside.on('error', () => inside.destroy());
      inside.on('error', () => outside.destroy());
    },
  );
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  return { address: `127.0.0.1:${(server.address() as AddressInfo).port}`, close: () => server.close() };
}
