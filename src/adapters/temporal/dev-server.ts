import { join } from 'node:path';
import { msToTs } from '@temporalio/common/lib/time.js';
import { request } from 'undici';
import {
  PROCESS_POLL_MS,
  SERVER_HEALTH_MS,
  SERVER_HUNG_MS,
  SERVER_POLL_MS,
  SERVER_START_MS,
  SERVER_STARTS,
  SERVER_STOP_MS,
} from '../../core/plan/limits.ts';
import { directAgent } from '../host/direct-agent.ts';
import { makeFolder } from '../host/make-folder.ts';
import { pollUntil } from '../host/poll-until.ts';
import { stateFolder } from '../host/folders.ts';
import { logTail } from '../host/log-tail.ts';
import { listensOn } from '../host/listens-on.ts';
import { freePort } from '../host/ports.ts';
import { stackMark, stackProcesses } from '../host/process-marks.ts';
import { isAlive, startDetached, stopProcess } from '../host/processes.ts';
import { ensureTools } from '../toolchain/ensure-tools.ts';
import type { EnsureToolsOptions } from '../toolchain/ensure-tools.ts';
import { messageOf } from '../../core/text/message-of.ts';
import { databaseProblem, removeEmptyDatabase } from './broken-database.ts';
import { connect, isHealthy } from './client.ts';
import { SEARCH_ATTRIBUTES, registerSearchAttributes } from './search-attributes.ts';
import { withStackLock } from './stack-lock.ts';
import { readStackRecord, removeStackRecord, writeStackRecord } from './stack-record.ts';
import type { StackRecord } from './stack-record.ts';
import { externalTarget } from './target.ts';
import type { TemporalTarget } from './target.ts';
import { externalUiUrl } from './ui-links.ts';

/** The Temporal that is in use. */
export interface TemporalStack {
  readonly address: string;
  readonly namespace: string;
  /** Undefined = a server that we did not start, whose UI is not configured. */
  readonly uiUrl: string | undefined;
  /** This call started the dev server. */
  readonly startedByUs: boolean;
  /** The dev server; undefined = a server that somebody else runs. */
  readonly record: StackRecord | undefined;
}

/** How long histories of finished campaigns are kept: 30 days, where the server's own default is one. */
export const RETENTION_HOURS = 720;

const DEFAULT_PORT = 7233;
/** What the server's log says when another process listens on one of its ports. */
const PORT_TAKEN = 'address already in use';
const DEFAULT_UI_PORT = 8233;
const NAMESPACE = 'default';
const SERVER = 'temporal';

/**
 * Makes sure that there is a Temporal: the one named by TEMPORAL_*, else this state folder's dev server, started when it is
 * not up. Search attributes are registered either way; retention is raised on ours. Safe in several processes at once.
 * @throws Error when the named server does not answer, or ours does not become healthy (with the end of its log)
 */
export async function ensureTemporal(options: EnsureToolsOptions = {}): Promise<TemporalStack> {
  const external = externalTarget();
  if (external !== undefined) return useExternal(external);
  // A tool may take minutes to build: not under the lock.
  if (!serverRuns(readStackRecord())) await ensureTools(['temporal'], options);
  return withStackLock({ signal: options.signal }, async (held) => {
    const running = await adopt(readStackRecord(), held);
    const record = running ?? (await startDevServer({ ...options, signal: held }));
    return {
      address: record.address,
      namespace: record.namespace,
      uiUrl: record.uiUrl,
      startedByUs: running === undefined,
      record,
    };
  });
}

/** Stops the dev server, if it runs, within `graceMs` and a little more. Histories stay in its database. */
export async function stopDevServer(graceMs = SERVER_STOP_MS): Promise<void> {
  await withStackLock({}, async () => {
    const record = readStackRecord();
    if (record !== undefined) await stopProcess(record.server, graceMs);
    await stopStrayServers(graceMs);
    removeStackRecord();
  });
}

/** Stops servers that no record names: the command that started them was killed before it wrote one. */
async function stopStrayServers(graceMs?: number): Promise<void> {
  for (const stray of stackProcesses(SERVER)) await stopProcess(stray, graceMs);
}

/** Whether a dev server runs, on record or not. */
export function devServerRuns(): boolean {
  return runningDevServer() !== undefined || stackProcesses(SERVER).length > 0;
}

/** The dev server on record, if its process runs (it may be hung). */
export function runningDevServer(): StackRecord | undefined {
  const record = readStackRecord();
  return serverRuns(record) ? record : undefined;
}

function serverRuns(record: StackRecord | undefined): record is StackRecord {
  return record !== undefined && isAlive(record.server);
}

async function useExternal(target: TemporalTarget): Promise<TemporalStack> {
  const connection = await connect(target);
  try {
    await registerSearchAttributes(connection, target.namespace);
  } finally {
    await connection.close();
  }
  const { address, namespace } = target;
  return { address, namespace, uiUrl: externalUiUrl(address), startedByUs: false, record: undefined };
}

/** The dev server on record, when it answers. One that runs but does not is ended: another could not have its database. */
async function adopt(record: StackRecord | undefined, signal: AbortSignal): Promise<StackRecord | undefined> {
  if (!serverRuns(record)) return undefined;
  const answer = await pollUntil({ everyMs: SERVER_POLL_MS, budgetMs: SERVER_HUNG_MS, signal }, async () => {
    if (!isAlive(record.server)) return 'ended';
    return (await isHealthy(targetOf(record), SERVER_HEALTH_MS)) ? 'healthy' : undefined;
  });
  if (answer === 'healthy') return record;
  await stopProcess(record.server);
  return undefined;
}

type StartOptions = EnsureToolsOptions & { readonly signal: AbortSignal };

/** Starts the server, once more where another process took a port between the moment it was found free and its use. */
async function startDevServer(options: StartOptions): Promise<StackRecord> {
  for (let start = 1; ; start += 1) {
    try {
      return await startOnce(options);
    } catch (cause) {
      if (start === SERVER_STARTS || !messageOf(cause).includes(PORT_TAKEN)) throw cause;
    }
  }
}

async function startOnce(options: StartOptions): Promise<StackRecord> {
  const tool = (await ensureTools(['temporal'], options)).get('temporal');
  if (tool === undefined) throw new Error('the Temporal CLI was not found');
  const folder = join(stateFolder(), 'temporal');
  makeFolder(folder);
  // Its database is that of the server that is to start.
  await stopStrayServers();
  // One that was killed left its record: workers and clients find the next one only where that one was.
  const before = readStackRecord();
  const port = await freePort(portIn(before?.address) ?? DEFAULT_PORT);
  const uiPort = await freePort(portIn(before?.uiUrl) ?? DEFAULT_UI_PORT);
  const metricsPort = await freePort();
  // A database cannot be carried over to another server version.
  const databasePath = join(folder, `server-${tool.version}.db`);
  removeEmptyDatabase(databasePath);
  const server = await startDetached({
    name: SERVER,
    file: tool.path,
    args: serverArguments({ port, uiPort, metricsPort, databasePath }),
    // The CLI reads files under HOME; the user's are not meant for this server.
    env: { HOME: folder, TEMPORAL_VERSION_CHECK_DISABLED: '1', ...stackMark(SERVER) },
    cwd: folder,
    logPath: join(folder, 'server.log'),
  });
  const record: StackRecord = {
    address: `127.0.0.1:${port}`,
    namespace: NAMESPACE,
    uiUrl: `http://127.0.0.1:${uiPort}`,
    metricsAddress: `127.0.0.1:${metricsPort}`,
    databasePath,
    server,
  };
  try {
    writeStackRecord(record);
    await untilHealthy(record, options.signal);
    await prepareNamespace(record);
    return record;
  } catch (cause) {
    await stopProcess(server);
    removeStackRecord();
    throw cause;
  }
}

function portIn(address: string | undefined): number | undefined {
  const port = /:(\d+)$/.exec(address ?? '')?.[1];
  return port === undefined ? undefined : Number(port);
}

function serverArguments(given: {
  port: number;
  uiPort: number;
  metricsPort: number;
  databasePath: string;
}): readonly string[] {
  const attributes = Object.entries(SEARCH_ATTRIBUTES).flatMap(([name, type]) => [
    '--search-attribute',
    `${name}=${type}`,
  ]);
  // prettier-ignore
  return [
    'server', 'start-dev', '--ip', '127.0.0.1', '--port', String(given.port),
    '--ui-ip', '127.0.0.1', '--ui-port', String(given.uiPort), '--metrics-port', String(given.metricsPort),
    '--db-filename', given.databasePath, '--sqlite-pragma', 'journal_mode=wal', '--sqlite-pragma', 'synchronous=normal',
    ...attributes,
    // The server would ask its maker for newer versions.
    '--dynamic-config-value', 'frontend.enableServerVersionCheck=false',
    '--disable-config-file', '--disable-config-env', '--log-level', 'error', '--color', 'never',
  ];
}

async function untilHealthy(record: StackRecord, signal: AbortSignal): Promise<void> {
  const log = (): string => `its log says:\n${logTail(record.server.logPath)}`;
  const healthy = await pollUntil({ everyMs: PROCESS_POLL_MS, budgetMs: SERVER_START_MS, signal }, async () => {
    if (!isAlive(record.server))
      throw new Error(
        `the Temporal dev server ended at once; ${portTaken(record) ?? databaseProblem(record.databasePath, record.server.logPath) ?? log()}`,
      );
    if (!((await isHealthy(targetOf(record), SERVER_HEALTH_MS)) && (await uiAnswers(record.uiUrl)))) return undefined;
    // A server of another state folder may have taken a port just before. Ours then ends for it, and is started on other ports.
    const ports = [portIn(record.address), portIn(record.uiUrl)];
    const isOther = ports.some((port) => port !== undefined && listensOn(record.server.pid, port) === false);
    return isOther ? undefined : true;
  });
  if (healthy === undefined)
    throw new Error(`the Temporal dev server was not healthy after ${SERVER_START_MS / 1000} s; ${log()}`);
}

/** Why it ended, if that was a port: the server says so above the long trace of its end. */
function portTaken({ server: { logPath } }: StackRecord): string | undefined {
  return logTail(logPath, 200)
    .split('\n')
    .findLast((line) => line.includes(PORT_TAKEN));
}

async function uiAnswers(url: string): Promise<boolean> {
  try {
    const { body } = await request(url, { dispatcher: directAgent, signal: AbortSignal.timeout(SERVER_HEALTH_MS) });
    await body.dump();
    return true;
  } catch {
    return false;
  }
}

/** Attributes given on the command line are only for namespaces that the server creates: an older database may lack some. */
async function prepareNamespace(record: StackRecord): Promise<void> {
  const connection = await connect(targetOf(record));
  try {
    await registerSearchAttributes(connection, record.namespace);
    await connection.workflowService.updateNamespace({
      namespace: record.namespace,
      config: { workflowExecutionRetentionTtl: msToTs(RETENTION_HOURS * 3_600_000) },
    });
  } finally {
    await connection.close();
  }
}

function targetOf({ address, namespace }: StackRecord): TemporalTarget {
  return { external: false, address, namespace, connection: { address } };
}
