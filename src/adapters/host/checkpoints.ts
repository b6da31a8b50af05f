import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { readJsonFile, writeTextFile } from './atomic-file.ts';
import { campaignFolder } from './ledger.ts';

/**
 * Checkpoints of stages on this host's disk. Heartbeats do not carry them: they are throttled, so that a killed worker would lose
 * seconds of them, and a checkpoint of many clusters is large. They are parsed by the stage that uses them.
 */

/** Replaces the checkpoint of one execution of a stage. */
export function writeCheckpoint(slug: string, stage: string, execution: number, checkpoint: unknown): void {
  writeTextFile(join(checkpointsFolder(slug), nameOf(stage, execution)), JSON.stringify(checkpoint));
}

/** The checkpoint of one execution of a stage; undefined if there is none yet. */
export function readCheckpoint(slug: string, stage: string, execution: number): unknown {
  return readCheckpointIn(checkpointsFolder(slug), stage, execution);
}

/** The same in a copy of a host's checkpoints. */
export function readCheckpointIn(folder: string, stage: string, execution: number): unknown {
  return readJsonFile(join(folder, nameOf(stage, execution)));
}

/** The newest checkpoint of an earlier execution of a stage; undefined if none left one. */
export function readCheckpointBefore(slug: string, stage: string, execution: number): unknown {
  const earlier = executionsOf(slug, stage).filter((each) => each < execution);
  return earlier.length === 0 ? undefined : readCheckpoint(slug, stage, Math.max(...earlier));
}

function executionsOf(slug: string, stage: string): readonly number[] {
  try {
    return readdirSync(checkpointsFolder(slug)).flatMap((name) => {
      const execution = name.startsWith(`${stage}-`)
        ? /^(\d+)\.json$/.exec(name.slice(stage.length + 1))?.[1]
        : undefined;
      return execution === undefined ? [] : [Number(execution)];
    });
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw cause;
  }
}

/** Folder of a campaign's checkpoints on this host. It may not exist. */
export function checkpointsFolder(slug: string): string {
  return join(campaignFolder(slug), 'checkpoints');
}

function nameOf(stage: string, execution: number): string {
  return `${stage}-${execution}.json`;
}
