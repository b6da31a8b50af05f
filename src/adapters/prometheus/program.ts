import { hash } from 'bcryptjs';
import { join } from 'node:path';
import { AGENT_BACKOFF_MS, AGENT_SEND_MS, AGENT_WRITE_MS, REMOTE_FLUSH_MS } from '../../core/plan/limits.ts';
import { authorityOf, listenAddress } from '../fleet/advertised-address.ts';
import { fleetFiles, readAccess } from '../fleet/fleet-access.ts';
import { FLEET_USER } from '../fleet/fleet-secret.ts';
import { remoteWriteConfig, remoteWriteSetting } from './remote-write.ts';
import type { PrometheusRole } from './role.ts';
import { mainConfig, type ConfigFile } from './scrape-config.ts';

const RETENTION_DAYS = 30;
const LOOPBACK = '127.0.0.1';
/** Rounds of bcrypt as a power of 2. The password has 256 bits; nothing has to slow down guesses. */
const BCRYPT_COST = 6;

/**
 * Samples of one request of an agent, and how many wait. One request is on its way at a time: then samples arrive in the order in
 * which they were scraped, and where the `up` of a scrape has arrived, all samples of that scrape have. Readings depend on that:
 * while an agent catches up after an outage, a target is `up` to the moment to which all of its series are complete.
 */
const AGENT_SHARDS = 1;
const AGENT_SAMPLES_SENT = 10_000;
const AGENT_SAMPLES_WAITING = 50_000;

/** Folder of the data, relative to Prometheus' own. */
export const DATA = 'data';
const CONFIG = 'prometheus.yml';
const WEB_CONFIG = 'web.yml';

/** How a Prometheus is started: files that it reads, below its folder, and arguments. Neither has a password. */
export interface PrometheusProgram {
  readonly files: readonly ConfigFile[];
  readonly args: readonly string[];
}

/** What a Prometheus is made of. */
export interface ProgramRequest {
  readonly slug: string;
  readonly folder: string;
  readonly port: number;
  readonly scrapeIntervalMs: number;
  /** Names of the series that an agent sends, as a regular expression for whole names; undefined = all. */
  readonly namesSent: string | undefined;
}

/** The program of a role. @throws Error when the campaign's access is not on this host */
export async function programOf(role: PrometheusRole, request: ProgramRequest): Promise<PrometheusProgram> {
  const { folder, port, scrapeIntervalMs } = request;
  const common = [
    `--config.file=${join(folder, CONFIG)}`,
    '--web.enable-lifecycle',
    '--scrape.discovery-reload-interval=1s',
    '--log.level=warn',
  ];
  const onLoopback = `--web.listen-address=${LOOPBACK}:${port}`;
  const server = [
    ...common,
    `--storage.tsdb.path=${join(folder, DATA)}`,
    '--web.enable-admin-api',
    // What was not taken by then is lost: a teardown does not wait for somebody else's server.
    `--storage.remote.flush-deadline=${REMOTE_FLUSH_MS}ms`,
  ];
  switch (role.kind) {
    case 'alone':
      return {
        files: [{ path: CONFIG, text: serverConfig(scrapeIntervalMs) }],
        args: [...server, onLoopback],
      };
    case 'lead':
      return {
        files: [
          { path: CONFIG, text: serverConfig(scrapeIntervalMs) },
          { path: WEB_CONFIG, text: await webConfig(request.slug) },
        ],
        args: [
          ...server,
          `--web.listen-address=${authorityOf(listenAddress(hostOf(role.url)), port)}`,
          `--web.config.file=${join(folder, WEB_CONFIG)}`,
          '--web.enable-remote-write-receiver',
        ],
      };
    case 'agent':
      return {
        files: [{ path: CONFIG, text: agentConfig(request, role) }],
        args: ['--agent', ...common, `--storage.agent.path=${join(folder, DATA)}`, onLoopback],
      };
  }
}

/** The configuration of a server that keeps data, and writes the gates to where the environment of the host says. */
function serverConfig(scrapeIntervalMs: number): string {
  return mainConfig(scrapeIntervalMs, RETENTION_DAYS, remoteWriteConfig(remoteWriteSetting()));
}

/** Host of a URL, without brackets. */
function hostOf(url: string): string {
  return new URL(url).hostname.replaceAll(/^\[|\]$/g, '');
}

/** TLS and the password, as a hash, for the server of a lead. */
async function webConfig(slug: string): Promise<string> {
  const access = readAccess(slug);
  if (access === undefined) throw new Error(`the certificate and the password of ${slug} are not on this host`);
  const { certificate, key } = fleetFiles(slug);
  return json({
    tls_server_config: { cert_file: certificate, key_file: key, min_version: 'TLS12' },
    basic_auth_users: { [FLEET_USER]: await hash(access.password, BCRYPT_COST) },
  });
}

/**
 * The configuration of an agent. The lead needs no window for samples out of order: one request at a time keeps the order of each
 * series, and a sample that is sent twice is the same sample.
 */
function agentConfig(
  { slug, scrapeIntervalMs, namesSent }: ProgramRequest,
  { group, leadUrl }: Extract<PrometheusRole, { readonly kind: 'agent' }>,
): string {
  const { certificate, password } = fleetFiles(slug);
  const main = JSON.parse(mainConfig(scrapeIntervalMs, RETENTION_DAYS)) as Record<string, object>;
  return json({
    global: { ...main['global'], external_labels: { group } },
    scrape_config_files: main['scrape_config_files'],
    remote_write: [
      {
        url: `${leadUrl}/api/v1/write`,
        // A request into a link that was cut is given up, and the next one opens a connection of its own.
        remote_timeout: `${AGENT_WRITE_MS}ms`,
        enable_http2: false,
        follow_redirects: false,
        tls_config: { ca_file: certificate, min_version: 'TLS12' },
        basic_auth: { username: FLEET_USER, password_file: password },
        metadata_config: { send: false },
        // A cluster serves thousands of series at every scrape, and one request at a time carries only so many.
        ...(namesSent === undefined
          ? {}
          : { write_relabel_configs: [{ source_labels: ['__name__'], regex: namesSent, action: 'keep' }] }),
        queue_config: {
          min_shards: AGENT_SHARDS,
          max_shards: AGENT_SHARDS,
          max_samples_per_send: AGENT_SAMPLES_SENT,
          capacity: AGENT_SAMPLES_WAITING,
          batch_send_deadline: `${AGENT_SEND_MS}ms`,
          max_backoff: `${AGENT_BACKOFF_MS}ms`,
        },
      },
    ],
  });
}

function json(value: unknown): string {
  return `${JSON.stringify(value, null, 1)}\n`;
}
