import { proxyOf, type Environment } from '../../core/kubeconfig/proxy-of.ts';
import type { ExistingPrometheus } from '../../core/model/existing-prometheus.ts';
import { existingPrometheusOf, federationsOf, federationSelector, namesOfJob } from '../../core/plan/federation.ts';
import type { CampaignSpec } from '../../core/plan/spec.ts';
import { CREDENTIAL_BYTES, HTTP_CONNECT_MS } from '../../core/plan/limits.ts';
import { federationIntervalMs } from '../../core/plan/scrape-interval.ts';
import { controlCharacterIn } from '../../core/text/control-character.ts';
import { messageOf } from '../../core/text/message-of.ts';
import { readLimitedFile } from '../host/limited-text.ts';
import { systemCertificates } from '../kube/system-certificates.ts';
import { throughProxy } from '../kube/through-proxy.ts';
import { federationJob } from '../../core/gates/scrape-errors.ts';
import { FederationRefusal } from './federation-refusal.ts';
import type { Opening } from './opening.ts';
import type { ScrapeTarget } from './scrape-config.ts';

/**
 * How an existing Prometheus is reached by this process, through the proxy that the environment names for it.
 * @throws FederationRefusal naming the field and the file that cannot be read; KubeconfigProblem when the proxy is no address
 */
export function existingOpening(prometheus: ExistingPrometheus, environment: Environment = process.env): Opening {
  const { user, secretFile, caFile } = prometheus;
  const proxy = proxyBefore(prometheus.url, environment);
  const tls = {
    timeout: HTTP_CONNECT_MS,
    // As for Prometheus, an authority may be one in the middle of a chain, or the server's own certificate.
    allowPartialTrustChain: true,
    ca: caFile === undefined ? [...systemCertificates()] : read('caFile', caFile),
  };
  const connect = proxy === undefined ? tls : throughProxy(proxy, tls);
  if (secretFile === undefined) return { connect, headers: {} };
  const secret = read('secretFile', secretFile).trim();
  const found = controlCharacterIn(secret);
  if (found !== undefined)
    throw new FederationRefusal(
      `kubeconfig.prometheus.secretFile: ${secretFile} has ${found} in the secret; allowed: one line without any`,
    );
  const sent = user === undefined ? secret : Buffer.from(`${user}:${secret}`).toString('base64');
  // Node writes a letter as a byte, and Prometheus sends the bytes of the file.
  const authorization = Buffer.from(`${user === undefined ? 'Bearer' : 'Basic'} ${sent}`).toString('latin1');
  return { connect, headers: { authorization }, secrets: [sent, secret].filter((text) => text !== '') };
}

/** Where the campaign's Prometheus takes the series of a cluster over from an existing one. Secrets stay in their files. */
export function federationTargets(
  { substrate, gates }: Pick<CampaignSpec, 'substrate' | 'gates'>,
  cluster: { readonly index: number; readonly name: string },
  environment: Environment = process.env,
): readonly ScrapeTarget[] {
  const prometheus = existingPrometheusOf(substrate);
  if (prometheus === undefined) return [];
  const common = addressOf(prometheus, environment);
  return federationsOf(substrate, cluster.index).map((federation) => ({
    ...common,
    job: federationJob(federation.job),
    federatedJob: federation.job,
    cluster: cluster.name,
    params: { 'match[]': [federationSelector(federation, namesOfJob(gates, federation.job))] },
    intervalMs: federationIntervalMs(federation.scrapeIntervalMs),
  }));
}

function addressOf(
  { url, user, secretFile, caFile }: ExistingPrometheus,
  environment: Environment,
): Pick<ScrapeTarget, 'scheme' | 'address' | 'path' | 'tls' | 'bearerFile' | 'login' | 'proxyUrl'> {
  const { protocol, host, pathname } = new URL(url);
  const proxy = proxyBefore(url, environment);
  return {
    scheme: protocol === 'https:' ? 'https' : 'http',
    address: host,
    path: `${pathname.replace(/\/+$/, '')}/federate`,
    tls: caFile === undefined ? {} : { caFile },
    ...(secretFile === undefined
      ? {}
      : user === undefined
        ? { bearerFile: secretFile }
        : { login: { user, passwordFile: secretFile } }),
    ...(proxy === undefined ? {} : { proxyUrl: proxy.href }),
  };
}

function proxyBefore(url: string, environment: Environment): URL | undefined {
  const { origin, protocol, hostname, port } = new URL(url);
  const secure = protocol === 'https:';
  const server = {
    origin,
    basePath: '',
    secure,
    hostname: hostname.replaceAll(/^\[|\]$/g, ''),
    port: port === '' ? (secure ? 443 : 80) : Number(port),
  };
  return proxyOf(server, '', environment, 'kubeconfig.prometheus.url');
}

function read(field: string, path: string): string {
  try {
    return readLimitedFile(path, CREDENTIAL_BYTES);
  } catch (cause) {
    throw new FederationRefusal(
      `kubeconfig.prometheus.${field}: found ${path}, which cannot be read: ${messageOf(cause)}`,
      {
        cause,
      },
    );
  }
}
