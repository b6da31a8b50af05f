import type { CampaignSpec } from '../plan/spec.ts';
import { faultKey, faultSchedule, type ScheduledFault } from '../plan/fault-schedule.ts';
import type { FaultState } from '../plan/checkpoints/soak.ts';

/** What became of one action of a profile, in all clusters that it was meant for. An empty text is no error. */
export interface FaultResult {
  readonly action: string;
  readonly atSeconds: number;
  /** Why it was not injected. */
  readonly fireError: string;
  /** Why its effect, or the end of its effect, was not seen. */
  readonly assertError: string;
  /** It was injected, its effect was seen, it was undone, and that was seen too. */
  readonly asserted: boolean;
  /** What was seen of its effect, in each cluster where it was seen; absent where nothing was. */
  readonly effect?: string;
  /** How late it was injected, in the cluster where it was latest; absent for an action that was on time. */
  readonly lateSeconds?: number;
  /** It was not asserted for want of time only: Belay was late. This says nothing about the system. */
  readonly notInTime?: true;
}

/**
 * The results of a soak that ran to its end, one per action.
 * @param states the faults of its checkpoint
 * @param isKnown whether the evidence of a cluster is there, by its index. Faults of the others count as nothing: missing evidence
 *   lowers the verdict by itself
 */
export function faultResults(
  spec: Pick<CampaignSpec, 'profile' | 'plan' | 'randomSeed'>,
  states: Readonly<Record<string, FaultState>>,
  isKnown: (clusterIndex: number) => boolean = () => true,
): readonly FaultResult[] {
  const schedule = faultSchedule(spec).filter(({ clusterIndex }) => isKnown(clusterIndex));
  return spec.profile.runnerActions.flatMap(({ action, atSeconds }, actionIndex) => {
    const faults = schedule.filter((fault) => fault.actionIndex === actionIndex);
    if (faults.length === 0) return [];
    const own = faults.map((fault) => stateOf(fault, states));
    const error = (of: (state: FaultState) => string): string => own.map(of).find((message) => message !== '') ?? '';
    const fireError = error(notFired);
    const assertError = error(notSeen);
    const effects = own.flatMap(({ effect }) => effect ?? []);
    const lateMs = Math.max(0, ...own.map((state) => state.lateMs ?? 0));
    const failed = own.filter((state) => notFired(state) !== '' || notSeen(state) !== '');
    return {
      action,
      atSeconds,
      fireError,
      assertError,
      asserted: fireError === '' && assertError === '',
      ...(effects.length === 0 ? {} : { effect: effects.join('; ') }),
      ...(lateMs === 0 ? {} : { lateSeconds: lateMs / 1_000 }),
      ...(failed.length > 0 && failed.every(hadNoTime) ? { notInTime: true as const } : {}),
    };
  });
}

function notFired({ fireError, firedAtMs }: FaultState): string {
  return fireError ?? (firedAtMs === undefined ? 'the soak ended before it' : '');
}

/** Whether a fault that is not asserted had no time: the soak ended before it, or it was late and then refused or cut short. */
function hadNoTime(state: FaultState): boolean {
  const { firedAtMs, injectedAtMs, fireError, lateMs, assertedAtMs, assertError, undoneAtMs, undoError } = state;
  if (fireError !== undefined) return injectedAtMs === undefined && lateMs !== undefined;
  if (firedAtMs === undefined) return true;
  const wasCut = assertError === undefined && undoError === undefined && (assertedAtMs ?? undoneAtMs) !== undefined;
  return lateMs !== undefined && wasCut;
}

function notSeen({ firedAtMs, fireError, assertedAtMs, assertError, undoneAtMs, undoError }: FaultState): string {
  if (firedAtMs === undefined || fireError !== undefined) return '';
  if (assertError !== undefined) return assertError;
  if (assertedAtMs === undefined) return 'the soak ended before its effect was seen';
  if (undoError !== undefined) return undoError;
  return undoneAtMs === undefined ? 'the soak ended before it was undone' : '';
}

function stateOf(fault: ScheduledFault, states: Readonly<Record<string, FaultState>>): FaultState {
  return states[faultKey(fault)] ?? {};
}
