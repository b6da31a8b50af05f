import type { Fault, RequestedFault } from './fault.ts';
import { UPSTREAM_FAULTS } from './upstream-faults.ts';

/** Parameters of `fail-node`. */
export interface FailNode {
  /** The Node at this position by name, from 0. Without it, the Node with most Pods of the campaign. */
  readonly position?: number;
}

const failNode: Fault<FailNode> & { readonly runnable: true } = {
  forms: ['fail-node', 'fail-node-<n>'],
  pattern: 'fail-node(?:-\\d{1,6})?',
  runnable: true,
  parameters: (action) => (action === 'fail-node' ? {} : { position: Number(action.slice('fail-node-'.length)) }),
  validate: () => [],
  waitMs: () => 10_000,
  describe: ({ position }) =>
    `takes out ${position === undefined ? 'the Node with most Pods' : `Node ${position} by name`} for 10 s`,
};

/**
 * Every fault that a profile may name, by its own name. An entry here is the pure half of a fault. A fault that is `runnable`
 * also has an entry in `src/adapters/faults/registry.ts`; without it the types do not check.
 */
const FAULTS = { 'fail-node': failNode, ...UPSTREAM_FAULTS } as const;

type FaultName = keyof typeof FAULTS;

/** Names of the faults that Belay injects. */
export type RunnableFault = {
  [Name in FaultName]: (typeof FAULTS)[Name] extends { readonly runnable: true } ? Name : never;
}[FaultName];

/** What the action of a runnable fault says. */
export type ParametersOf<Name extends RunnableFault> = ReturnType<(typeof FAULTS)[Name]['parameters']>;

const ALL: readonly (readonly [string, Fault<object>])[] = Object.entries(FAULTS);

/** How actions are written, for messages. */
export const ACTION_FORMS: readonly string[] = ALL.flatMap(([, { forms }]) => forms);
/** How the actions that this version can run are written. */
export const RUNNABLE_FORMS: readonly string[] = ALL.flatMap(([, { forms, runnable }]) => (runnable ? forms : []));
/** Matches the whole text of every action. */
export const ACTION_PATTERN: RegExp = new RegExp(`^(?:${ALL.map(([, { pattern }]) => pattern).join('|')})$`);

/** The fault that an action asks for; undefined for a text that is none. */
export function requestedFault(action: string): RequestedFault | undefined {
  const fault = ALL.find((entry) => matches(entry[1], action))?.[1];
  if (fault === undefined) return undefined;
  const parameters = fault.parameters(action);
  return {
    runnable: fault.runnable,
    waitMs: fault.waitMs(parameters),
    description: fault.describe(parameters),
    validate: (scope) => fault.validate(parameters, scope),
  };
}

/** Parameters of an action if it asks for the fault of this name; undefined otherwise. */
export function parametersOf<Name extends RunnableFault>(name: Name, action: string): ParametersOf<Name> | undefined {
  const fault: (typeof FAULTS)[Name] = FAULTS[name];
  return matches(fault, action) ? (fault.parameters(action) as ParametersOf<Name>) : undefined;
}

/** How long the longest of these faults lasts, ms. They are injected side by side. */
export function longestFaultMs(actions: readonly string[]): number {
  return Math.max(0, ...actions.map((action) => requestedFault(action)?.waitMs ?? 0));
}

function matches({ pattern }: Pick<Fault<object>, 'pattern'>, action: string): boolean {
  return new RegExp(`^(?:${pattern})$`).test(action);
}
