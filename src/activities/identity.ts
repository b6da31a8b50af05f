import { addIdentityFinding } from '../adapters/evidence/identity-findings.ts';
import type { StageFinding, UnknownPart } from '../core/identity/identity-schema.ts';
import { messageOf } from '../core/text/message-of.ts';
import { isSuperseded } from './attempt.ts';
import { isCancelled } from './cancellation.ts';
import type { StageContext } from './stage-activity.ts';
import type { ItemResult } from './stage-steps.ts';
import { whereRoomIs } from './why-halted.ts';

/** Parts of the identity that were found out, and parts that could not be. */
type Found = Partial<Omit<StageFinding, 'kind' | 'stage'>>;

/**
 * Looks for parts of the campaign's identity, by their names, and records them. A part that cannot be found out is recorded as
 * unknown with the reason; it does not fail the stage. A cancel is passed on. An attempt that was given up records nothing.
 */
export async function recordIdentity(
  { stage, evidence, log }: Pick<StageContext, 'stage' | 'evidence' | 'log'>,
  looks: Readonly<Partial<Record<string, () => Promise<Found>>>>,
): Promise<void> {
  let found: Found = {};
  const unknown: UnknownPart[] = [];
  for (const [part, look] of Object.entries(looks)) {
    try {
      const { unknown: missing = [], ...parts } = (await look?.()) ?? {};
      found = { ...found, ...parts };
      unknown.push(...missing);
    } catch (error) {
      if (isCancelled(error)) throw error;
      unknown.push({ part, why: messageOf(error) });
    }
  }
  for (const one of unknown) log.warn({ unknown: one }, 'a part of the identity is unknown');
  if (isSuperseded()) return;
  whereRoomIs(stage, () => addIdentityFinding(evidence.folder, { kind: 'stage', stage, ...found, unknown }));
}

/** What was found out in each of several clusters, and what is unknown where a cluster failed. */
export function ofClusters<Result>(
  part: string,
  results: readonly ItemResult<{ readonly name: string }, Result>[],
): { readonly found: readonly Result[]; readonly unknown: readonly UnknownPart[] } {
  return {
    found: results.flatMap((one) => (one.ok ? [one.result] : [])),
    unknown: results.flatMap((one) => (one.ok ? [] : [{ part, why: `${one.item.name}: ${messageOf(one.error)}` }])),
  };
}
