/** What a fault is checked against. */
interface FaultScope {
  /** When the fault is injected, seconds into the soak. */
  readonly atSeconds: number;
  readonly soakSeconds: number;
  readonly shardReplicas: number;
}

/** Why a fault cannot be injected: the field of the action that is wrong, and the rest of a sentence that begins with the action. */
export interface FaultProblem {
  readonly field: 'action' | 'atSeconds';
  readonly problem: string;
}

/** The pure half of a fault. The other half injects it: `src/adapters/faults`. */
export interface Fault<Parameters extends object> {
  /** How the action is written in a profile, for messages, e.g. `fail-node-<n>`. */
  readonly forms: readonly string[];
  /** Source of a regular expression without groups that matches the whole text of the action. */
  readonly pattern: string;
  /** Whether this version can inject it. Every profile that names it can still be planned and judged. */
  readonly runnable: boolean;
  /** Reads the parameters from a text that matches `pattern`. */
  parameters(action: string): Parameters;
  /** Everything about it that cannot work in a campaign. */
  validate(parameters: Parameters, scope: FaultScope): readonly FaultProblem[];
  /** How long it lasts until it is undone, ms. */
  waitMs(parameters: Parameters): number;
  /** What it does, as the rest of a sentence, e.g. "takes out the Node with most Pods for 10 s". */
  describe(parameters: Parameters): string;
}

/** A fault as one action of a profile asks for it. */
export interface RequestedFault {
  readonly runnable: boolean;
  /** See `Fault.waitMs`. */
  readonly waitMs: number;
  /** See `Fault.describe`. */
  readonly description: string;
  validate(scope: FaultScope): readonly FaultProblem[];
}
