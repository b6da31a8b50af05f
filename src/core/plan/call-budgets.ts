import type { Profile } from '../model/profile.ts';
import type { CallBudgets } from './deadline-model.ts';
import type { DeadlineError } from './deadline-errors.ts';
import { formatDuration } from '../text/duration.ts';

/** Default budgets of single external calls, integer ms. */
const DEFAULT_BUDGETS: CallBudgets = {
  clusterReadyMs: 120_000,
  nodeReadyMs: 120_000,
  podReadyMs: 60_000,
  systemReadyMs: 120_000,
  apiCallMs: 10_000,
  queryMs: 5_000,
  snapshotMs: 60_000,
  processStopMs: 10_000,
  gateIntervalMs: 5_000,
};

/** Name in the file of a budget: `nodeReadyMs` is written `deadlines.nodeReady`. */
export function budgetField(name: keyof CallBudgets): string {
  return `deadlines.${name.slice(0, -2)}`;
}

/** Waits that consist of calls: the second one, a call, must fit into the first one, the wait. */
const CONTAINS: readonly (readonly [keyof CallBudgets, keyof CallBudgets])[] = [
  ['clusterReadyMs', 'apiCallMs'],
  ['nodeReadyMs', 'apiCallMs'],
  ['podReadyMs', 'apiCallMs'],
  ['systemReadyMs', 'apiCallMs'],
  ['snapshotMs', 'queryMs'],
  ['gateIntervalMs', 'queryMs'],
];

/** What other files say about waits. */
export interface GivenWaits {
  /** The system file's own readiness limit, if it has one. It is the default, and a profile must not set less. */
  readonly systemReadyMs?: number | undefined;
  /** How long the substrate lets a new Node take until it is Ready. It comes on top of the default, and a profile must not set less. */
  readonly nodeDelayMs?: number | undefined;
}

/** The budgets of a profile with defaults filled in, and every contradiction among them. */
export function callBudgets(
  profile: Profile,
  { systemReadyMs, nodeDelayMs = 0 }: GivenWaits = {},
): { readonly budgets: CallBudgets; readonly errors: readonly DeadlineError[] } {
  const errors: DeadlineError[] = [];
  const set = profile.deadlines;
  const pick = (name: keyof CallBudgets, fallback: number): number => set[name] ?? fallback;
  const budgets: CallBudgets = {
    clusterReadyMs: pick('clusterReadyMs', DEFAULT_BUDGETS.clusterReadyMs),
    nodeReadyMs: pick('nodeReadyMs', DEFAULT_BUDGETS.nodeReadyMs + nodeDelayMs),
    podReadyMs: pick('podReadyMs', DEFAULT_BUDGETS.podReadyMs),
    systemReadyMs: pick('systemReadyMs', systemReadyMs ?? DEFAULT_BUDGETS.systemReadyMs),
    apiCallMs: pick('apiCallMs', DEFAULT_BUDGETS.apiCallMs),
    queryMs: pick('queryMs', DEFAULT_BUDGETS.queryMs),
    snapshotMs: pick('snapshotMs', DEFAULT_BUDGETS.snapshotMs),
    processStopMs: pick('processStopMs', DEFAULT_BUDGETS.processStopMs),
    // A profile that only lengthens `query` gets an interval that fits. A profile that sets both gets both as they are.
    gateIntervalMs: pick(
      'gateIntervalMs',
      Math.max(DEFAULT_BUDGETS.gateIntervalMs, pick('queryMs', DEFAULT_BUDGETS.queryMs)),
    ),
  };

  for (const name of Object.keys(DEFAULT_BUDGETS) as (keyof CallBudgets)[]) {
    const value = budgets[name];
    if (Number.isSafeInteger(value) && value > 0) continue;
    const field = budgetField(name);
    errors.push({
      outer: field,
      outerMs: value,
      inner: field,
      innerMs: value,
      message: `${field} is ${value} ms; allowed: a whole number of milliseconds above 0`,
    });
  }
  if (errors.length > 0) return { budgets, errors };

  const soakMs = profile.loadProfile.soakSeconds * 1_000;
  for (const [outer, inner] of CONTAINS) errors.push(...tooShort(outer, budgets[outer], inner, budgets[inner]));
  if (systemReadyMs !== undefined && budgets.systemReadyMs < systemReadyMs) {
    errors.push(compare('deadlines.systemReady', budgets.systemReadyMs, "the system's ready.timeout", systemReadyMs));
  }
  if (budgets.nodeReadyMs < nodeDelayMs) {
    const delay = "the substrate's local.nodeReadyDelaySeconds";
    errors.push(compare('deadlines.nodeReady', budgets.nodeReadyMs, delay, nodeDelayMs));
  }
  if (soakMs > 0 && budgets.gateIntervalMs > soakMs) {
    errors.push(compare('loadProfile.soakSeconds', soakMs, 'deadlines.gateInterval', budgets.gateIntervalMs));
  }
  return { budgets, errors };
}

function tooShort(
  outer: keyof CallBudgets,
  outerMs: number,
  inner: keyof CallBudgets,
  innerMs: number,
): readonly DeadlineError[] {
  return outerMs < innerMs ? [compare(budgetField(outer), outerMs, budgetField(inner), innerMs)] : [];
}

/** The refusal of an outer limit that is shorter than one of its inner waits. */
function compare(outer: string, outerMs: number, inner: string, innerMs: number): DeadlineError {
  const message =
    `${outer} ${formatDuration(outerMs)} is shorter than its inner wait ${inner} ${formatDuration(innerMs)}; ` +
    `allowed: ${outer} at least ${formatDuration(innerMs)}, or ${inner} at most ${formatDuration(outerMs)}`;
  return { outer, outerMs, inner, innerMs, message };
}
