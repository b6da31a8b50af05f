import { existsSync, readdirSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { differingParts } from '../../core/history/fingerprint-parts.ts';
import { COLD_INDEX_FOLDERS, HISTORY_RUNS } from '../../core/plan/limits.ts';
import type { RunHistory } from '../../core/verdict/run-history.ts';
import { stateFolder } from '../host/folders.ts';
import { readRun, isDamaged } from '../index/run-folders.ts';
import { withRunIndex } from '../index/run-index.ts';

/**
 * What the runs beside a run say about it: those that can be compared with it and began before it. Undefined where the index cannot say
 * it, or would have to be made of so many folders that a report would wait for it: a report does not depend on it.
 * @param folder of the run; the others lie beside it
 */
export function runHistory(folder: string): RunHistory | undefined {
  const runs = dirname(folder);
  try {
    if (isCold() && readdirSync(runs).length > COLD_INDEX_FOLDERS) return undefined;
    const run = readRun({ id: basename(folder), folder, state: undefined });
    if (isDamaged(run)) return undefined;
    const { profile, startedAtMs, fingerprint } = run;
    return withRunIndex(
      (index) => {
        const comparable = index
          .runs({ profile, nightsOnly: true })
          .filter((one) => one.startedAtMs < startedAtMs && differingParts(one.fingerprint, fingerprint).length === 0);
        return { earlier: comparable.slice(0, HISTORY_RUNS) };
      },
      { runs },
    );
  } catch {
    return undefined;
  }
}

/** Whether no command has made the index yet. */
function isCold(): boolean {
  return !existsSync(join(stateFolder(), 'index.sqlite'));
}
