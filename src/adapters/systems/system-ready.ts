import { request } from 'undici';
import { directAgent } from '../host/direct-agent.ts';
import { HEALTH_ANSWER_MS, SYSTEM_POLL_MS } from '../../core/plan/limits.ts';
import { pollUntil } from '../host/poll-until.ts';
import type { System } from '../../core/model/system.ts';
import { logTail } from '../host/log-tail.ts';
import { isAlive } from '../host/processes.ts';
import type { LedgerProcess } from '../host/ledger.ts';
import type { ClusterClient } from '../kube/client.ts';
import type { Within } from '../kube/api-request.ts';
import { messageOf } from '../../core/text/message-of.ts';

/** A system that was installed and did not get ready: what is to be said is said about the system, not about the harness. */
export class SystemNotReady extends Error {
  override readonly name = 'SystemNotReady';
  /** Another attempt may find it well, e.g. after what ended was started again; else it would only wait longer. */
  readonly mayPass: boolean;
  constructor(message: string, options: ErrorOptions & { readonly mayPass?: boolean } = {}) {
    super(message, options);
    this.mayPass = options.mayPass ?? false;
  }
}

export interface ReadyRequest {
  readonly system: System;
  readonly client: ClusterClient;
  /** The system's processes by their names in the file. */
  readonly processes: ReadonlyMap<string, LedgerProcess>;
  readonly within: Within;
  readonly onStep: (detail: string) => void;
}

/**
 * Waits until a system is ready: its CRDs are served, its HTTP paths answer 200.
 * @throws SystemNotReady naming what it waited for last, or with the end of the log of a process that ended
 */
export async function waitUntilReady(ready: ReadyRequest): Promise<void> {
  const { within, onStep, system } = ready;
  let lastReason = '';
  const isReady = await pollUntil({ everyMs: SYSTEM_POLL_MS, ...within }, async () => {
    failOnEndedProcess(ready);
    const reason = await notReady(ready);
    if (reason === undefined) return true;
    if (reason !== lastReason) onStep(`waiting: ${reason}`);
    lastReason = reason;
    return undefined;
  });
  if (isReady === undefined) {
    throw new SystemNotReady(`system ${system.metadata.name} is not ready after ${within.budgetMs} ms: ${lastReason}`);
  }
}

function failOnEndedProcess({ system, processes }: ReadyRequest): void {
  for (const [name, record] of processes) {
    if (isAlive(record)) continue;
    const log = logTail(record.logPath, 5);
    throw new SystemNotReady(
      `process ${name} of system ${system.metadata.name} ended before it was ready. Its log ends:\n${log}`,
      // It may have lost its API server, and the keeper may have brought it back.
      { mayPass: true },
    );
  }
}

async function notReady(ready: ReadyRequest): Promise<string | undefined> {
  for (const crd of ready.system.ready.crds) {
    if (!(await isServed(ready, crd))) return `CRD ${crd} is not served`;
  }
  for (const { process, port, path } of ready.system.ready.http) {
    const number = ready.processes.get(process)?.ports?.[port];
    if (number === undefined) throw new Error(`ready.http: process ${process} has no port ${port}`);
    const reason = await notAnswering(`http://127.0.0.1:${number}${path}`, ready.within.signal);
    if (reason !== undefined) return `${process} ${path}: ${reason}`;
  }
  return undefined;
}

/** Established by its own account, and found by discovery: only then do lists of it work. */
async function isServed({ client, within }: ReadyRequest, crd: string): Promise<boolean> {
  const bounded = { ...within, budgetMs: HEALTH_ANSWER_MS };
  const found = await client.get<{
    spec: { group: string; names: { plural: string }; versions: { name: string; served: boolean }[] };
    status?: { conditions?: { type: string; status: string }[] };
  }>(`/apis/apiextensions.k8s.io/v1/customresourcedefinitions/${crd}`, bounded);
  const established = found?.status?.conditions?.some((each) => each.type === 'Established' && each.status === 'True');
  const version = found?.spec.versions.find((each) => each.served);
  if (found === undefined || established !== true || version === undefined) return false;
  const path = `/apis/${found.spec.group}/${version.name}`;
  const listed = await client.get<{ resources: { name: string }[] }>(path, bounded);
  return listed?.resources.some((each) => each.name === found.spec.names.plural) ?? false;
}

async function notAnswering(url: string, signal: AbortSignal): Promise<string | undefined> {
  try {
    const limited = AbortSignal.any([signal, AbortSignal.timeout(HEALTH_ANSWER_MS)]);
    const { statusCode, body } = await request(url, { dispatcher: directAgent, signal: limited });
    await body.dump();
    return statusCode === 200 ? undefined : `answers ${statusCode}`;
  } catch (cause) {
    return messageOf(cause);
  }
}
