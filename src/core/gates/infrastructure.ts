import type { InfrastructureGap } from './answers.ts';

/**
 * Something that happened to a part of a campaign's infrastructure. `died` and `frozen` open a gap, `restarted` and `resumed`
 * close it. After `gave-up` it stays open.
 */
export interface InfrastructureEvent {
  readonly atMs: number;
  readonly campaign: string;
  /** The group on whose host it happened. Absent = the lead's, or that of the only host. */
  readonly group?: string;
  /** Absent for a part that serves the whole campaign, e.g. Prometheus. */
  readonly cluster?: string;
  readonly component: string;
  readonly what: 'died' | 'restarted' | 'gave-up' | 'frozen' | 'resumed';
  /** When the part was last known to work. */
  readonly gapStartMs: number;
  /** When the part worked again. */
  readonly gapEndMs?: number;
  readonly detail: string;
}

/** An event in one sentence, without its time. */
export function infrastructureSentence({ group, cluster, component, what, detail }: InfrastructureEvent): string {
  const whole = group === undefined ? '' : ` of group ${group}`;
  const where = cluster === undefined ? whole : ` of ${cluster}`;
  return `${component}${where} ${what}${detail === '' ? '' : `: ${detail}`}`;
}

/** The times in which a part did not work. A reading whose window overlaps one of them is unmeasured. */
export function infrastructureGaps(events: readonly InfrastructureEvent[]): readonly InfrastructureGap[] {
  const gaps: InfrastructureGap[] = [];
  const open = new Map<string, number>();
  for (const event of events) {
    const key = `${event.group ?? ''} ${event.cluster ?? ''} ${event.component}`;
    const index = open.get(key);
    const gap: InfrastructureGap = {
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
