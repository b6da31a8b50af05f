import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { GroundGap } from '../../core/gates/answers.ts';
import { appendJsonLine, readJsonLines } from './json-lines.ts';
import { runsFolder } from './folders.ts';

/**
 * Something that happened to the ground a campaign stands on. `died` and `frozen` open a gap, `restarted` and `resumed`
 * close it; after `gave-up` it stays open.
 */
export interface GroundEvent {
  readonly atMs: number;
  readonly campaign: string;
  /** Absent for what serves the whole campaign, e.g. Prometheus. */
  readonly cluster?: string;
  readonly component: string;
  readonly what: 'died' | 'restarted' | 'gave-up' | 'frozen' | 'resumed';
  /** When it was last known to be well. */
  readonly gapStartMs: number;
  /** When it was well again. */
  readonly gapEndMs?: number;
  readonly detail: string;
}

/** Appends an event to the campaign's `ground.jsonl`. */
export function appendGround(event: GroundEvent): void {
  mkdirSync(join(runsFolder(), event.campaign), { recursive: true });
  appendJsonLine(groundPath(event.campaign), event);
}

/** All events of a campaign so far, in order. Lines that a crash or a full disk tore are left out. */
export function readGround(campaign: string): readonly GroundEvent[] {
  return readJsonLines(groundPath(campaign)) as readonly GroundEvent[];
}

/** The times in which a part of the ground was not well. Readings whose window overlaps one are unmeasured. */
export function groundGaps(events: readonly GroundEvent[]): readonly GroundGap[] {
  const gaps: GroundGap[] = [];
  const open = new Map<string, number>();
  for (const event of events) {
    const key = `${event.cluster ?? ''} ${event.component}`;
    const index = open.get(key);
    const gap: GroundGap = {
      startMs: event.gapStartMs,
      endMs: event.gapEndMs ?? null,
      ...(event.cluster === undefined ? {} : { cluster: event.cluster }),
      component: event.component,
    };
    if (index === undefined) {
      gaps.push(gap);
      if (gap.endMs === null) open.set(key, gaps.length - 1);
    } else if (gap.endMs !== null) {
      const began = gaps[index]?.startMs ?? gap.startMs;
      gaps[index] = { ...gap, startMs: Math.min(began, gap.startMs) };
      open.delete(key);
    }
  }
  return gaps;
}

function groundPath(campaign: string): string {
  return join(runsFolder(), campaign, 'ground.jsonl');
}
