import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { makeFolder } from '../host/make-folder.ts';
import type { Stage } from '../../core/model/stages.ts';
import type { GateResult } from '../../core/gates/model.ts';
import { recordedReason } from '../../core/gates/recorded-reason.ts';
import type { CampaignSpec } from '../../core/plan/spec.ts';
import type { ReadingMoment, ReadingOrigin, StoredReading } from '../../core/verdict/stored-reading.ts';
import { runFolder } from '../host/folders.ts';
import { writeTextFile } from '../host/atomic-file.ts';
import { openJsonLines, readJsonLines, type JsonLines } from '../host/json-lines.ts';
import { makeCurrent } from './spec-store.ts';

/** One thing that happened in a campaign. */
export interface TimelineEvent {
  readonly atMs: number;
  readonly stage: Stage;
  readonly execution: number;
  readonly attempt: number;
  /** One word, e.g. `began`, `ended`, `failed`, `breach`, `action`. */
  readonly what: string;
  readonly detail: string;
  /** The group on whose host it happened. Absent = the lead's, or that of the only host. */
  readonly group?: string;
}

/** Where a campaign's evidence is written as it happens. */
export interface Evidence {
  /** `runs/<campaign>/` */
  readonly folder: string;
  /** Adds to `timeline.jsonl`; the same event of the same attempt is kept once. */
  event(event: TimelineEvent): void;
  /**
   * Adds to `readings.jsonl`. A check of a gate is kept once for each moment. Its reading at the end of an execution is kept once:
   * the first one counts.
   */
  readings(of: ReadingOrigin, moment: ReadingMoment, results: readonly GateResult[]): void;
  /** Removes the folder: another host has all of it. Nothing is added to it afterwards. */
  discard(): void;
}

/** What a decision is called in a timeline. */
export const DECISION = 'decision';

/** A campaign's evidence folder; it may not exist yet. */
export function evidenceFolder(campaign: string): string {
  return runFolder(campaign);
}

/**
 * Opens a campaign's evidence. What is added once `isSuperseded` is dropped: another attempt keeps the evidence then. Its `spec.json` and `plan.json` say what is tested from then on; `specs/` has every
 * specification that a retry has replaced. Doing it again changes nothing.
 */
export function openEvidence(spec: CampaignSpec, isSuperseded: () => boolean = () => false): Evidence {
  const folder = evidenceFolder(spec.campaign);
  for (const part of ['prometheus', 'logs']) makeFolder(join(folder, part));
  makeCurrent(spec);
  let isDiscarded = false;
  let timeline: JsonLines<TimelineEvent> | undefined;
  let stored: JsonLines<StoredReading> | undefined;
  return {
    folder,
    event(event) {
      if (isDiscarded || isSuperseded()) return;
      timeline ??= openJsonLines(timelinePath(folder), ({ stage, execution, attempt, what, detail }) =>
        JSON.stringify([stage, execution, attempt, what, detail]),
      );
      timeline.append(event);
    },
    readings({ stage, execution }, moment, results) {
      if (isDiscarded || isSuperseded()) return;
      stored ??= openJsonLines(readingsPath(folder), keyOfReading);
      for (const result of results) stored.append({ stage, execution, moment, ...result });
    },
    discard() {
      isDiscarded = true;
      discardEvidence(spec.campaign);
    },
  };
}

/** Removes a campaign's evidence from this host: another one has all of it. */
export function discardEvidence(campaign: string): void {
  rmSync(evidenceFolder(campaign), { recursive: true, force: true });
}

function keyOfReading({ stage, execution, gate, moment, reading }: StoredReading): string {
  return JSON.stringify([stage, execution, gate, moment === 'end' ? moment : reading.atMs]);
}

/** Everything that happened, in order. */
export function readTimeline(folder: string): readonly TimelineEvent[] {
  return readJsonLines(timelinePath(folder)) as readonly TimelineEvent[];
}

/**
 * Merges the timelines of groups into that of the lead, in order of time. Every host wrote down the decisions; the lead's are
 * kept. Doing it again changes nothing.
 */
export function mergeTimelines(folder: string, groups: ReadonlyMap<string, readonly TimelineEvent[]>): void {
  const own = readTimeline(folder).filter(({ group }) => group === undefined);
  const others = [...groups].flatMap(([group, events]) =>
    events.filter(({ what }) => what !== DECISION).map((event) => ({ ...event, group })),
  );
  const merged = [...own, ...others].toSorted((a, b) => a.atMs - b.atMs);
  writeTextFile(timelinePath(folder), merged.map((event) => `${JSON.stringify(event)}\n`).join(''));
}

/** Every reading of every execution, in order. */
export function readReadings(folder: string): readonly StoredReading[] {
  const stored = readJsonLines(readingsPath(folder)) as readonly StoredReading[];
  return stored.map((one) => {
    const { reason } = one.reading;
    return reason === undefined ? one : { ...one, reading: { ...one.reading, reason: recordedReason(reason) } };
  });
}

function timelinePath(folder: string): string {
  return join(folder, 'timeline.jsonl');
}

function readingsPath(folder: string): string {
  return join(folder, 'readings.jsonl');
}
