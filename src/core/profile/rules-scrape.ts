import type { RawDocument } from '../files/raw-document.ts';
import type { Segment } from '../files/yaml-path.ts';
import { parseDuration } from '../text/duration.ts';

/** Where metrics can be, by the fields that say so. */
const SOURCES = { process: ['process', 'port'], url: ['url'], service: ['service'], pods: ['pods'] } as const;
type Source = keyof typeof SOURCES;

const ALLOWED = 'process and port, url, service, or pods';

/** Contradictions of one entry of `scrape`. @returns where the metrics are; undefined where the entry says none or several */
export function checkScrape(raw: RawDocument, path: readonly Segment[]): Source | undefined {
  const named = (Object.keys(SOURCES) as Source[]).filter((source) =>
    SOURCES[source].some((field) => raw.has(...path, field)),
  );
  const [source, ...others] = named;
  if (source === undefined) raw.refuse(path, 'nothing to scrape', ALLOWED);
  if (others.length > 0) raw.refuse(path, `several sources: ${named.join(', ')}`, `one of ${ALLOWED}`);
  checkTimes(raw, path);
  if (source === undefined || others.length > 0) return undefined;
  checkCredentials(raw, path);
  if (source === 'service' || source === 'pods') checkProxied(raw, path);
  else checkDirect(raw, path, source);
  return source;
}

function checkTimes(raw: RawDocument, path: readonly Segment[]): void {
  const interval = parseDuration(raw.text(...path, 'interval') ?? '');
  const timeout = parseDuration(raw.text(...path, 'timeout') ?? '');
  if (timeout === undefined) return;
  if (!raw.has(...path, 'interval'))
    raw.refuse([...path, 'timeout'], 'no interval to fit into', 'an interval beside it');
  else if (interval !== undefined && timeout > interval)
    raw.refuse([...path, 'timeout'], 'longer than the interval', `at most ${raw.text(...path, 'interval')}`);
}

function checkCredentials(raw: RawDocument, path: readonly Segment[]): void {
  const bearer = [...path, 'bearer'];
  if (raw.has(...bearer) && raw.has(...bearer, 'file') === raw.has(...bearer, 'secret'))
    raw.refuse(bearer, 'not one token', 'file or secret');
  if (raw.has(...bearer) && raw.has(...path, 'identity'))
    raw.refuse([...path, 'identity'], 'a token and an identity', 'bearer or identity');
  const tls = [...path, 'tls'];
  if (raw.has(...tls, 'ca') && raw.has(...tls, 'caSecret'))
    raw.refuse([...tls, 'caSecret'], 'together with ca', 'ca or caSecret');
  if (raw.is(...tls, 'insecure') && (raw.has(...tls, 'ca') || raw.has(...tls, 'caSecret')))
    raw.refuse([...tls, 'insecure'], 'certificates that nothing is checked against', 'a ca, or insecure');
}

/** The API server makes the connection to the Pod, and gives nothing of a request's identity to it. */
function checkProxied(raw: RawDocument, path: readonly Segment[]): void {
  if (raw.has(...path, 'bearer')) {
    raw.refuse(
      [...path, 'bearer'],
      'the API server gives no token to the Pods that it asks',
      'no token; or a process that forwards a port (see docs/systems.md), or a url',
    );
  }
  if (raw.has(...path, 'tls')) {
    raw.refuse(
      [...path, 'tls'],
      'the API server makes this connection, and does not check the certificate of a Pod',
      'scheme: https without tls',
    );
  }
}

function checkDirect(raw: RawDocument, path: readonly Segment[], source: 'process' | 'url'): void {
  const url = raw.text(...path, 'url') ?? '';
  if (source === 'url' && raw.has(...path, 'scheme'))
    raw.refuse([...path, 'scheme'], 'the url has a scheme', 'no scheme beside a url');
  const isHttps = source === 'url' ? /^https:/i.test(url) : raw.text(...path, 'scheme') === 'https';
  if (isHttps) return;
  if (raw.has(...path, 'tls')) raw.refuse([...path, 'tls'], 'the target is served by http', 'https');
  const isLoopback = source === 'process' || /^http:\/\/(?:127\.|localhost[:/]|localhost$|\[::1\])/i.test(url);
  for (const field of ['bearer', 'identity'] as const)
    if (raw.has(...path, field) && !isLoopback)
      raw.refuse([...path, field], 'it would be sent without encryption', 'an https address, or one of loopback');
}
