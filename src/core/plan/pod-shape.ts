import type { Archetype } from '../model/catalogue.ts';
import type { PodFields, ProfilePods } from '../model/pod-fields.ts';
import { campaignTaint, INTENDED_AT_ANNOTATION, LABELS, ownershipLabels, SENT_AT_ANNOTATION } from './labels.ts';
import type { Ownership } from './labels.ts';
import type { Domain } from './nodes.ts';
import { filledIn, podFieldsOf } from './pod-fields.ts';
import { podName } from './workload.ts';
import type { Workload } from './workload.ts';

/** What all Pods of a cluster's load have in common. */
export interface PodContext {
  readonly slug: string;
  readonly owner: Ownership;
  /** Zone and rack of each gang, from `planNodes`; empty where the system makes the machines. */
  readonly domains: ReadonlyMap<number, Domain>;
  /**
   * The system makes the machines, of types of its own: nothing is asked about instance type, archetype, label axes or
   * rack. A gang of one rack is then kept in one zone.
   */
  readonly anyInstanceType: boolean;
  /** What a zone of the catalogue is called in this cluster; zones that are missing here are not asked for. */
  readonly zoneNames?: Readonly<Record<string, string>>;
  /** What all Pods carry; absent = nothing beyond what Belay needs. */
  readonly pods?: ProfilePods;
  /** Name of the PriorityClass that the Pods of a workload get. Absent = none. */
  readonly priorityClassOf?: (workload: Workload) => string | undefined;
}

/** Moments of a Pod's creation that its annotations carry, ms since 1970. */
export interface PodMoments {
  /** When it should be created. */
  readonly intendedAtMs: number;
  /** When its create request is first sent. */
  readonly sentAtMs: number;
}

/** JSON of one Pod of a shape. */
export type PodTemplate = (slot: number, generation: number, moments: PodMoments) => string;

/**
 * What the Pod security standard `restricted` and the usual policies ask for. A user is not set: the image has one, and policies
 * such as OpenShift's choose it.
 */
const POD_SECURITY = { securityContext: { runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } } } as const;
const CONTAINER_SECURITY = {
  securityContext: {
    allowPrivilegeEscalation: false,
    capabilities: { drop: ['ALL'] },
    privileged: false,
    readOnlyRootFilesystem: true,
    runAsNonRoot: true,
  },
} as const;

/** A service mesh leaves these Pods as they are. */
const NO_SIDECAR = { 'linkerd.io/inject': 'disabled' } as const;

/** The Pod that fills a slot. */
export function podBody(
  workload: Workload,
  archetype: Archetype,
  context: PodContext,
  pod: PodMoments & { readonly slot: number; readonly generation: number },
): Record<string, unknown> {
  const { slot, generation, intendedAtMs, sentAtMs } = pod;
  return shapeOf(workload, archetype, context, {
    name: podName(context.slug, slot, generation),
    slot: String(slot),
    generation: String(generation),
    intendedAtMs: String(intendedAtMs),
    sentAtMs: String(sentAtMs),
  });
}

/** Builds a shape's JSON once; each Pod after that costs a join of a few strings. */
export function podTemplate(workload: Workload, archetype: Archetype, context: PodContext): PodTemplate {
  const holes = {
    name: '\u0001name\u0002',
    slot: '\u0001slot\u0002',
    generation: '\u0001gen\u0002',
    intendedAtMs: '\u0001at\u0002',
    sentAtMs: '\u0001sent\u0002',
  };
  const json = JSON.stringify(shapeOf(workload, archetype, context, holes));
  // JSON writes the two control characters as \u0001 and \u0002: no name or label can hold them.
  const parts = json.split(/(\\u0001[a-z]+\\u0002)/);
  const fill: Readonly<Record<string, (slot: number, generation: number, moments: PodMoments) => string>> = {
    '\\u0001name\\u0002': (slot, generation) => podName(context.slug, slot, generation),
    '\\u0001slot\\u0002': (slot) => String(slot),
    '\\u0001gen\\u0002': (_, generation) => String(generation),
    '\\u0001at\\u0002': (_slot, _generation, { intendedAtMs }) => String(intendedAtMs),
    '\\u0001sent\\u0002': (_slot, _generation, { sentAtMs }) => String(sentAtMs),
  };
  const fillers = parts.map((part) => fill[part] ?? part);
  return (slot, generation, moments) => {
    let text = '';
    for (const part of fillers) text += typeof part === 'string' ? part : part(slot, generation, moments);
    return text;
  };
}

function shapeOf(
  workload: Workload,
  archetype: Archetype,
  context: PodContext,
  own: Readonly<Record<'name' | 'slot' | 'generation' | keyof PodMoments, string>>,
): Record<string, unknown> {
  const fields = podFieldsOf(context.pods, archetype);
  const texts = {
    workload: `${context.slug}-w${workload.index}`,
    replicas: String(workload.replicas),
    archetype: archetype.name,
    campaign: context.owner.campaign,
  };
  const labels = {
    ...filledIn(fields.labels, texts),
    ...ownershipLabels(context.owner),
    ...workload.labels,
    [LABELS.archetype]: archetype.name,
    [LABELS.workload]: `w${workload.index}`,
    [LABELS.slot]: own.slot,
    [LABELS.generation]: own.generation,
  };
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name: own.name,
      labels,
      annotations: {
        ...NO_SIDECAR,
        ...filledIn(fields.annotations, texts),
        [INTENDED_AT_ANNOTATION]: own.intendedAtMs,
        [SENT_AT_ANNOTATION]: own.sentAtMs,
      },
    },
    spec: {
      ...schedulingOf(fields, context.priorityClassOf?.(workload)),
      automountServiceAccountToken: false,
      enableServiceLinks: false,
      // A deleted Pod disappears at once: nothing runs in it that needs time to stop.
      terminationGracePeriodSeconds: 0,
      tolerations: [{ ...campaignTaint(context.owner), operator: 'Equal' }, ...(fields.tolerations ?? [])],
      ...POD_SECURITY,
      containers: [
        {
          name: 'load',
          image: 'registry.k8s.io/pause:3.10',
          ...CONTAINER_SECURITY,
          resources: { requests: workload.resources, limits: workload.resources },
        },
      ],
      ...affinityOf(workload, archetype, context),
      ...spreadOf(workload, archetype, context),
    },
  };
}

function schedulingOf(fields: PodFields, drawnClass: string | undefined): Record<string, unknown> {
  const { schedulerName, nodeSelector, schedulingGates } = fields;
  const priorityClassName = fields.priorityClassName ?? drawnClass;
  return {
    ...(schedulerName === undefined ? {} : { schedulerName }),
    ...(priorityClassName === undefined ? {} : { priorityClassName }),
    ...(nodeSelector === undefined ? {} : { nodeSelector }),
    ...(schedulingGates === undefined ? {} : { schedulingGates: schedulingGates.map((name) => ({ name })) }),
  };
}

function affinityOf(workload: Workload, archetype: Archetype, context: PodContext): Record<string, unknown> {
  const domain = context.domains.get(workload.index);
  const zones = domain === undefined ? namesOfZones(archetype, context) : [domain.zone];
  const wanted: [string, readonly string[]][] = [];
  if (!context.anyInstanceType) {
    // Two archetypes may share an instance type, with Nodes cut to the size of their own Pods; two campaigns a cluster.
    wanted.push([LABELS.campaign, [context.owner.campaign]], [LABELS.archetype, [archetype.name]]);
    wanted.push([LABELS.instanceType, archetype.instanceTypes]);
    for (const [key, value] of Object.entries(workload.labels)) wanted.push([key, [value]]);
    if (domain?.rack !== undefined) wanted.push([LABELS.rack, [domain.rack]]);
  }
  wanted.push([LABELS.zone, zones]);
  const matchExpressions = wanted
    .filter(([, values]) => values.length > 0)
    .map(([key, values]) => ({ key, operator: 'In', values }));
  const nodeAffinity =
    matchExpressions.length === 0
      ? {}
      : {
          nodeAffinity: {
            requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: [{ matchExpressions }] },
          },
        };
  const podAffinity =
    workload.together === undefined
      ? {}
      : {
          podAffinity: {
            requiredDuringSchedulingIgnoredDuringExecution: [
              {
                labelSelector: siblings(workload, context),
                topologyKey: workload.together === 'rack' && !context.anyInstanceType ? LABELS.rack : LABELS.zone,
              },
            ],
          },
        };
  const affinity = { ...nodeAffinity, ...podAffinity };
  return Object.keys(affinity).length === 0 ? {} : { affinity };
}

function spreadOf(workload: Workload, archetype: Archetype, context: PodContext): Record<string, unknown> {
  const constraint = archetype.spreadConstraint;
  if (!workload.spread || constraint === undefined) return {};
  const known: readonly string[] = [LABELS.zone, LABELS.hostname];
  if (context.anyInstanceType && !known.includes(constraint.topologyKey)) return {};
  return { topologySpreadConstraints: [{ ...constraint, labelSelector: siblings(workload, context) }] };
}

function siblings(workload: Workload, context: PodContext): Record<string, unknown> {
  return { matchLabels: { [LABELS.campaign]: context.owner.campaign, [LABELS.workload]: `w${workload.index}` } };
}

function namesOfZones(archetype: Archetype, { zoneNames }: PodContext): readonly string[] {
  if (zoneNames === undefined) return archetype.zones;
  return archetype.zones.flatMap((zone) => zoneNames[zone] ?? []);
}
