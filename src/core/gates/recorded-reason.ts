import type { UnmeasuredReason } from './model.ts';

/** Names of reasons that earlier versions wrote, with the present ones. */
const FORMER_NAMES: ReadonlyMap<string, UnmeasuredReason> = new Map([['ground-gap', 'infrastructure-gap']]);

/** A reason as a file or a checkpoint has it. It is not checked: another version may know more of them. */
export function recordedReason(name: string): UnmeasuredReason {
  return FORMER_NAMES.get(name) ?? (name as UnmeasuredReason);
}
