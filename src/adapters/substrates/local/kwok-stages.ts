import { FAILED_TAINT } from '../../../core/plan/labels.ts';
import { NODE_INFO } from '../../../core/plan/node-status.ts';

/** Name of the stage that makes a failed Node look like one whose kubelet is dead. */
export const FAILED_NODE_STAGE = 'belay-node-failed';
/** Name of the stage that turns a Node Ready. */
export const READY_NODE_STAGE = 'belay-node-ready';

/** A rule of kwok: objects that match all selectors get the patch, or are deleted, after the delay. */
interface Stage {
  readonly name: string;
  readonly kind: 'Node' | 'Pod';
  readonly selectors: readonly Selector[];
  readonly delayMs?: number;
  /** Template of the status, in YAML. Without it the object is deleted. */
  readonly status?: string;
}

/** A query in jq and what its results are compared with. */
interface Selector {
  readonly key: string;
  readonly operator: 'In' | 'NotIn' | 'Exists' | 'DoesNotExist';
  readonly values?: readonly string[];
}

const READY = '.status.conditions[]? | select(.type == "Ready") | .status';
const NODE_IS_READY: Selector = { key: READY, operator: 'In', values: ['True'] };
const NODE_IS_NOT_READY: Selector = { key: READY, operator: 'NotIn', values: ['True'] };
const TAINTS = '.spec.taints[]?.key';
const NODE_IS_FAILED: Selector = { key: TAINTS, operator: 'In', values: [FAILED_TAINT] };
const NODE_IS_NOT_FAILED: Selector = { key: TAINTS, operator: 'NotIn', values: [FAILED_TAINT] };
const POD_IS_DELETED: Selector = { key: '.metadata.deletionTimestamp', operator: 'Exists' };
const POD_STAYS: Selector = { key: '.metadata.deletionTimestamp', operator: 'DoesNotExist' };

/** Resources of a Node that states none: room for everything. */
const ROOM = '{cpu: 1k, memory: 1Ti, pods: 1M}';

const READY_NODE = `
{{- $now := Now | Quote }}
conditions:
{{- range NodeConditions }}
- type: {{ .type }}
  status: {{ .status | Quote }}
  reason: {{ .reason }}
  message: {{ .message | Quote }}
  lastHeartbeatTime: {{ $now }}
  lastTransitionTime: {{ $now }}
{{- end }}
{{- if not .status.addresses }}
addresses:
{{- with NodeIP }}
- {type: InternalIP, address: {{ . | Quote }}}
{{- end }}
- {type: Hostname, address: {{ NodeName | Quote }}}
{{- end }}
daemonEndpoints: {kubeletEndpoint: {Port: {{ NodePort }}}}
{{- if not .status.capacity }}
capacity: ${ROOM}
{{- end }}
{{- if not .status.allocatable }}
allocatable: {{ with .status.capacity }}{{ . | toJson }}{{ else }}${ROOM}{{ end }}
{{- end }}
nodeInfo:
${Object.entries(NODE_INFO)
  .map(([field, absent]) => `  ${field}: {{ or .status.nodeInfo.${field} ${JSON.stringify(absent)} | Quote }}`)
  .join('\n')}
`;

/** What the controller-manager writes when a kubelet is silent: it knows nothing of the Node any more. */
const FAILED_NODE = `
{{- $now := Now | Quote }}
conditions:
{{- range NodeConditions }}
{{- if ne .type "NetworkUnavailable" }}
- type: {{ .type }}
  status: Unknown
  reason: NodeStatusUnknown
  message: Kubelet stopped posting node status.
  lastTransitionTime: {{ $now }}
{{- end }}
{{- end }}
`;

const RUNNING_POD = `
{{- $now := Now | Quote }}
{{- $hostIPs := NodeIPsWith .spec.nodeName }}
{{- $podIPs := PodIPsWith .spec.nodeName (or .spec.hostNetwork false) (or .metadata.uid "") (or .metadata.name "") (or .metadata.namespace "") }}
phase: Running
startTime: {{ $now }}
{{- with $hostIPs }}
hostIP: {{ index . 0 | Quote }}
hostIPs: [{{ range $at, $ip := . }}{{ if $at }}, {{ end }}{ip: {{ $ip | Quote }}}{{ end }}]
{{- end }}
{{- with $podIPs }}
podIP: {{ index . 0 | Quote }}
podIPs: [{{ range $at, $ip := . }}{{ if $at }}, {{ end }}{ip: {{ $ip | Quote }}}{{ end }}]
{{- end }}
conditions:
{{- range list "Initialized" "ContainersReady" "Ready" }}
- {type: {{ . }}, status: "True", lastTransitionTime: {{ $now }}}
{{- end }}
{{- range .spec.readinessGates }}
- {type: {{ .conditionType | Quote }}, status: "True", lastTransitionTime: {{ $now }}}
{{- end }}
{{- with .spec.initContainers }}
initContainerStatuses:
{{- range . }}
- name: {{ .name | Quote }}
  image: {{ .image | Quote }}
  ready: true
  restartCount: 0
{{- if eq (or .restartPolicy "") "Always" }}
  started: true
  state: {running: {startedAt: {{ $now }}}}
{{- else }}
  state: {terminated: {exitCode: 0, reason: Completed, startedAt: {{ $now }}, finishedAt: {{ $now }}}}
{{- end }}
{{- end }}
{{- end }}
containerStatuses:
{{- range .spec.containers }}
- name: {{ .name | Quote }}
  image: {{ .image | Quote }}
  ready: true
  started: true
  restartCount: 0
  state: {running: {startedAt: {{ $now }}}}
{{- end }}
`;

const COMPLETED_POD = `
{{- $now := Now | Quote }}
phase: Succeeded
containerStatuses:
{{- range .spec.containers }}
- name: {{ .name | Quote }}
  image: {{ .image | Quote }}
  ready: false
  started: false
  restartCount: 0
  state: {terminated: {exitCode: 0, reason: Completed, startedAt: {{ $now }}, finishedAt: {{ $now }}}}
{{- end }}
`;

/**
 * The stages by which kwok plays the Nodes and Pods of a local cluster, as documents of its configuration. kwok's own stages
 * would turn every Node Ready again at once. These leave a Node with the taint of a fault as a dead kubelet would. There are no
 * heartbeats: the controller-manager does not wait for any.
 * @param nodeReadyDelayMs how long after its creation a Node turns Ready
 */
export function kwokStages(nodeReadyDelayMs: number): readonly object[] {
  const stages: readonly Stage[] = [
    {
      name: READY_NODE_STAGE,
      kind: 'Node',
      selectors: [NODE_IS_NOT_READY, NODE_IS_NOT_FAILED],
      delayMs: nodeReadyDelayMs,
      status: READY_NODE,
    },
    { name: FAILED_NODE_STAGE, kind: 'Node', selectors: [NODE_IS_READY, NODE_IS_FAILED], status: FAILED_NODE },
    {
      name: 'belay-pod-running',
      kind: 'Pod',
      selectors: [POD_STAYS, { key: '.status.phase', operator: 'In', values: ['Pending'] }],
      status: RUNNING_POD,
    },
    {
      name: 'belay-pod-completed',
      kind: 'Pod',
      selectors: [
        POD_STAYS,
        { key: '.status.phase', operator: 'In', values: ['Running'] },
        { key: '.metadata.ownerReferences[]?.kind', operator: 'In', values: ['Job'] },
      ],
      status: COMPLETED_POD,
    },
    { name: 'belay-pod-deleted', kind: 'Pod', selectors: [POD_IS_DELETED] },
  ];
  return stages.map(stageDocument);
}

function stageDocument({ name, kind, selectors, delayMs = 0, status }: Stage): object {
  const patch = { subresource: 'status', root: 'status', template: status };
  return {
    apiVersion: 'kwok.x-k8s.io/v1alpha1',
    kind: 'Stage',
    metadata: { name },
    spec: {
      resourceRef: { apiGroup: 'v1', kind },
      selector: { matchExpressions: selectors.map((jq) => ({ jq })) },
      ...(delayMs === 0 ? {} : { delay: { durationMilliseconds: delayMs } }),
      steps: [status === undefined ? { delete: true } : { patch }],
    },
  };
}
