import type { ArrivalsReport } from '../adapters/kube/run-arrivals.ts';
import type { StageResult } from '../core/campaign/stage-io.ts';
import type { BodyResult } from './stage-activity.ts';

/** The result of a ramp over its clusters. A rate or a lateness that was not measured is left out and never shown as 0. */
export function rampResult(reports: readonly ArrivalsReport[]): BodyResult<StageResult> {
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
  const sent = reports.filter(({ sentLate }) => sentLate.count > 0);
  const lateP99 = sent.length === 0 ? undefined : Math.max(...sent.map(({ sentLate }) => sentLate.p99Ms));
  const parts = [
    `${sum((report) => report.created + report.existing)} of ${wanted} Pods created`,
    ...(achieved === undefined
      ? []
      : [`${achieved.toFixed(1)} a second${asked === undefined ? '' : ` of ${asked.toFixed(1)} asked`}`]),
    ...(lateP99 === undefined ? [] : [`sent at most ${Math.round(lateP99)} ms late (p99)`]),
  ];
  return {
    detail: parts.join(', '),
    facts: {
      podsWanted: wanted,
      podsCreated: sum((report) => report.created),
      podsExisting: sum((report) => report.existing),
      refilled: sum((report) => report.refilled),
      retries: sum((report) => report.retries),
      conflicts: sum((report) => report.conflicts),
      ...(asked === undefined ? {} : { askedPerSec: asked }),
      ...(achieved === undefined ? {} : { achievedPerSec: achieved }),
      ...(lateP99 === undefined ? {} : { sentLateP99Ms: lateP99 }),
    },
  };
}
