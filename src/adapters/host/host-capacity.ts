import { CAPACITY_ALLOWED, defaultCapacity, parseCapacity } from '../../core/plan/capacity.ts';
import { hostSize } from './host-size.ts';

/** Environment variable with the capacity of a worker's host. */
export const CAPACITY_VARIABLE = 'BELAY_CLUSTERS';

/**
 * How many clusters this process' host takes: `BELAY_CLUSTERS`, else what its cores and memory suffice for.
 * @throws Error naming the variable, the value found and what is allowed
 */
export function hostCapacity(): number {
  const text = process.env[CAPACITY_VARIABLE] || undefined;
  if (text === undefined) return defaultCapacity(hostSize());
  const clusters = parseCapacity(text);
  if (clusters === undefined) throw new Error(`${CAPACITY_VARIABLE}: found "${text}"; allowed: ${CAPACITY_ALLOWED}`);
  return clusters;
}
