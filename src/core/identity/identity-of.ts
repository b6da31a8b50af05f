import { canonicalJson } from '../text/canonical-json.ts';
import { summedClasses } from './counted-classes.ts';
import type { Identity, IdentityFinding, StageFinding, UnknownPart, WorkerFinding } from './identity-schema.ts';

/** The parts that every campaign has. A part that no stage looked for is unknown. */
const STAGE_PARTS = ['temporal', 'tools', 'clusters', 'system', 'images'] as const;

/**
 * The identity of a campaign from what its stages and workers found out, oldest first. The last finding of a stage on each host
 * counts, because a stage that runs again makes its part anew. Code and host of every worker count: each of them took part in the
 * readings.
 */
export function identityOf(findings: readonly IdentityFinding[]): Identity {
  const workers = findings.filter((one): one is WorkerFinding => one.kind === 'worker');
  const stages = findings.filter((one): one is StageFinding => one.kind === 'stage');
  const latest = [...new Map(stages.map((one) => [`${one.group ?? ''} ${one.stage}`, one])).values()];
  const code = workers.flatMap((one) => one.code ?? []);
  const hosts = workers.flatMap((one) => one.host ?? []);
  const reported = [...workers, ...latest].flatMap((one) => one.unknown);
  const missing = STAGE_PARTS.filter((part) => latest.every((one) => one[part] === undefined));
  const absent = [...(code.length === 0 ? ['code'] : []), ...(hosts.length === 0 ? ['host'] : []), ...missing].filter(
    (part) => reported.every((one) => one.part !== part),
  );
  return {
    code: asSet(code),
    hosts: asSet(hosts),
    temporal: latest.findLast((one) => one.temporal !== undefined)?.temporal ?? null,
    tools: asSet(latest.flatMap((one) => one.tools ?? [])),
    clusters: asSet(summedClasses(latest.flatMap((one) => one.clusters ?? []))),
    system: latest.findLast((one) => one.system !== undefined)?.system ?? null,
    images: asSet(latest.flatMap((one) => one.images ?? [])),
    unknown: asSet([...reported, ...absent.map((part): UnknownPart => ({ part, why: 'no stage recorded it' }))]),
  };
}

/** Distinct items in an order that does not depend on that of the list. */
export function asSet<Item>(items: readonly Item[]): readonly Item[] {
  const distinct = new Map(items.map((item) => [canonicalJson(item), item]));
  return [...distinct].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, item]) => item);
}
