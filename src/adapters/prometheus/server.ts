import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { CREDENTIAL_BYTES, PROMETHEUS_POLL_MS, PROMETHEUS_READY_MS, STRAY_GRACE_MS } from '../../core/plan/limits.ts';
import { messageOf } from '../../core/text/message-of.ts';
import { makeFolder } from '../host/make-folder.ts';
import { pollUntil } from '../host/poll-until.ts';
import { readAccess, type FleetAccess } from '../fleet/fleet-access.ts';
import { writeTextFile } from '../host/atomic-file.ts';
import { campaignFolder, forgetProcess, readLedger, recordProcess } from '../host/ledger.ts';
import { readLimitedFile } from '../host/limited-text.ts';
import { logTail } from '../host/log-tail.ts';
import { claimPorts, isFree, releasePorts } from '../host/port-claims.ts';
import { withProcessLock } from '../host/process-lock.ts';
import { markedProcesses, markOf } from '../host/process-marks.ts';
import type { ProcessRecord } from '../host/processes.ts';
import { isAlive, startDetached, stopProcess } from '../host/processes.ts';
import type { CallBounds, PrometheusClient } from './client.ts';
import { prometheusClient } from './client.ts';
import { leadOpening } from './opening.ts';
import { DATA, programOf } from './program.ts';
import { roleOf, type PrometheusRole } from './role.ts';
import type { ScrapeTarget } from './scrape-config.ts';
import { JOBS, targetFiles, TARGETS } from './scrape-config.ts';

/** Name of Prometheus in a campaign's ledger, and as a component in infrastructure gaps. */
const PROMETHEUS = 'prometheus';

/** Files with what opens a server are for its user only. */
const PRIVATE = 0o600;

/** A Prometheus to ask: the campaign's own, with its folders. */
export interface RunningPrometheus {
  readonly url: string;
  readonly scrapeIntervalMs: number;
  /** Certificate and password; absent for one on loopback, which needs none. */
  readonly access?: FleetAccess;
  /** Present where it is the campaign's own. */
  readonly own?: {
    readonly slug: string;
    readonly folder: string;
    readonly dataFolder: string;
    readonly logPath: string;
    /** The group whose targets it scrapes for the campaign's lead. It answers no queries and has no data to keep. */
    readonly agentOf?: string;
  };
}

export interface PrometheusRequest {
  /** The campaign's slug; its ledger must exist. */
  readonly slug: string;
  /** Path of the Prometheus binary. */
  readonly binary: string;
  /** 1,000 to 5,000 ms. */
  readonly scrapeIntervalMs: number;
  /** Names of the series that an agent sends, as a regular expression for whole names; undefined = it sends all. */
  readonly namesSent: string | undefined;
  /** How long it may take until it serves queries. */
  readonly readyMs: number;
  readonly signal: AbortSignal;
}

/** Folder of a campaign's Prometheus: configuration, discovery files, data. */
export function prometheusFolder(slug: string): string {
  return join(campaignFolder(slug), PROMETHEUS);
}

/**
 * Starts the campaign's Prometheus, or adopts the running one, and waits until it serves queries. It outlives this process,
 * is on the ledger, and keeps its port when it is restarted. The group in the ledger decides what it is: without a group it is
 * on loopback; on a lead other hosts reach it, by TLS and a password; on a member it is an agent that writes to the lead's.
 * @throws RangeError for an interval outside 1 to 5 s
 * @throws Error with the end of its log when it ends or is not ready in time
 */
export async function startPrometheus(request: PrometheusRequest): Promise<RunningPrometheus> {
  const { slug, scrapeIntervalMs, signal } = request;
  if (!(scrapeIntervalMs >= 1_000 && scrapeIntervalMs <= 5_000)) {
    throw new RangeError(`scrape interval: found ${scrapeIntervalMs} ms; 1000 to 5000 ms are allowed`);
  }
  const folder = prometheusFolder(slug);
  return await withProcessLock(join(folder, 'start.lock'), { signal }, async () => {
    const known = recordOf(slug);
    const running = known !== undefined && isAlive(known);
    const settings = running ? readSettings(folder) : undefined;
    if (known !== undefined && running && settings !== undefined) {
      return await whenReady(runningAt(slug, settings), known, request);
    }
    // One that was started and never recorded holds the data folder and, perhaps, the port.
    await stopMarked(slug, STRAY_GRACE_MS);
    const role = roleOf(readLedger(slug)?.group);
    const started = { port: await portFor(slug, folder, role), scrapeIntervalMs, role };
    const record = await launch(request, folder, started);
    recordProcess(slug, record, true);
    return await whenReady(runningAt(slug, started), record, request);
  });
}

/** The campaign's Prometheus as it was started, whether or not it runs; undefined when it never was. */
export function ownPrometheus(slug: string): RunningPrometheus | undefined {
  const settings = readSettings(prometheusFolder(slug));
  return settings === undefined ? undefined : runningAt(slug, settings);
}

/**
 * Puts targets up for scraping, in place of those of the same job and cluster. Prometheus finds addresses by itself
 * within a second; jobs and credentials by the reload that this asks for.
 * @throws Error naming a TLS or token file that is missing, cannot be read, or is no plain file within its limit
 * @throws QueryError when the reload is not answered
 */
export async function writeTargets(
  prometheus: RunningPrometheus,
  targets: readonly ScrapeTarget[],
  bounds: CallBounds,
): Promise<void> {
  const folder = ownFolder(prometheus);
  for (const target of targets) {
    for (const file of [
      target.tls.caFile,
      target.tls.certFile,
      target.tls.keyFile,
      target.bearerFile,
      target.login?.passwordFile,
    ]) {
      if (file !== undefined) checkCredential(file, `target ${target.address} of job "${target.job}"`);
    }
  }
  for (const { path, text } of targetFiles(targets, prometheus.own?.agentOf)) writeIfChanged(join(folder, path), text);
  // Also when nothing changed: an attempt before this one may have died between writing and reloading.
  await reload(prometheus, bounds);
}

/** Prometheus reads what it is given to its end, with every scrape, and says nothing of one that does not begin. */
function checkCredential(file: string, what: string): void {
  if (!existsSync(file)) throw new Error(`${what}: ${file} does not exist`);
  try {
    readLimitedFile(file, CREDENTIAL_BYTES);
  } catch (cause) {
    throw new Error(`${what}: ${messageOf(cause)}`, { cause });
  }
}

/** Ends the campaign's Prometheus, recorded or not, also a frozen one, and takes it off the ledger. Its data stays. */
export async function stopPrometheus(slug: string, graceMs: number): Promise<void> {
  const record = recordOf(slug);
  // Off the record first, or the keeper would take its end for a death.
  forgetProcess(slug, PROMETHEUS);
  if (record !== undefined) await stopProcess(record, graceMs);
  await stopMarked(slug, graceMs);
}

async function stopMarked(slug: string, graceMs: number): Promise<void> {
  for (const stray of markedProcesses(slug, PROMETHEUS)) await stopProcess(stray, graceMs);
}

interface Settings {
  readonly port: number;
  readonly scrapeIntervalMs: number;
  readonly role: PrometheusRole;
}

async function launch(request: PrometheusRequest, folder: string, settings: Settings): Promise<ProcessRecord> {
  const { slug, binary, namesSent } = request;
  for (const part of [TARGETS, JOBS, DATA]) makeFolder(join(folder, part));
  const { files, args } = await programOf(settings.role, { slug, folder, namesSent, ...settings });
  for (const { path, text } of files) writeIfChanged(join(folder, path), text);
  writeIfChanged(join(folder, 'settings.json'), JSON.stringify(settings));
  return await startDetached({
    name: PROMETHEUS,
    file: binary,
    args,
    env: markOf(slug, PROMETHEUS),
    cwd: folder,
    logPath: logPathOf(folder),
  });
}

async function whenReady(
  prometheus: RunningPrometheus,
  record: ProcessRecord,
  request: PrometheusRequest,
): Promise<RunningPrometheus> {
  const client = clientOf(prometheus);
  const { readyMs, signal } = request;
  const log = (): string => `the end of its log:\n${logTail(record.logPath)}`;
  try {
    const ready = await pollUntil({ everyMs: PROMETHEUS_POLL_MS, budgetMs: readyMs, signal }, async () => {
      if (!isAlive(record)) throw new Error(`Prometheus ended before it was ready; ${log()}`);
      return (await client.isReady({ signal, budgetMs: Math.min(readyMs, PROMETHEUS_READY_MS) })) || undefined;
    });
    if (ready === undefined) throw new Error(`Prometheus was not ready within ${readyMs} ms; ${log()}`);
    return prometheus;
  } finally {
    await client.close();
  }
}

/** The port it had before, if that is still its own and free; else a new one. A lead's is the one that its members know. */
async function portFor(slug: string, folder: string, role: PrometheusRole): Promise<number> {
  if (role.kind === 'lead') return Number(new URL(role.url).port);
  const before = readSettings(folder)?.port;
  if (before !== undefined) {
    if (await isFree(before)) return before;
    releasePorts([before]);
  }
  const [port] = await claimPorts(slug, 1);
  return port ?? 0;
}

function runningAt(slug: string, { port, scrapeIntervalMs, role }: Settings): RunningPrometheus {
  const folder = prometheusFolder(slug);
  const own = { slug, folder, dataFolder: join(folder, DATA), logPath: logPathOf(folder) };
  if (role.kind !== 'lead') {
    const agent = role.kind === 'agent' ? { agentOf: role.group } : {};
    return { url: `http://127.0.0.1:${port}`, scrapeIntervalMs, own: { ...own, ...agent } };
  }
  const access = readAccess(slug);
  return { url: role.url, scrapeIntervalMs, own, ...(access === undefined ? {} : { access }) };
}

function recordOf(slug: string): ProcessRecord | undefined {
  return readLedger(slug)?.processes.find((process) => process.name === PROMETHEUS);
}

function readSettings(folder: string): Settings | undefined {
  try {
    const settings = JSON.parse(readFileSync(join(folder, 'settings.json'), 'utf8')) as Partial<Settings>;
    // A version before roles wrote none.
    return { port: 0, scrapeIntervalMs: 0, role: { kind: 'alone' }, ...settings };
  } catch {
    return undefined;
  }
}

function logPathOf(folder: string): string {
  return join(folder, 'prometheus.log');
}

function ownFolder(prometheus: RunningPrometheus): string {
  if (prometheus.own !== undefined) return prometheus.own.folder;
  throw new Error(`${prometheus.url} is not the campaign's own Prometheus: its targets are not Belay's to set`);
}

/** A client for a Prometheus, with what opens it. */
export function clientOf({ url, access }: Pick<RunningPrometheus, 'url' | 'access'>): PrometheusClient {
  return prometheusClient(url, leadOpening(access));
}

async function reload(prometheus: RunningPrometheus, bounds: CallBounds): Promise<void> {
  const client = clientOf(prometheus);
  try {
    await client.reload(bounds);
  } finally {
    await client.close();
  }
}

/** Replaces a file, unless it has this text already. */
function writeIfChanged(path: string, text: string): void {
  try {
    if (readFileSync(path, 'utf8') === text) return;
  } catch {
    // There is none yet.
  }
  writeTextFile(path, text, { mode: PRIVATE });
}
