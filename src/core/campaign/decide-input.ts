import { STAGES, type Stage } from '../model/stages.ts';
import { quoted } from '../text/quoted.ts';
import type { Decision } from './machine.ts';

/** Argument of the Update `decide`. */
export interface DecideInput {
  readonly stage: Stage;
  readonly execution: number;
  readonly decision: Decision;
  readonly reason: string;
  readonly set?: Readonly<Record<string, unknown>>;
}

const KEYS = ['stage', 'execution', 'decision', 'reason', 'set'];
const DECISIONS = ['retry', 'skip', 'abort'];
/** Bars and flags of all gates of a campaign, and its load, are fewer. */
const MAX_CHANGES = 500;
const MAX_PATH_CHARS = 300;
const SHAPE = '{"stage":"soak","execution":1,"decision":"retry|skip|abort","reason":"why"}';

/**
 * Checks the shape of what was typed into the Update's form.
 * @returns the input, or a sentence naming the field, what was found, and what is allowed
 */
export function parseDecideInput(input: unknown): DecideInput | string {
  if (typeof input !== 'object' || input === null || Array.isArray(input)) {
    return `decide takes one object like ${SHAPE}; found ${quoted(input)}.`;
  }
  const fields = input as Readonly<Record<string, unknown>>;
  const unknown = Object.keys(fields).filter((key) => !KEYS.includes(key));
  if (unknown.length > 0)
    return `unknown key ${unknown.slice(0, KEYS.length).map(quoted).join(', ')}; allowed: ${KEYS.join(', ')}.`;
  const { stage, execution, decision, reason = '', set } = fields;
  if (!(STAGES as readonly unknown[]).includes(stage))
    return `stage: found ${quoted(stage)}; allowed: ${STAGES.join(', ')}.`;
  if (!Number.isSafeInteger(execution) || (execution as number) < 1) {
    return `execution: found ${quoted(execution)}; allowed: a whole number >= 1, the one that the hold names.`;
  }
  if (!DECISIONS.includes(decision as string)) {
    return `decision: found ${quoted(decision)}; allowed: ${DECISIONS.join(', ')}.`;
  }
  if (typeof reason !== 'string' || reason.length > 1_000)
    return 'reason: allowed is a text of at most 1,000 characters.';
  if (set !== undefined && decision !== 'retry')
    return `set: only a retry carries changes; found decision "${String(decision)}".`;
  if (set !== undefined && (typeof set !== 'object' || set === null || Array.isArray(set))) {
    return `set: found ${quoted(set)}; allowed: an object of dotted paths, e.g. {"gates.name.max": 5}.`;
  }
  // Each change gets a sentence: thousands of them, or of their words, would keep the campaign from going on.
  const paths = Object.keys(set ?? {});
  if (paths.length > MAX_CHANGES || paths.some((path) => path.length > MAX_PATH_CHARS))
    return `set: found ${paths.length} changes; allowed: at most ${MAX_CHANGES}, with paths of at most ${MAX_PATH_CHARS} characters.`;
  return {
    stage: stage as Stage,
    execution: execution as number,
    decision: decision as Decision,
    reason,
    ...(set === undefined ? {} : { set: set as Readonly<Record<string, unknown>> }),
  };
}
