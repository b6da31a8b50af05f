import { STEADY_SHARE } from '../model/steady-share.ts';

/** Pods of all clusters at one look. */
export interface PodLook {
  readonly wanted: number;
  readonly present: number;
  readonly bound: number;
}

/**
 * Whether a look finds what several looks in a row must find for the state to be steady: every Pod there, and as good as all
 * of them bound. Where the profile expects a standing shortfall: some of them not bound, and as many bound as at the look
 * before.
 */
export function isSteadyLook(look: PodLook, before: PodLook | undefined, expectsShortfall: boolean): boolean {
  if (look.present !== look.wanted) return false;
  if (expectsShortfall) return look.bound < look.wanted && look.bound === before?.bound;
  return look.bound >= Math.floor(STEADY_SHARE * look.wanted);
}
