import { createHash } from 'node:crypto';

/** One endpoint to scrape. `cluster` is empty for what belongs to no cluster (Belay's own worker). */
export interface ScrapeTarget {
  /** Value of the label `job`. */
  readonly job: string;
  readonly cluster: string;
  readonly scheme: 'http' | 'https';
  /** host:port */
  readonly address: string;
  readonly path: string;
  readonly tls: {
    readonly caFile?: string;
    readonly certFile?: string;
    readonly keyFile?: string;
    /** Name that the certificate is checked against, where it is not the address's. */
    readonly serverName?: string;
    readonly insecure?: boolean;
  };
  /** File that holds a bearer token. */
  readonly bearerFile?: string;
  /** A user, and the file that holds the password. */
  readonly login?: { readonly user: string; readonly passwordFile: string };
  /**
   * The target is a Prometheus: what it gives out are series of this job in the target's cluster. They keep their times and their
   * other labels, and end when they are no longer given out.
   */
  readonly federatedJob?: string;
  /** The proxy in front of it; it may hold a password. */
  readonly proxyUrl?: string;
  /** Headers of each scrape; a list is one header several times. */
  readonly headers?: Readonly<Record<string, string | readonly string[]>>;
  readonly labels?: Readonly<Record<string, string>>;
  /** Parameters of the query. */
  readonly params?: Readonly<Record<string, readonly string[]>>;
  /** Absent = as all targets. The timeout is the interval where it is absent. */
  readonly intervalMs?: number;
  readonly timeoutMs?: number;
  /** Format of answers whose content type says none. */
  readonly fallbackProtocol?: string;
}

/** A file below Prometheus' folder. */
export interface ConfigFile {
  readonly path: string;
  readonly text: string;
}

/** Folder of discovery files, one per job and cluster, and of the scrape configurations that read them. */
export const TARGETS = 'targets';
export const JOBS = 'jobs';

/**
 * The main configuration file. It is JSON, which is YAML. Interval in ms; the timeout is the same, its upper limit.
 * @param more other parts of it
 */
export function mainConfig(
  scrapeIntervalMs: number,
  retentionDays: number,
  more: Readonly<Record<string, unknown>> = {},
): string {
  const interval = `${scrapeIntervalMs}ms`;
  return json({
    global: { scrape_interval: interval, scrape_timeout: interval, evaluation_interval: '1m' },
    scrape_config_files: [`${JOBS}/*.yml`],
    storage: { tsdb: { retention: { time: `${retentionDays}d` } } },
    ...more,
  });
}

/**
 * Discovery and scrape files for targets: a discovery file per job and cluster, so that a process that comes back on
 * another port replaces its own entry, and a scrape configuration beside it, because discovery cannot carry TLS.
 * @param group whose agent scrapes them: the label `instance` is then made one that no other host's targets have
 * @throws RangeError where targets of one job and cluster differ in more than their addresses and paths
 */
export function targetFiles(targets: readonly ScrapeTarget[], group?: string): readonly ConfigFile[] {
  const files = Map.groupBy(targets, (target) => groupName(target.job, target.cluster));
  return [...files].flatMap(([name, own]) => {
    const [first, ...others] = own as [ScrapeTarget, ...ScrapeTarget[]];
    const job = json({ scrape_configs: [scrapeConfig(name, first)] });
    const different = others.find(
      (other) => json({ scrape_configs: [scrapeConfig(name, { ...other, path: first.path })] }) !== job,
    );
    if (different !== undefined) {
      throw new RangeError(
        `targets ${first.address} and ${different.address} of job "${first.job}" in cluster "${first.cluster}" ` +
          'differ in scheme, interval or credentials; give them jobs of their own',
      );
    }
    return [
      { path: `${TARGETS}/${name}.json`, text: json(own.map((target) => discovered(target, first, group))) },
      { path: `${JOBS}/${name}.yml`, text: job },
    ];
  });
}

/** Name of a job's files in one cluster: readable, safe in a path, and never the same for two. */
export function groupName(job: string, cluster: string): string {
  const readable = [job, cluster].map((part) => part.replaceAll(/[^A-Za-z0-9-]/g, '_')).join('.');
  const hash = createHash('sha256')
    .update(JSON.stringify([job, cluster]))
    .digest('hex')
    .slice(0, 8);
  return `${readable}.${hash}`;
}

function discovered(target: ScrapeTarget, first: ScrapeTarget, group: string | undefined): unknown {
  const cluster = target.cluster === '' ? {} : { cluster: target.cluster };
  const instance = group === undefined ? {} : { instance: instanceOf(target, group) };
  const path = target.path === first.path ? {} : { __metrics_path__: target.path };
  return { targets: [target.address], labels: { ...target.labels, ...instance, job: target.job, ...cluster, ...path } };
}

/** Addresses on loopback are the same on every host, and so are instances that are no addresses. */
function instanceOf({ address, labels }: ScrapeTarget, group: string): string {
  const own = labels?.['instance'];
  return own === undefined ? `${group}:${address}` : `${own}-${group}`;
}

function scrapeConfig(name: string, target: ScrapeTarget): unknown {
  const { scheme, path, tls, bearerFile, login, proxyUrl, headers } = target;
  const { params, intervalMs, timeoutMs = intervalMs, fallbackProtocol } = target;
  return {
    job_name: name,
    scheme,
    metrics_path: path,
    // A target would choose what this host, or the kubeconfig's user, asks elsewhere.
    follow_redirects: false,
    ...(params === undefined ? {} : { params }),
    ...(intervalMs === undefined ? {} : { scrape_interval: `${intervalMs}ms`, scrape_timeout: `${timeoutMs}ms` }),
    ...(fallbackProtocol === undefined ? {} : { fallback_scrape_protocol: fallbackProtocol }),
    ...(scheme === 'https'
      ? {
          tls_config: {
            ca_file: tls.caFile,
            cert_file: tls.certFile,
            key_file: tls.keyFile,
            server_name: tls.serverName,
            insecure_skip_verify: tls.insecure ?? false,
          },
        }
      : {}),
    ...(bearerFile === undefined ? {} : { authorization: { type: 'Bearer', credentials_file: bearerFile } }),
    ...(login === undefined ? {} : { basic_auth: { username: login.user, password_file: login.passwordFile } }),
    ...(target.federatedJob === undefined ? {} : federationConfig(target.federatedJob, target.cluster)),
    ...(proxyUrl === undefined ? {} : { proxy_url: proxyUrl }),
    ...(headers === undefined ? {} : { http_headers: headersConfig(headers) }),
    file_sd_configs: [{ files: [`../${TARGETS}/${name}.json`], refresh_interval: '1s' }],
  };
}

function federationConfig(job: string, cluster: string): Readonly<Record<string, unknown>> {
  return {
    honor_labels: true,
    track_timestamps_staleness: true,
    metric_relabel_configs: Object.entries({ job, cluster }).map(([label, value]) => ({
      target_label: label,
      replacement: value,
    })),
  };
}

function headersConfig(headers: NonNullable<ScrapeTarget['headers']>): unknown {
  return Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [name, { values: typeof value === 'string' ? [value] : value }]),
  );
}

function json(value: unknown): string {
  return `${JSON.stringify(value, null, 1)}\n`;
}
