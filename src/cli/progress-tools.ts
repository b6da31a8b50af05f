import type { ToolProgress } from '../adapters/toolchain/progress.ts';
import { TOOLS, inBuildOrder } from '../adapters/toolchain/tools.ts';
import type { ToolName } from '../adapters/toolchain/tools.ts';
import type { ProgressRow } from './progress-rows.ts';

/** The progress rows of tools that are being installed. */
export interface ToolRows {
  readonly rows: () => readonly ProgressRow[];
  readonly take: (progress: ToolProgress) => void;
  /** Marks the running rows as failed. */
  readonly fail: (reason: string) => void;
}

/** Rows for `names` in the order in which they are made ready, all waiting. */
export function toolRows(names: readonly ToolName[], nowMs: () => number = Date.now): ToolRows {
  const rows = new Map<ToolName, ProgressRow>();
  for (const name of inBuildOrder(names))
    rows.set(name, { label: `${name} ${TOOLS[name].version}`, state: 'waiting', detail: '' });
  return {
    rows: () => [...rows.values()],
    take: (progress) => {
      const { label, startedAtMs } = rows.get(progress.tool) ?? { label: progress.tool, startedAtMs: undefined };
      const began = { startedAtMs: startedAtMs ?? nowMs() - progress.elapsedMs };
      if (progress.step === 'ready') {
        const got = startedAtMs === undefined ? {} : { ...began, endedAtMs: nowMs() };
        rows.set(progress.tool, {
          label,
          state: 'done',
          detail: startedAtMs === undefined ? 'present' : '',
          ...got,
        });
        return;
      }
      const fraction = progress.total > 0 ? { fraction: progress.done / progress.total } : {};
      // The search takes seconds; its lines would only double the output.
      const state = progress.step === 'looking' ? 'waiting' : 'running';
      rows.set(progress.tool, { label, state, detail: stepText(progress), ...fraction, ...began });
    },
    fail: (reason) => {
      for (const [name, row] of rows) {
        if (row.startedAtMs !== undefined && row.state !== 'done')
          rows.set(name, { ...row, state: 'failed', detail: reason, endedAtMs: nowMs() });
      }
    },
  };
}

function stepText({ step, done, total, unit }: ToolProgress): string {
  switch (step) {
    case 'looking':
      return 'searching';
    case 'waiting':
      return 'another process is installing it';
    case 'downloading':
      if (unit === 'modules') return `fetching Go modules, ${done} so far`;
      return total > 0
        ? `downloading, ${megabytes(done)} of ${megabytes(total)} MB`
        : `downloading, ${megabytes(done)} MB`;
    case 'building':
      // The last package is the program itself, and most of that time is linking.
      return total > 0 && done >= total - 1 ? 'building, linking' : `building, ${done} of ${total} packages`;
    case 'ready':
      return 'ready';
  }
}

function megabytes(bytes: number): string {
  return (bytes / 1e6).toFixed(1);
}
