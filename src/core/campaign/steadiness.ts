import { STEADY_SHARE } from '../model/steady-share.ts';

/** Pods of all clusters at one moment. */
export interface PodLook {
  readonly wanted: number;
  readonly present: number;
  readonly bound: number;
}

/**
 * Whether the Pods look steady; several looks in a row must do. Every Pod exists, and the steady share of them is bound. Where
 * the profile expects a standing shortfall, some Pods are not bound, and as many are bound as at the look before.
 */
export function isSteadyLook(look: PodLook, before: PodLook | undefined, expectsShortfall: boolean): boolean {
  if (look.present !== look.wanted) return false;
  if (expectsShortfall) return look.bound < look.wanted && look.bound === before?.bound;
  return look.bound >= Math.floor(STEADY_SHARE * look.wanted);
}
