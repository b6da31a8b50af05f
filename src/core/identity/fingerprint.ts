import { canonicalJson } from '../text/canonical-json.ts';
import type { Identity } from './identity-schema.ts';
import { asSet } from './identity-of.ts';

/** Raised when the parts that a fingerprint covers change: fingerprints of two formats are never equal. */
const FORMAT = 1;

/** The run that an identity belongs to. */
export interface IdentifiedRun {
  readonly campaign: string;
  readonly workflowId: string;
  readonly runId: string;
}

/**
 * The fingerprint of a run. Two runs with the same fingerprint took their readings with the same code, host class, Temporal, tools,
 * clusters, system and images. It does not cover commit and `dirty` (the content hash says more), names of machines, clusters and
 * campaigns, and what was asked for (that is the specHash). A run of which a part is unknown has a fingerprint of its own, that no
 * other run has: nothing shows that it is the same as another.
 */
export function fingerprintOf(identity: Identity, run: IdentifiedRun, sha256: (text: string) => string): string {
  const code = identity.code.map(({ version, contentSha256 }) => ({ version, contentSha256 }));
  const { hosts, temporal, tools, clusters, system, images, unknown } = identity;
  const { campaign, workflowId, runId } = run;
  const covered = { format: FORMAT, code, hosts, temporal, tools, clusters, system, images };
  const own = unknown.length === 0 ? {} : { unknown, run: { campaign, workflowId, runId } };
  return sha256(canonicalJson(withSets({ ...covered, ...own })));
}

/** A value in which every list is distinct and in order: all lists of an identity are sets. */
function withSets(value: unknown): unknown {
  if (Array.isArray(value)) return asSet(value.map(withSets));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, withSets(item)]));
}
