/** Share of the target Pods that must be bound for the load to count as steady. BigFleet uses the same share. */
export const STEADY_SHARE = 0.999;
