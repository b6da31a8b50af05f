import type { ToolName } from './tools.ts';

/** What getting one tool is doing. `done` of `total` counts `unit`s; total 0 = not known. */
export interface ToolProgress {
  readonly tool: ToolName;
  readonly step: 'looking' | 'waiting' | 'downloading' | 'building' | 'ready';
  readonly done: number;
  readonly total: number;
  readonly unit: 'bytes' | 'modules' | 'packages' | 'none';
  /** Since work on this tool began. */
  readonly elapsedMs: number;
  /** Something worth a line of its own: why a route was given up. */
  readonly note?: string;
}

/** Progress as the routes report it; the caller adds tool and elapsed time. */
export type StepProgress = Omit<ToolProgress, 'tool' | 'elapsedMs'>;
