import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { HostSample } from '../../core/gates/host-saturation.ts';
import { runFolder } from './folders.ts';
import { appendJsonLine, readJsonLines } from './json-lines.ts';

const FILE = 'host.jsonl';

/** Appends a sample of the host to the campaign's `host.jsonl`. A campaign without a folder has no evidence to add it to. */
export function appendHostSample(campaign: string, sample: HostSample): void {
  const folder = runFolder(campaign);
  if (existsSync(folder)) appendJsonLine(join(folder, FILE), sample);
}

/** All samples of this host in a campaign so far, in order. */
export function readHostSamples(campaign: string): readonly HostSample[] {
  return hostSamplesIn(runFolder(campaign));
}

/** The samples in a folder of evidence, in order. Lines that a crash or a full disk cut off are left out. */
export function hostSamplesIn(folder: string): readonly HostSample[] {
  const samples = readJsonLines(join(folder, FILE)) as readonly HostSample[];
  // The clock may have been set back between two of them.
  return samples.toSorted((one, other) => one.atMs - other.atMs);
}
