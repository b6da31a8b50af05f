import { randomUUID } from 'node:crypto';
import { existsSync, readdirSync } from 'node:fs';
import { open, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { makeFolder } from '../host/make-folder.ts';
import type { GateDefinition } from '../../core/gates/model.ts';
import { CURVE_QUERIES } from '../../core/plan/limits.ts';
import type { PrometheusClient } from '../prometheus/client.ts';
import { clientOf, type RunningPrometheus } from '../prometheus/server.ts';
import { writeJsonFile } from '../host/atomic-file.ts';
import { moveFolder } from './move-folder.ts';
import type { Curve, CurveQuestion } from './series.ts';
import { curveQuery, curveStepMs, gateBuckets, gateCurves, growthOf, OWN_CURVES } from './series.ts';
import { messageOf } from '../../core/text/message-of.ts';
import type { EvidencePart } from '../../core/campaign/stage-io.ts';

/** Of a larger log only the end is kept. */
const MAX_LOG_BYTES = 20 * 1024 * 1024;

export interface SnapshotRequest {
  /** `runs/<campaign>/` */
  readonly folder: string;
  readonly campaign: string;
  /** Undefined when the campaign never had one. */
  readonly prometheus: RunningPrometheus | undefined;
  readonly gates: readonly GateDefinition[];
  /** Time of the gates' curves. Undefined when there was no soak. */
  readonly soak: { readonly startMs: number; readonly endMs: number; readonly execution: number } | undefined;
  /** Time of Belay's own curves: the whole campaign so far. */
  readonly campaignTime: { readonly startMs: number; readonly endMs: number };
  readonly logs: readonly { readonly name: string; readonly path: string }[];
  readonly queryBudgetMs: number;
  /** Budget of taking the TSDB's snapshot. */
  readonly snapshotBudgetMs: number;
  readonly signal: AbortSignal;
  /**
   * Throws when a later attempt keeps the evidence. A worker that was frozen goes on with an answer that had come meanwhile, or with the
   * failure of its call, before it hears that it was given up: asked before each file that is written.
   */
  readonly throwIfSuperseded: () => void;
  /** Called after every part that was tried. */
  readonly onPart: (part: EvidencePart) => void;
}

/**
 * Collects the evidence that is only available while the campaign's parts run, the cheap first: curves of the gates and of the
 * load, then logs, then the TSDB's snapshot. Where the campaign's Prometheus is an agent there are only logs: the lead has the rest. Every part is bounded; a part that is not available is reported and the rest goes
 * on. Where Prometheus does not answer, its parts fail at once after the first budget. Doing it again replaces what is
 * there.
 * @throws the signal's reason when it aborts, and what `throwIfSuperseded` throws; nothing else
 */
export async function collectSnapshot(request: SnapshotRequest): Promise<readonly EvidencePart[]> {
  const parts: EvidencePart[] = [];
  const mayGoOn = (): void => {
    request.signal.throwIfAborted();
    request.throwIfSuperseded();
  };
  const attempt = async (what: string, work: () => Promise<void>): Promise<void> => {
    mayGoOn();
    const part = await work().then(
      (): EvidencePart => ({ what, ok: true }),
      (cause: unknown): EvidencePart => ({
        what,
        ok: false,
        error: messageOf(cause),
      }),
    );
    mayGoOn();
    parts.push(part);
    request.onPart(part);
  };

  const { prometheus } = request;
  const keepLogs = (): Promise<unknown> =>
    Promise.all(
      request.logs.map((log) =>
        attempt(`log of ${log.name}`, () => keepLog(log, request.folder, request.throwIfSuperseded)),
      ),
    );
  if (prometheus?.own?.agentOf !== undefined) {
    await keepLogs();
    return parts;
  }
  const client = prometheus === undefined ? undefined : clientOf(prometheus);
  try {
    const silence = client === undefined ? 'the campaign has no Prometheus' : await silenceOf(client, request);
    const answering = silence === undefined ? client : undefined;
    const { soak } = request;
    if (soak !== undefined) {
      const questions = [...gateCurves(request.gates), ...request.gates.flatMap(gateBuckets)];
      await attempt('curves of the gates', () => curves(answering, silence, request, soak, questions));
    }
    const whole = request.campaignTime;
    await attempt('curves of the load', () => curves(answering, silence, request, whole, OWN_CURVES));
    await keepLogs();
    if (prometheus === undefined || prometheus.own !== undefined) {
      await attempt('Prometheus snapshot', () => tsdbSnapshot(answering, silence, request));
    }
  } finally {
    await client?.close();
  }
  return parts;
}

/** Why Prometheus cannot be asked; undefined when it answers. */
async function silenceOf(client: PrometheusClient, request: SnapshotRequest): Promise<string | undefined> {
  try {
    await client.query('vector(1)', request.campaignTime.endMs, boundsOf(request));
    return undefined;
  } catch (cause) {
    request.signal.throwIfAborted();
    return messageOf(cause);
  }
}

async function curves(
  client: PrometheusClient | undefined,
  silence: string | undefined,
  request: SnapshotRequest,
  time: { readonly startMs: number; readonly endMs: number },
  questions: readonly CurveQuestion[],
): Promise<void> {
  if (client === undefined) throw new Error(silence);
  const scrapeIntervalMs = request.prometheus?.scrapeIntervalMs ?? 1_000;
  const execution = request.soak?.execution ?? 1;
  const soakMs = request.soak === undefined ? 0 : request.soak.endMs - request.soak.startMs;
  const stepMs = curveStepMs(time.startMs, time.endMs, scrapeIntervalMs);
  const failed: string[] = [];
  const endsAt = performance.now() + CURVE_QUERIES * request.queryBudgetMs;
  for (const { name, file, queries, growth, atEnd } of questions) {
    const asked = atEnd === true ? { startMs: time.endMs, endMs: time.endMs } : time;
    const lines: Curve['lines'][number][] = [];
    for (const { label, promql } of queries) {
      const budgetMs = Math.min(request.queryBudgetMs, Math.floor(endsAt - performance.now()));
      try {
        if (budgetMs <= 0) throw new Error('the time for curves was used up');
        const filled = curveQuery(promql, { soakMs, scrapeIntervalMs, campaign: request.campaign, execution, atEnd });
        const series = await client.queryRange(filled, { ...asked, stepMs }, { signal: request.signal, budgetMs });
        lines.push({ label, promql: filled, series: growth === true ? series.map(growthOf) : series });
      } catch (cause) {
        request.signal.throwIfAborted();
        failed.push(`${name}: ${messageOf(cause)}`);
      }
    }
    const curve: Curve = { name, ...time, stepMs, lines };
    request.throwIfSuperseded();
    writeJsonFile(join(request.folder, 'prometheus', 'series', file), curve);
  }
  if (failed.length > 0) throw new Error(failed.join('; '));
}

async function tsdbSnapshot(
  client: PrometheusClient | undefined,
  silence: string | undefined,
  request: SnapshotRequest,
): Promise<void> {
  const target = join(request.folder, 'prometheus', 'snapshot');
  // Each attempt has its own: a frozen one that goes on must not add to that of the next.
  const incoming = `${target}.${randomUUID()}.tmp`;
  await dropIncoming(join(request.folder, 'prometheus'));
  const own = request.prometheus?.own;
  if (client === undefined || own === undefined) throw new Error(silence ?? 'the campaign has no Prometheus');
  const name = await client.snapshot({ signal: request.signal, budgetMs: request.snapshotBudgetMs });
  const taken = join(own.dataFolder, 'snapshots', name);
  try {
    makeFolder(join(request.folder, 'prometheus'));
    await moveFolder(taken, incoming, request.signal);
  } finally {
    // A copy that did not fit must not take the room of what comes after it.
    await rm(taken, { recursive: true, force: true });
  }
  try {
    request.throwIfSuperseded();
    await rm(target, { recursive: true, force: true });
    await rename(incoming, target);
  } finally {
    await rm(incoming, { recursive: true, force: true });
  }
}

/** Removes what attempts left that were ended while they copied. */
async function dropIncoming(folder: string): Promise<void> {
  const names = existsSync(folder) ? readdirSync(folder) : [];
  for (const name of names.filter((each) => /^snapshot\..*tmp$/.test(each)))
    await rm(join(folder, name), { recursive: true, force: true });
}

/**
 * Copies a log, or the end of a long one, to the logs of a run folder.
 * @param throwIfSuperseded asked before the copy takes its place
 * @throws Error when there is none
 */
export async function keepLog(
  log: { readonly name: string; readonly path: string },
  folder: string,
  throwIfSuperseded: () => void = () => undefined,
): Promise<void> {
  if (!existsSync(log.path)) throw new Error(`${log.path} does not exist`);
  const target = join(folder, 'logs', `${log.name.replaceAll(/[^A-Za-z0-9._-]/g, '_')}.log`);
  makeFolder(join(folder, 'logs'));
  const file = await open(log.path, 'r');
  try {
    const { size } = await file.stat();
    const start = Math.max(0, size - MAX_LOG_BYTES);
    const out = await open(`${target}.tmp`, 'w');
    try {
      if (start > 0) await out.appendFile(`(the first ${start} bytes are left out)\n`);
      // Only what was there when it began: a log that grows as fast as it is read would never end.
      if (size > start) {
        for await (const chunk of file.createReadStream({ start, end: size - 1, autoClose: false }))
          // A plain write may take only a part of it, without an error.
          await out.appendFile(chunk as Buffer);
      }
    } finally {
      await out.close();
    }
    throwIfSuperseded();
    await rename(`${target}.tmp`, target);
  } catch (cause) {
    await rm(`${target}.tmp`, { force: true });
    throw cause;
  } finally {
    await file.close();
  }
}

function boundsOf(request: SnapshotRequest): { signal: AbortSignal; budgetMs: number } {
  return { signal: request.signal, budgetMs: request.queryBudgetMs };
}
