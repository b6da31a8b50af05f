/** Objects per second that a ramp may rely on: the rate measured at one million Pods, less a safety margin. */
const OBJECTS_PER_SECOND = 750;
const FLOOR_MS = 15 * 60_000;

/** How long the campaign waits for its steady state, and which clause of the formula decided it. */
export interface RampBudget {
  readonly ms: number;
  readonly clause: string;
}

/**
 * The ramp budget: the profile's own, else the longest of 15 minutes, the time to create `totalPods` at 750 per second plus
 * one second, and half of the soak. BigFleet has the same formula but takes clusters x Pods per cluster as `totalPods`, which
 * is more than is created where the numbers do not divide; `makePlan` passes the Pods that are created.
 * @param ownMs the profile's `rampBudget` in ms, 0 = not set
 */
export function rampBudget(ownMs: number, totalPods: number, soakSeconds: number): RampBudget {
  if (ownMs > 0) return { ms: ownMs, clause: 'rampBudget of the profile' };
  const clauses: readonly RampBudget[] = [
    { ms: FLOOR_MS, clause: '15-min floor' },
    {
      ms: totalPods > 0 ? Math.ceil((totalPods / OBJECTS_PER_SECOND) * 1_000) + 1_000 : 0,
      clause: `${totalPods} Pods / ${OBJECTS_PER_SECOND} a second + 1 s`,
    },
    { ms: soakSeconds * 500, clause: 'soakSeconds × 0.5' },
  ];
  return clauses.reduce((longest, clause) => (clause.ms > longest.ms ? clause : longest));
}
