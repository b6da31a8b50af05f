import { join } from 'node:path';
import { identityFindingSchema, type IdentityFinding } from '../../core/identity/identity-schema.ts';
import { canonicalJson } from '../../core/text/canonical-json.ts';
import { appendJsonLine, readJsonLines } from '../host/json-lines.ts';

/** Adds to `identity.jsonl` of a campaign's evidence. A worker that is in it already is not added again. */
export function addIdentityFinding(folder: string, finding: IdentityFinding): void {
  const path = findingsPath(folder);
  const text = canonicalJson(finding);
  if (finding.kind === 'worker' && readJsonLines(path).some((line) => canonicalJson(line) === text)) return;
  appendJsonLine(path, finding);
}

/** What stages and workers found out about the identity, oldest first. A line that cannot be read was not found out. */
export function readIdentityFindings(folder: string): readonly IdentityFinding[] {
  return readJsonLines(findingsPath(folder)).flatMap((line) => {
    const finding = identityFindingSchema.safeParse(line);
    return finding.success ? [finding.data] : [];
  });
}

function findingsPath(folder: string): string {
  return join(folder, 'identity.jsonl');
}
