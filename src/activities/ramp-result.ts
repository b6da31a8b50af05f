import type { ArrivalsReport } from '../adapters/kube/run-arrivals.ts';
import type { StageResult } from '../core/campaign/stage-io.ts';
import { latenessQuantile, type LatenessBounds, type LatenessCounts } from '../core/plan/lateness-histogram.ts';
import type { Observation } from '../core/plan/observation.ts';
import { waitedText } from './observing.ts';
import type { BodyResult } from './stage-activity.ts';

/**
 * The result of a ramp over its clusters. A rate or a lateness that was not measured is left out and never shown as 0.
 * @param lateness of the requests of all attempts; undefined where it is not known
 */
export function rampResult(
  reports: readonly ArrivalsReport[],
  lateness: LatenessCounts | undefined,
  observation: Observation,
): BodyResult<StageResult> {
  const sum = (of: (report: ArrivalsReport) => number): number =>
    reports.reduce((total, report) => total + of(report), 0);
  const rate = (of: (report: ArrivalsReport) => number | undefined): number | undefined => {
    const rates = reports.filter(({ wanted }) => wanted > 0).map(of);
    // A sum over some of the clusters would be the rate of another load.
    const known = rates.filter((each) => each !== undefined);
    return rates.length === 0 || known.length < rates.length ? undefined : known.reduce((a, b) => a + b, 0);
  };
  const wanted = sum((report) => report.wanted);
  const asked = rate((report) => report.askedPerSec);
  const achieved = rate((report) => report.achievedPerSec);
  const lateP99 = lateness === undefined ? undefined : latenessQuantile(lateness, 0.99);
  const parts = [
    `${sum((report) => report.created + report.existing)} of ${wanted} Pods created`,
    ...(achieved === undefined
      ? []
      : [`${achieved.toFixed(1)} a second${asked === undefined ? '' : ` of ${asked.toFixed(1)} asked`}`]),
    ...(lateP99 === undefined || lateP99.highMs === null ? [] : [`sent at most ${lateP99.highMs} ms late (p99)`]),
  ];
  return {
    detail: parts.join(', ') + waitedText(observation),
    facts: {
      podsWanted: wanted,
      podsCreated: sum((report) => report.created),
      podsExisting: sum((report) => report.existing),
      refilled: sum((report) => report.refilled),
      retries: sum((report) => report.retries),
      conflicts: sum((report) => report.conflicts),
      ...(asked === undefined ? {} : { askedPerSec: asked }),
      ...(achieved === undefined ? {} : { achievedPerSec: achieved }),
      ...latenessFacts('sentLateP99', lateP99),
    },
  };
}

/** The bounds of a lateness as facts of a stage. A bound that is not known is left out and never shown as 0. */
export function latenessFacts(name: string, bounds: LatenessBounds | undefined): StageResult['facts'] {
  if (bounds === undefined) return {};
  const { lowMs, highMs } = bounds;
  return { [`${name}LowMs`]: lowMs, ...(highMs === null ? {} : { [`${name}Ms`]: highMs }) };
}
