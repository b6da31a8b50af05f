import type { ListObjectsV2CommandOutput, S3Client } from '@aws-sdk/client-s3';
import { once } from 'node:events';
import { createReadStream } from 'node:fs';
import type { Readable } from 'node:stream';
import {
  ENDPOINT_CALL_MS,
  ENDPOINT_FILE_MS,
  ENDPOINT_SILENCE_MS,
  EVIDENCE_FILES_AT_ONCE,
  EVIDENCE_LIST_BYTES,
  EVIDENCE_LIST_PAGES,
  HTTP_CONNECT_MS,
} from '../../core/plan/limits.ts';
import type { EvidenceSetting } from '../host/evidence-setting.ts';
import { limitedText, TooLarge } from '../host/limited-text.ts';
import type { ListedFile } from '../host/listed-files.ts';
import { tryAgain, type CallLimits } from '../host/try-again.ts';

/** Objects of one store. Keys are relative to the prefix of the setting. Calls are tried again within their budgets. */
export interface S3Objects {
  /** `s3://bucket/prefix`, for messages. */
  readonly text: string;
  /** Puts a file, unless the object has its content already. @returns whether it was sent. @throws Error naming setting and key */
  putFile(key: string, file: ListedFile, source: string, limits: CallLimits): Promise<boolean>;
  /** Passes the content of an object to `take`, again from the start when the transfer breaks off. */
  get(key: string, take: (content: Readable) => Promise<void>, limits: CallLimits): Promise<void>;
  putText(key: string, text: string, limits: CallLimits): Promise<void>;
  /** The text of an object; undefined when there is none. */
  getText(key: string, limits: CallLimits): Promise<string | undefined>;
  remove(key: string, limits: CallLimits): Promise<void>;
  /** The first parts of all keys that have more than one, e.g. the campaigns. */
  folders(limits: CallLimits): Promise<readonly string[]>;
  close(): void;
}

/** Region where nothing sets one: stores that are not Amazon's take any. */
const DEFAULT_REGION = 'us-east-1';
const nothing = (): void => undefined;
const SILENT = { trace: nothing, debug: nothing, info: nothing, warn: nothing, error: nothing };
/** Metadata of an object: the sha256 of its content in hex. */
const SHA256 = 'sha256';

/** Opens a store with the credentials that the SDK finds: AWS_* variables, its files, or those of the machine. */
export async function s3Objects({ bucket, prefix, endpoint, text }: EvidenceSetting): Promise<S3Objects> {
  // It is large, and only who has set a store needs it.
  const sdk = await import('@aws-sdk/client-s3');
  const client: S3Client = new sdk.S3Client({
    ...(endpoint === undefined ? {} : { endpoint, forcePathStyle: true }),
    ...(process.env['AWS_REGION'] || process.env['AWS_DEFAULT_REGION'] ? {} : { region: DEFAULT_REGION }),
    // What goes wrong is thrown. The SDK would write to the console.
    logger: SILENT,
    // A stream is made anew for each attempt, which the SDK cannot do.
    maxAttempts: 1,
    // Every object is sent with its sha256. Not every store knows the checksums that the SDK would add.
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
    requestHandler: {
      connectionTimeout: HTTP_CONNECT_MS,
      socketTimeout: ENDPOINT_SILENCE_MS,
      httpAgent: { maxSockets: EVIDENCE_FILES_AT_ONCE },
      httpsAgent: { maxSockets: EVIDENCE_FILES_AT_ONCE },
    },
  });
  const objectOf = (key: string): { Bucket: string; Key: string } => ({ Bucket: bucket, Key: prefix + key });

  const call = async <T>(
    key: string,
    limits: CallLimits & { readonly attemptMs?: number },
    work: (signal: AbortSignal) => Promise<T>,
  ): Promise<T> => {
    const what = `${text}: ${prefix}${key}`;
    try {
      return await tryAgain({ attemptMs: ENDPOINT_CALL_MS, ...limits, what, isFinal }, work);
    } catch (cause) {
      limits.signal.throwIfAborted();
      throw explained(cause, { what, text, endpoint });
    }
  };

  const isThere = async (key: string, file: ListedFile, signal: AbortSignal): Promise<boolean> => {
    try {
      const found = await client.send(new sdk.HeadObjectCommand(objectOf(key)), { abortSignal: signal });
      return found.ContentLength === file.bytes && found.Metadata?.[SHA256] === file.sha256;
    } catch (cause) {
      if (statusOf(cause) === 404) return false;
      throw cause;
    }
  };

  return {
    text,
    putFile: (key, file, source, limits) =>
      call(key, { ...limits, attemptMs: ENDPOINT_FILE_MS }, async (signal) => {
        if (await isThere(key, file, signal)) return false;
        await withContent(source, file.bytes, signal, (content, inner) =>
          client.send(
            new sdk.PutObjectCommand({
              ...objectOf(key),
              Body: content ?? '',
              ContentLength: file.bytes,
              ChecksumSHA256: Buffer.from(file.sha256, 'hex').toString('base64'),
              Metadata: { [SHA256]: file.sha256 },
            }),
            { abortSignal: inner },
          ),
        );
        return true;
      }),
    get: (key, take, limits) =>
      call(key, { ...limits, attemptMs: ENDPOINT_FILE_MS }, async (signal) => {
        const { Body } = await client.send(new sdk.GetObjectCommand(objectOf(key)), { abortSignal: signal });
        await take(Body as Readable);
      }),
    putText: (key, content, limits) =>
      call(key, limits, async (signal) => {
        await client.send(new sdk.PutObjectCommand({ ...objectOf(key), Body: content }), { abortSignal: signal });
      }),
    getText: (key, limits) =>
      call(key, limits, async (signal) => {
        try {
          const { Body } = await client.send(new sdk.GetObjectCommand(objectOf(key)), { abortSignal: signal });
          return await limitedText(Body as Readable, EVIDENCE_LIST_BYTES, 'it');
        } catch (cause) {
          if (errorName(cause) === 'NoSuchKey') return undefined;
          throw cause;
        }
      }),
    remove: (key, limits) =>
      call(key, limits, async (signal) => {
        await client.send(new sdk.DeleteObjectCommand(objectOf(key)), { abortSignal: signal });
      }),
    async folders(limits) {
      const found: string[] = [];
      let next: string | undefined;
      let pages = 0;
      do {
        pages += 1;
        if (pages > EVIDENCE_LIST_PAGES) throw new TooLarge(`the list of ${text}`, EVIDENCE_LIST_PAGES, 'pages');
        const question = { Bucket: bucket, Prefix: prefix, Delimiter: '/', ContinuationToken: next };
        const page: ListObjectsV2CommandOutput = await call('', limits, (signal) =>
          client.send(new sdk.ListObjectsV2Command(question), { abortSignal: signal }),
        );
        found.push(...(page.CommonPrefixes ?? []).map(({ Prefix = '' }) => Prefix.slice(prefix.length, -1)));
        const after = page.IsTruncated === true ? page.NextContinuationToken : undefined;
        if (after !== undefined && after === next) throw new Error(`${text}: the store lists one page again and again`);
        next = after;
      } while (next !== undefined);
      return found;
    },
    close: () => client.destroy(),
  };
}

/**
 * Passes the beginning of a file to `send`. The SDK does not listen for errors of a stream that it is given: they would end the
 * process, and the request would wait for ever.
 */
async function withContent(
  source: string,
  bytes: number,
  signal: AbortSignal,
  send: (content: Readable | undefined, signal: AbortSignal) => Promise<unknown>,
): Promise<void> {
  if (bytes === 0) {
    await send(undefined, signal);
    return;
  }
  const failed = new AbortController();
  const content = createReadStream(source, { end: bytes - 1 });
  content.on('error', (cause) => failed.abort(cause));
  try {
    await once(content, 'open');
    await send(content, AbortSignal.any([signal, failed.signal]));
  } catch (cause) {
    throw failed.signal.aborted ? failed.signal.reason : cause;
  } finally {
    content.destroy();
  }
}

/** Credentials, rights, names, and files of our own: another attempt would not change them. */
function isFinal(cause: unknown): boolean {
  const status = statusOf(cause);
  const isOfClient = status !== undefined && status >= 400 && status < 500 && status !== 408 && status !== 429;
  return (
    isOfClient ||
    errorName(cause) === 'CredentialsProviderError' ||
    cause instanceof TooLarge ||
    isUnsendable(cause) ||
    isOfDisk(cause)
  );
}

/** An error with the settings that decide whether it would have worked. The SDK's own messages may be empty. */
function explained(
  cause: unknown,
  { what, text, endpoint }: { readonly what: string; readonly text: string; readonly endpoint: string | undefined },
): unknown {
  if (isOfDisk(cause)) return cause;
  const status = statusOf(cause);
  const name = errorName(cause);
  const said =
    cause instanceof Error && cause.message !== '' && cause.message !== 'UnknownError' ? cause.message : name;
  const hints = `BELAY_EVIDENCE is "${text}", BELAY_EVIDENCE_ENDPOINT is ${endpoint === undefined ? 'not set' : `"${endpoint}"`}`;
  const allowed =
    name === 'CredentialsProviderError'
      ? '; set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or another source of credentials of the AWS SDK'
      : name === 'NoSuchBucket'
        ? '; the bucket must exist'
        : isUnsendable(cause)
          ? '; AWS_ACCESS_KEY_ID and AWS_SESSION_TOKEN, or what the AWS SDK gets credentials from, must be Latin letters, digits and marks on one line'
          : status === 403
            ? '; the credentials (AWS_*) must be allowed to get, put and delete objects there'
            : '';
  const message = said.startsWith(what) ? said : `${what}: ${said}${status === undefined ? '' : ` (${status})`}`;
  return new Error(`${message}; ${hints}${allowed}`, { cause });
}

/** Whether the credentials have a character that no header of a request can carry. */
function isUnsendable(cause: unknown): boolean {
  return (cause as NodeJS.ErrnoException | undefined)?.code === 'ERR_INVALID_CHAR';
}

function statusOf(cause: unknown): number | undefined {
  return (cause as { readonly $metadata?: { readonly httpStatusCode?: number } } | undefined)?.$metadata
    ?.httpStatusCode;
}

function errorName(cause: unknown): string {
  return cause instanceof Error ? cause.name : '';
}

function isOfDisk(cause: unknown): boolean {
  return ['ENOENT', 'EACCES', 'EISDIR', 'EIO', 'ENOSPC'].includes((cause as NodeJS.ErrnoException).code ?? '');
}
