import { CreateBucketCommand, S3Client } from '@aws-sdk/client-s3';
import { mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { vi } from 'vitest';
import { freePort } from '../../../src/adapters/host/ports.ts';
import { startDetached, stopProcess, type ProcessRecord } from '../../../src/adapters/host/processes.ts';
import { built } from '../built-tool.ts';
import { eventually } from '../eventually.ts';

const MODULE = 'github.com/versity/versitygw';
const REGION = 'us-east-1';

/** A real S3 server with one bucket, as a process. */
export interface S3Server {
  readonly endpoint: string;
  readonly credentials: { readonly accessKeyId: string; readonly secretAccessKey: string };
  /** Objects of the bucket by their keys. */
  keys(): readonly string[];
  /** The file of an object. */
  file(key: string): string;
  /** Ends it, as a crash does. */
  kill(): Promise<void>;
  /** Starts it again at the same address, with its data. */
  start(): Promise<void>;
  close(): Promise<void>;
}

export const BUCKET = 'evidence';

/** Starts one on loopback. It is built from tools/s3 when it is not in the cache of tools. */
export async function s3Server(): Promise<S3Server> {
  const binary = await built({ in: 's3', name: 'versitygw', module: MODULE, package: `${MODULE}/cmd/versitygw` });
  const folder = mkdtempSync(join(tmpdir(), 'belay-s3-'));
  const data = join(folder, 'data');
  mkdirSync(data);
  const port = await freePort();
  const endpoint = `http://127.0.0.1:${port}`;
  const credentials = { accessKeyId: 'tester', secretAccessKey: 'a secret of the test' };
  let record: ProcessRecord | undefined;
  const client = new S3Client({ endpoint, credentials, region: REGION, forcePathStyle: true });
  const server: S3Server = {
    endpoint,
    credentials,
    keys: () =>
      readdirSync(join(data, BUCKET), { recursive: true, withFileTypes: true })
        .filter((entry) => entry.isFile())
        .map((entry) => join(entry.parentPath, entry.name).slice(join(data, BUCKET).length + 1))
        .filter((key) => !key.startsWith('.sgwtmp'))
        .sort(),
    file: (key) => join(data, BUCKET, key),
    async kill() {
      if (record !== undefined) await stopProcess(record, 1_000);
      record = undefined;
    },
    async start() {
      record = await startDetached({
        name: 's3',
        file: binary,
        args: ['--port', `127.0.0.1:${port}`, '--quiet', 'posix', data],
        env: { ROOT_ACCESS_KEY: credentials.accessKeyId, ROOT_SECRET_KEY: credentials.secretAccessKey },
        cwd: folder,
        logPath: join(folder, 's3.log'),
      });
      await eventually(async () => {
        try {
          return (await fetch(endpoint)).status > 0;
        } catch {
          return false;
        }
      });
    },
    async close() {
      client.destroy();
      await server.kill();
      rmSync(folder, { recursive: true, force: true });
    },
  };
  await server.start();
  await client.send(new CreateBucketCommand({ Bucket: BUCKET }));
  return server;
}

/** Settings of a host that keeps its evidence there. Nothing asks the machine for credentials. */
export function useStore(server: S3Server, prefix = ''): void {
  vi.stubEnv('BELAY_EVIDENCE', `s3://${BUCKET}${prefix === '' ? '' : `/${prefix}`}`);
  vi.stubEnv('BELAY_EVIDENCE_ENDPOINT', server.endpoint);
  vi.stubEnv('AWS_ACCESS_KEY_ID', server.credentials.accessKeyId);
  vi.stubEnv('AWS_SECRET_ACCESS_KEY', server.credentials.secretAccessKey);
  vi.stubEnv('AWS_EC2_METADATA_DISABLED', 'true');
}
