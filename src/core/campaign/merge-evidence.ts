import { cut } from '../text/markdown.ts';
import { limitedLeftovers, limitedParts } from './limited-parts.ts';
import type { GroupFailure } from './merge-failures.ts';
import { LEAD_GROUP, type EvidencePart } from './stage-io.ts';

/** The evidence of one group. */
export interface GroupEvidence {
  readonly group: { readonly group: string; readonly host: string };
  readonly parts: readonly EvidencePart[];
}

/** What is said about the evidence of one group that is missing, bytes. */
const MAX_BYTES = 300;

/**
 * The parts of a campaign's evidence: those of the lead, and one for each other group. The lists of the groups would not fit into
 * a history; the timeline has them.
 *
 * @param failures groups that could not keep their evidence
 */
export function mergeParts(kept: readonly GroupEvidence[], failures: readonly GroupFailure[]): readonly EvidencePart[] {
  return limitedParts([
    ...kept.flatMap(({ group, parts }) => (group.group === LEAD_GROUP ? parts : [partOf(group, missingOf(parts))])),
    ...failures.flatMap(({ group, failure }) => (group === null ? [] : [partOf(group, failure.message)])),
  ]);
}

/** What a campaign's hosts have left behind, by host. @param failures groups that could not tear down */
export function mergeLeftovers(
  leftovers: ReadonlyMap<string, readonly string[]>,
  failures: readonly GroupFailure[],
): readonly string[] {
  return limitedLeftovers([
    ...failures.flatMap(({ group, failure }) =>
      group === null ? [] : [`everything of ${group.group} on host ${group.host}: ${failure.message}`],
    ),
    ...[...leftovers].flatMap(([host, left]) => left.map((each) => `host ${host}: ${each}`)),
  ]);
}

function partOf({ group, host }: GroupEvidence['group'], missing: string): EvidencePart {
  const what = `evidence of ${group} on host ${host}`;
  return missing === '' ? { what, ok: true } : { what, ok: false, error: cut(missing, MAX_BYTES) };
}

function missingOf(parts: readonly EvidencePart[]): string {
  return parts.flatMap(({ what, ok, error }) => (ok ? [] : [`${what}: ${error ?? 'missing'}`])).join('; ');
}
