import { join } from 'node:path';
import { makeFolder } from './make-folder.ts';
import type { InfrastructureEvent } from '../../core/gates/infrastructure.ts';
import { runFolder } from './folders.ts';
import { appendJsonLine, readJsonLines } from './json-lines.ts';

const FILE = 'infrastructure.jsonl';

/** The name of the file in version 0.1. A campaign that began there continues in the new one. */
const OLD_FILE = 'ground.jsonl';

/** Appends an event to the campaign's `infrastructure.jsonl`. */
export function appendInfrastructureEvent(event: InfrastructureEvent): void {
  const folder = runFolder(event.campaign);
  makeFolder(folder);
  appendJsonLine(join(folder, FILE), event);
}

/** All events of a campaign on this host so far, in order. */
export function readInfrastructureEvents(campaign: string): readonly InfrastructureEvent[] {
  return infrastructureEventsIn(runFolder(campaign));
}

/** The events in a folder of evidence, in order. Lines that a crash or a full disk cut off are left out. */
export function infrastructureEventsIn(folder: string): readonly InfrastructureEvent[] {
  return [OLD_FILE, FILE].flatMap((file) => readJsonLines(join(folder, file)) as readonly InfrastructureEvent[]);
}
