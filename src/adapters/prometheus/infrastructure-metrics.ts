import { Gauge } from 'prom-client';
import type { InfrastructureGap } from '../../core/gates/answers.ts';
import { registry } from './own-metrics.ts';

/*
 * When parts of a campaign's infrastructure on this host did not work, for the lead of a campaign with several hosts: it cannot read
 * the disks of the others.
 */

const LABELS = ['campaign', 'cluster', 'component'] as const;

const gapStart = gauge(
  'belay_infrastructure_gap_start_seconds',
  'When a part was last known to work before its latest gap.',
);
const gapEnd = gauge('belay_infrastructure_gap_end_seconds', 'When a part worked again after a gap.');

/** Shows the latest gap of each part. */
export function showGaps(campaign: string, gaps: readonly InfrastructureGap[]): void {
  for (const { cluster = '', component, startMs, endMs } of gaps.toSorted((a, b) => a.startMs - b.startMs)) {
    const labels = { campaign, cluster, component };
    gapStart.set(labels, startMs / 1_000);
    if (endMs !== null) gapEnd.set(labels, endMs / 1_000);
  }
}

function gauge(name: string, help: string): Gauge<(typeof LABELS)[number]> {
  return new Gauge({ name, help, labelNames: LABELS, registers: [registry] });
}
