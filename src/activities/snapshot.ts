import type { Logger } from 'pino';
import { existsSync } from 'node:fs';
import { readCheckpoint } from '../adapters/host/checkpoints.ts';
import { readLedger } from '../adapters/host/ledger.ts';
import { collectSnapshot, CURVE_BUDGETS } from '../adapters/evidence/collect-snapshot.ts';
import { ownPrometheus } from '../adapters/prometheus/server.ts';
import { substrateAdapter } from '../adapters/substrates/select-substrate.ts';
import { parseSoakCheckpoint } from '../core/plan/checkpoints/soak.ts';
import type { EvidencePart, SnapshotInput, SnapshotResult } from '../core/campaign/stage-io.ts';
import type { CallBudgets } from '../core/plan/deadline-model.ts';
import { LOCAL_MS } from '../core/plan/limits.ts';
import { bounded } from './bounded.ts';
import { isCancelled } from './cancellation.ts';
import { snapshotActivity, type StageContext } from './stage-activity.ts';

/** Time to collect everything, ms: curves, the TSDB's snapshot and its copy, logs; all of it terms of the stage's deadline. */
export function collectMs({ queryMs, snapshotMs }: CallBudgets): number {
  return (2 * CURVE_BUDGETS + 1) * queryMs + 2 * snapshotMs + LOCAL_MS;
}

/**
 * Keeps what only stands while the campaign does: curves, logs, the TSDB. It never fails for want of a part, and never waits
 * past its budget: what cannot be had is named, lowers the verdict, and teardown goes on.
 */
export function createSnapshot(log: Logger): (input: SnapshotInput) => Promise<SnapshotResult> {
  return snapshotActivity(log, async (context) => {
    const { spec, evidence } = context;
    const { budgets } = spec.deadlines;
    const parts: EvidencePart[] = [];
    try {
      await bounded('collect evidence', { budgetMs: collectMs(budgets) }, (signal, progress) =>
        collectSnapshot({
          folder: evidence.folder,
          campaign: spec.campaign,
          prometheus: ownPrometheus(spec.slug),
          gates: spec.gates,
          soak: soakOf(context),
          campaignTime: { startMs: readLedger(spec.slug)?.createdAtMs ?? Date.now() - 1_000, endMs: Date.now() },
          logs: logsOf(context),
          queryBudgetMs: budgets.queryMs,
          snapshotBudgetMs: budgets.snapshotMs,
          signal,
          onPart: (part) => {
            parts.push(part);
            progress({ live: `${part.what}: ${part.ok ? 'kept' : (part.error ?? 'not to be had')}` });
          },
        }),
      );
    } catch (error) {
      if (isCancelled(error)) throw error;
      parts.push({
        what: 'evidence in time',
        ok: false,
        error: error instanceof Error ? error.message : String(error),
      });
    }
    const missing = parts.filter((part) => !part.ok);
    for (const part of missing) context.log.warn({ part }, 'evidence is missing');
    return {
      detail:
        missing.length === 0
          ? `${parts.length} parts kept in ${evidence.folder}`
          : `missing: ${missing.map((part) => `${part.what} (${part.error ?? '?'})`).join('; ')}`,
      facts: { partsKept: parts.length - missing.length, partsMissing: missing.length },
      parts,
    };
  });
}

function soakOf({
  spec,
  input: { soak },
}: StageContext<SnapshotInput>): { readonly startMs: number; readonly endMs: number } | undefined {
  if (soak === undefined) return undefined;
  const checkpoint = parseSoakCheckpoint(readCheckpoint(spec.slug, 'soak', soak.execution));
  return { startMs: checkpoint?.startAtMs ?? soak.startedAtMs, endMs: soak.endedAtMs };
}

function logsOf({ spec }: StageContext): readonly { readonly name: string; readonly path: string }[] {
  const ledger = readLedger(spec.slug);
  if (ledger === undefined) return [];
  const substrate = substrateAdapter(spec.substrate, new Map());
  const ofClusters = ledger.clusters.flatMap((cluster) =>
    substrate.clusterLogs(cluster).map(({ component, path }) => ({ name: `${cluster.name}-${component}`, path })),
  );
  // The system's processes are among those on the ledger.
  const ofProcesses = ledger.processes.map(({ name, logPath }) => ({ name, path: logPath }));
  // A component that never started has no log to miss.
  return [...ofProcesses, ...ofClusters].filter(({ path }) => existsSync(path));
}
