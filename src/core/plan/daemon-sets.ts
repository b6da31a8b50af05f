import { formatQuantity, parseQuantity } from '../model/quantity.ts';
import type { campaignTaint } from './labels.ts';

interface Requirement {
  readonly key: string;
  readonly operator: string;
  readonly values?: readonly string[];
}

interface ContainerRequests {
  readonly restartPolicy?: string;
  readonly resources?: { readonly requests?: Readonly<Record<string, string>> };
}

/** The fields of a DaemonSet that decide where its Pods go and what they take. */
export interface DaemonSet {
  readonly spec: {
    readonly template: {
      readonly spec: {
        readonly nodeSelector?: Readonly<Record<string, string>>;
        readonly tolerations?: readonly {
          readonly key?: string;
          readonly operator?: string;
          readonly value?: string;
          readonly effect?: string;
        }[];
        readonly affinity?: {
          readonly nodeAffinity?: {
            readonly requiredDuringSchedulingIgnoredDuringExecution?: {
              readonly nodeSelectorTerms: readonly { readonly matchExpressions?: readonly Requirement[] }[];
            };
          };
        };
        readonly containers?: readonly ContainerRequests[];
        readonly initContainers?: readonly ContainerRequests[];
      };
    };
  };
}

/** A Node as its labels and its taint. */
interface TaintedNode {
  readonly labels: Readonly<Record<string, string>>;
  readonly taint: ReturnType<typeof campaignTaint>;
}

/** What others' Pods take of a Node. */
export interface DaemonRoom {
  /** Pods of DaemonSets that run on it. */
  readonly pods: number;
  readonly requests: Readonly<Record<string, number>>;
}

/** What the DaemonSets of others take of a campaign's Node: those that tolerate its taint, e.g. because they tolerate every one. */
export function daemonRoom(daemonSets: readonly DaemonSet[], node: TaintedNode): DaemonRoom {
  const landing = daemonSets.filter((daemonSet) => landsOn(daemonSet, node));
  const requests: Record<string, number> = {};
  for (const { spec } of landing) {
    for (const [name, amount] of Object.entries(requestsOf(spec.template.spec)))
      requests[name] = (requests[name] ?? 0) + amount;
  }
  return { pods: landing.length, requests };
}

/** What a Node must have so that the campaign's Pods find their room beside those of others. */
export function withDaemonRoom(
  allocatable: Readonly<Record<string, string>>,
  { pods, requests }: DaemonRoom,
): Readonly<Record<string, string>> {
  const more: Readonly<Record<string, number>> = { ...requests, pods };
  return Object.fromEntries(
    Object.entries(allocatable).map(([name, text]) => {
      const extra = more[name] ?? 0;
      return [name, extra === 0 ? text : formatQuantity((parseQuantity(text) ?? 0) + extra)];
    }),
  );
}

function landsOn({ spec }: DaemonSet, { labels, taint }: TaintedNode): boolean {
  const { nodeSelector = {}, tolerations = [], affinity } = spec.template.spec;
  const tolerates = tolerations.some(
    ({ key, operator = 'Equal', value = '', effect = '' }) =>
      (effect === '' || effect === taint.effect) &&
      (key === undefined || key === ''
        ? operator === 'Exists'
        : key === taint.key && (operator === 'Exists' || value === taint.value)),
  );
  if (!tolerates || Object.entries(nodeSelector).some(([key, value]) => labels[key] !== value)) return false;
  const terms = affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms;
  return (
    terms === undefined ||
    terms.some(({ matchExpressions = [] }) => matchExpressions.every((one) => meets(labels, one)))
  );
}

function meets(labels: Readonly<Record<string, string>>, { key, operator, values = [] }: Requirement): boolean {
  const value = labels[key];
  switch (operator) {
    case 'In':
      return value !== undefined && values.includes(value);
    case 'NotIn':
      return value === undefined || !values.includes(value);
    case 'Exists':
      return value !== undefined;
    case 'DoesNotExist':
      return value === undefined;
    case 'Gt':
      return Number(value) > Number(values[0]);
    case 'Lt':
      return Number(value) < Number(values[0]);
    default:
      // An operator that is not known may select the Node: room that is not taken does no harm.
      return true;
  }
}

/** Requests of a Pod: its containers with its sidecars, or its largest container that runs before them. */
function requestsOf(spec: DaemonSet['spec']['template']['spec']): Readonly<Record<string, number>> {
  const sum: Record<string, number> = {};
  const initial = spec.initContainers ?? [];
  const sidecars = initial.filter(({ restartPolicy }) => restartPolicy === 'Always');
  for (const container of [...(spec.containers ?? []), ...sidecars]) {
    for (const [name, amount] of amountsOf(container)) sum[name] = (sum[name] ?? 0) + amount;
  }
  for (const container of initial) {
    for (const [name, amount] of amountsOf(container)) sum[name] = Math.max(sum[name] ?? 0, amount);
  }
  return sum;
}

function amountsOf({ resources }: ContainerRequests): readonly (readonly [string, number])[] {
  return Object.entries(resources?.requests ?? {}).map(([name, text]) => [name, parseQuantity(text) ?? 0] as const);
}
