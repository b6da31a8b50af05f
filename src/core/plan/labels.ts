/** Labels on everything Belay makes in a cluster, and on the Pods and Nodes of its load. */
export const LABELS = {
  campaign: 'belay.dev/campaign',
  stage: 'belay.dev/stage',
  expiresAt: 'belay.dev/expires-at',
  archetype: 'belay.dev/archetype',
  workload: 'belay.dev/workload',
  slot: 'belay.dev/slot',
  generation: 'belay.dev/generation',
  instanceType: 'node.kubernetes.io/instance-type',
  zone: 'topology.kubernetes.io/zone',
  rack: 'topology.belay.dev/rack',
  hostname: 'kubernetes.io/hostname',
} as const;

/** Annotation of a Pod: the moment it should have been created, in ms since 1970. The load's lateness counts from it. */
export const INTENDED_AT_ANNOTATION = 'belay.dev/intended-at-ms';

/**
 * Annotation of a Pod: the moment its create request was first sent, in ms since 1970. The latency of its binding counts from it.
 * With slot and generation it identifies the Pod: a lost Pod may be created again under the same name.
 */
export const SENT_AT_ANNOTATION = 'belay.dev/sent-at-ms';

/** Key of the taint of a Node that a fault has failed. The controller-manager evicts its Pods; kwok's stages know it as well. */
export const FAILED_TAINT = 'belay.dev/failed';

/**
 * Keeps the Pods of others off a campaign's Nodes, on which nothing runs. The campaign's own Pods tolerate it, and no other
 * campaign's.
 */
export function campaignTaint({
  campaign,
}: Pick<Ownership, 'campaign'>): Readonly<Record<'key' | 'value' | 'effect', string>> {
  return { key: LABELS.campaign, value: campaign, effect: 'NoSchedule' };
}

/** Who made an object and how long it may stay. */
export interface Ownership {
  /** Value of the campaign label. */
  readonly campaign: string;
  readonly stage: string;
  readonly expiresAtMs: number;
}

/** The three labels that every object of a campaign carries. */
export function ownershipLabels(owner: Ownership): Record<string, string> {
  return {
    [LABELS.campaign]: owner.campaign,
    [LABELS.stage]: owner.stage,
    [LABELS.expiresAt]: formatExpiresAt(owner.expiresAtMs),
  };
}

/** A moment as a label value, in UTC to the second: `2026-08-21T14-05-00Z` (a label may not hold colons). */
export function formatExpiresAt(expiresAtMs: number): string {
  return new Date(expiresAtMs).toISOString().slice(0, 19).replaceAll(':', '-') + 'Z';
}

/** The moment a label value of `formatExpiresAt` names, ms since 1970; undefined when it is none. */
export function parseExpiresAt(value: string): number | undefined {
  const parts = /^(\d{4}-\d\d-\d\d)T(\d\d)-(\d\d)-(\d\d)Z$/.exec(value);
  if (parts === null) return undefined;
  const ms = Date.parse(`${parts[1]}T${parts[2]}:${parts[3]}:${parts[4]}Z`);
  return Number.isNaN(ms) ? undefined : ms;
}

/** Labels of a campaign's namespace. A sidecar in a Pod of the load would need room that no Node of the campaign has. */
export function namespaceLabels(owner: Ownership): Record<string, string> {
  return { ...ownershipLabels(owner), 'istio-injection': 'disabled' };
}
