import { withoutPasswords } from '../../core/text/secrets.ts';

/** Where the evidence of campaigns is kept beside the runs folder: a bucket of an S3-compatible store. */
export interface EvidenceSetting {
  readonly bucket: string;
  /** Keys begin with it; empty, or ends in `/`. */
  readonly prefix: string;
  /** Address of a store that is not Amazon's; absent = Amazon's. */
  readonly endpoint?: string;
  /** As it was set, for messages. */
  readonly text: string;
}

const STORE = 'BELAY_EVIDENCE';
const ENDPOINT = 'BELAY_EVIDENCE_ENDPOINT';
/** Names of buckets by the rules of S3. */
const BUCKET = /^(?!\d+\.\d+\.\d+\.\d+$)[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/;
const PART = /^(?!\.{1,2}$)[\w!.*'()-]+$/;

/**
 * The store that `BELAY_EVIDENCE` (and `BELAY_EVIDENCE_ENDPOINT`) name; undefined when there is none.
 * @throws Error naming the variable, what was found, and what is allowed
 */
export function evidenceSetting(): EvidenceSetting | undefined {
  const text = process.env[STORE] || undefined;
  const endpoint = endpointOf(process.env[ENDPOINT] || undefined);
  if (text === undefined) {
    if (endpoint !== undefined) throw new Error(`${ENDPOINT} is set and ${STORE} is not: set both, or none`);
    return undefined;
  }
  const [, bucket = '', path = ''] = /^s3:\/\/([^/]*)\/?(.*)$/.exec(text) ?? [];
  const parts = path.replace(/\/$/, '').split('/');
  const isPath = path === '' || parts.every((part) => PART.test(part));
  if (!BUCKET.test(bucket) || !isPath)
    throw new Error(`${STORE}: found "${withoutPasswords(text)}"; allowed is s3://<bucket> or s3://<bucket>/<prefix>`);
  const prefix = path === '' ? '' : `${parts.join('/')}/`;
  return { bucket, prefix, text, ...(endpoint === undefined ? {} : { endpoint }) };
}

function endpointOf(text: string | undefined): string | undefined {
  if (text === undefined) return undefined;
  const url = URL.parse(text);
  const isPlain = url !== null && url.username === '' && url.password === '' && url.search === '' && url.hash === '';
  // A password in it is not shown.
  if (url === null || !isPlain || !['http:', 'https:'].includes(url.protocol))
    throw new Error(
      `${ENDPOINT}: found "${url === null || isPlain ? withoutPasswords(text) : `${url.protocol}//…`}"; allowed is http://<host>:<port> or https://<host>:<port>`,
    );
  return text.replace(/\/+$/, '');
}
