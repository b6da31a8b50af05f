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
  readonly labels?: Readonly<Record<string, string>>;
}

/** A file below Prometheus' folder. */
export interface ConfigFile {
  readonly path: string;
  readonly text: string;
}

/** Folder of discovery files, one per job and cluster, and of the scrape configurations that read them. */
export const TARGETS = 'targets';
export const JOBS = 'jobs';

/** The main configuration file. It is JSON, which is YAML. Interval in ms; the timeout is the same, its upper limit. */
export function mainConfig(scrapeIntervalMs: number, retentionDays: number): string {
  const interval = `${scrapeIntervalMs}ms`;
  return json({
    global: { scrape_interval: interval, scrape_timeout: interval, evaluation_interval: '1m' },
    scrape_config_files: [`${JOBS}/*.yml`],
    storage: { tsdb: { retention: { time: `${retentionDays}d` } } },
  });
}

/**
 * Discovery and scrape files for targets: a discovery file per job and cluster, so that a process that comes back on
 * another port replaces its own entry, and a scrape configuration beside it, because discovery cannot carry TLS.
 * @param group whose agent scrapes them: the label `instance` is then made one that no other host's targets have
 * @throws RangeError where targets of one job and cluster differ in scheme, path or credentials
 */
export function targetFiles(targets: readonly ScrapeTarget[], group?: string): readonly ConfigFile[] {
  const files = Map.groupBy(targets, (target) => groupName(target.job, target.cluster));
  return [...files].flatMap(([name, own]) => {
    const [first, ...others] = own as [ScrapeTarget, ...ScrapeTarget[]];
    const job = json({ scrape_configs: [scrapeConfig(name, first)] });
    const different = others.find((other) => json({ scrape_configs: [scrapeConfig(name, other)] }) !== job);
    if (different !== undefined) {
      throw new RangeError(
        `targets ${first.address} and ${different.address} of job "${first.job}" in cluster "${first.cluster}" ` +
          'differ in scheme, path or credentials; give them jobs of their own',
      );
    }
    return [
      { path: `${TARGETS}/${name}.json`, text: json(own.map((target) => discovered(target, group))) },
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

function discovered(target: ScrapeTarget, group: string | undefined): unknown {
  const cluster = target.cluster === '' ? {} : { cluster: target.cluster };
  const instance = group === undefined ? {} : { instance: instanceOf(target, group) };
  return { targets: [target.address], labels: { ...target.labels, ...instance, job: target.job, ...cluster } };
}

/** Addresses on loopback are the same on every host, and so are instances that are no addresses. */
function instanceOf({ address, labels }: ScrapeTarget, group: string): string {
  const own = labels?.['instance'];
  return own === undefined ? `${group}:${address}` : `${own}-${group}`;
}

function scrapeConfig(name: string, { scheme, path, tls, bearerFile }: ScrapeTarget): unknown {
  return {
    job_name: name,
    scheme,
    metrics_path: path,
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
    file_sd_configs: [{ files: [`../${TARGETS}/${name}.json`], refresh_interval: '1s' }],
  };
}

function json(value: unknown): string {
  return `${JSON.stringify(value, null, 1)}\n`;
}
