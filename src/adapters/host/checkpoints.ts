import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { campaignFolder } from './ledger.ts';

/**
 * A stage's checkpoint on this host's disk. Heartbeats carry the same, but are throttled: a killed worker may lose seconds of
 * them, and with them the moment at which a soak began.
 */
export function writeCheckpoint(slug: string, stage: string, execution: number, checkpoint: unknown): void {
  const folder = join(campaignFolder(slug), 'checkpoints');
  mkdirSync(folder, { recursive: true });
  const path = join(folder, `${stage}-${execution}.json`);
  writeFileSync(`${path}.${process.pid}.tmp`, JSON.stringify(checkpoint));
  renameSync(`${path}.${process.pid}.tmp`, path);
}

/** The checkpoint of a stage's execution; undefined when there is none yet. */
export function readCheckpoint(slug: string, stage: string, execution: number): unknown {
  try {
    return JSON.parse(readFileSync(join(campaignFolder(slug), 'checkpoints', `${stage}-${execution}.json`), 'utf8'));
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw cause;
  }
}
