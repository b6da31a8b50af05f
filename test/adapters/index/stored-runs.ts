import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { writeSummary } from '../../../src/adapters/evidence/write-summary.ts';
import { buildSummary } from '../../../src/core/verdict/build-summary.ts';
import type { Summary } from '../../../src/core/verdict/summary-model.ts';
import { BEGIN_MS, gateOf, inputOf, resultOf } from '../evidence/fixture.ts';
import { anIdentity } from '../../core/identity/make-identity.ts';

/** What a stored run of these tests differs in. */
interface RunOptions extends Partial<Summary> {
  /** Value of its gate `podBindP99`, whose bar is 2 s; null is unmeasured. */
  readonly value?: number | null;
}

/** A summary as a campaign writes it. */
export function aSummary({ value = 1.5, ...more }: RunOptions = {}): Summary {
  const built = buildSummary(inputOf({ results: [resultOf(gateOf('podBindP99'), value)] }));
  return {
    ...built,
    identity: anIdentity(),
    endedAtMs: (more.startedAtMs ?? built.startedAtMs) + built.endedAtMs - built.startedAtMs,
    ...more,
  };
}

/** Puts a finished run into the runs folder. @returns its folder */
export function storeRun(runs: string, id: string, options: RunOptions = {}): string {
  const folder = join(runs, id);
  mkdirSync(folder, { recursive: true });
  writeSummary(folder, aSummary({ runId: id, ...options }));
  return folder;
}

/** The start of the n-th day of these tests. */
export function dayMs(day: number): number {
  return BEGIN_MS + day * 86_400_000;
}
