import { cpSync, existsSync } from 'node:fs';
import { join } from 'node:path';
import type { HostSample } from '../../core/gates/host-saturation.ts';
import type { InfrastructureEvent } from '../../core/gates/infrastructure.ts';
import type { IdentityFinding } from '../../core/identity/identity-schema.ts';
import type { HostSize } from '../../core/model/host-size.ts';
import type { ActivityName } from '../../core/model/stages.ts';
import { GROUPS } from '../fleet/evidence-inbox.ts';
import { readJsonFile, writeJsonFile } from '../host/atomic-file.ts';
import { checkpointsFolder, readCheckpoint, readCheckpointIn } from '../host/checkpoints.ts';
import { hostSamplesIn } from '../host/host-samples.ts';
import { hostSize } from '../host/host-size.ts';
import { infrastructureEventsIn } from '../host/infrastructure-events.ts';
import { mergeTimelines, readTimeline } from './evidence-folder.ts';
import { readIdentityFindings } from './identity-findings.ts';

/** What one host recorded about a campaign. */
export interface HostEvidence {
  /** Null where the host did not record it. */
  readonly size: HostSize | null;
  /** In order. */
  readonly samples: readonly HostSample[];
  /** Failures and repairs of the infrastructure, in order. */
  readonly infrastructure: readonly InfrastructureEvent[];
  /** What stages and workers found out about what the readings were taken with. */
  readonly findings: readonly IdentityFinding[];
  /** The checkpoint of one execution of a stage, or of its part of a soak; undefined if there is none. */
  checkpoint(activity: ActivityName, execution: number): unknown;
}

/** What this host recorded: it knows its own size. */
export interface OwnEvidence extends HostEvidence {
  readonly size: HostSize;
}

/** The folder of a group's evidence in the run folder of the lead. */
export function groupFolder(folder: string, group: string): string {
  return join(folder, GROUPS, group);
}

/** What this host recorded. @param folder `runs/<campaign>/` */
export function ownEvidence(folder: string, slug: string): OwnEvidence {
  return {
    ...recordsIn(folder),
    size: hostSize(),
    checkpoint: (activity, execution) => readCheckpoint(slug, activity, execution),
  };
}

/** What the host of another group recorded, as the run folder of the lead has it. */
export function evidenceOfGroup(folder: string, group: string): HostEvidence {
  const own = groupFolder(folder, group);
  const { findings, infrastructure, samples } = recordsIn(own);
  return {
    samples,
    infrastructure: infrastructure.map((event) => ({ ...event, group })),
    findings: findings.map((finding) => (finding.kind === 'stage' ? { ...finding, group } : finding)),
    size: sizeIn(own),
    checkpoint: (activity, execution) => readCheckpointIn(join(own, CHECKPOINTS), activity, execution),
  };
}

/** Merges the timelines of groups into that of the lead. */
export function mergeGroupTimelines(folder: string, groups: readonly string[]): void {
  mergeTimelines(folder, new Map(groups.map((group) => [group, readTimeline(groupFolder(folder, group))])));
}

/**
 * Adds to the evidence of a member what the lead needs of this host and what is not evidence yet: its size, and the checkpoints,
 * which go with the campaign's folder.
 */
export function keepHostFacts(folder: string, slug: string): void {
  writeJsonFile(join(folder, SIZE_FILE), hostSize());
  const checkpoints = checkpointsFolder(slug);
  if (existsSync(checkpoints)) cpSync(checkpoints, join(folder, CHECKPOINTS), { recursive: true });
}

const SIZE_FILE = 'host.json';
const CHECKPOINTS = 'checkpoints';

function recordsIn(folder: string): Pick<HostEvidence, 'samples' | 'infrastructure' | 'findings'> {
  return {
    samples: hostSamplesIn(folder),
    infrastructure: infrastructureEventsIn(folder),
    findings: readIdentityFindings(folder),
  };
}

function sizeIn(folder: string): HostSize | null {
  const { cores, memoryBytes } = (readJsonFile(join(folder, SIZE_FILE)) ?? {}) as Partial<HostSize>;
  return typeof cores === 'number' && typeof memoryBytes === 'number' ? { cores, memoryBytes } : null;
}
