import type { GateDefinition } from './model.ts';
import { isAtLeast } from './beyond-bar.ts';
import type { Refusal } from './refusal.ts';

/**
 * Why a value rests on too few events for its gate; undefined where it rests on enough, or the gate asks for none.
 * @param events that were certainly counted
 * @param what was counted, for the message
 */
export function tooFewEvents(
  { minEvents = 0 }: Pick<GateDefinition, 'minEvents'>,
  events: number,
  what: string,
): Refusal | undefined {
  if (isAtLeast(events, minEvents)) return undefined;
  const counted = Math.round(events * 100) / 100;
  return { reason: 'too-few-events', detail: `${counted} of at least ${minEvents} events: ${what}` };
}
