/** What a Node reports of its system, as kubelets do. Nothing runs on it. */
export const NODE_INFO = {
  architecture: 'amd64',
  operatingSystem: 'linux',
  osImage: 'kwok',
  kernelVersion: 'kwok',
  containerRuntimeVersion: 'kwok',
  kubeletVersion: 'kwok',
  kubeProxyVersion: 'kwok',
} as const;

/** What answers in place of the kubelets of a cluster's Nodes, for logs and commands in Pods. */
export interface Kubelet {
  readonly hostname: string;
  readonly ip: string;
  readonly port: number;
}

/** Conditions of a Node on which all is well, each with its status, reason and message. The texts are those of kubelets. */
const GOOD_CONDITIONS = [
  ['Ready', 'True', 'KubeletReady', 'kubelet is posting ready status'],
  ['MemoryPressure', 'False', 'KubeletHasSufficientMemory', 'kubelet has sufficient memory available'],
  ['DiskPressure', 'False', 'KubeletHasNoDiskPressure', 'kubelet has no disk pressure'],
  ['PIDPressure', 'False', 'KubeletHasSufficientPID', 'kubelet has sufficient PID available'],
  ['NetworkUnavailable', 'False', 'RouteCreated', 'RouteController created a route'],
] as const;

/**
 * The status of a Node that is Ready from its creation on. A Node that turns Ready later takes a request for its status and two more
 * for the taint of the time before.
 */
export function readyNodeStatus(
  allocatable: Readonly<Record<string, string>>,
  { hostname, ip, port }: Kubelet,
  nowMs: number,
): Readonly<Record<string, unknown>> {
  const now = `${new Date(nowMs).toISOString().slice(0, 19)}Z`;
  return {
    allocatable,
    capacity: allocatable,
    conditions: GOOD_CONDITIONS.map(([type, status, reason, message]) => ({
      type,
      status,
      reason,
      message,
      lastHeartbeatTime: now,
      lastTransitionTime: now,
    })),
    addresses: [
      { type: 'InternalIP', address: ip },
      { type: 'Hostname', address: hostname },
    ],
    daemonEndpoints: { kubeletEndpoint: { Port: port } },
    nodeInfo: { ...NODE_INFO, bootID: '', machineID: '', systemUUID: '' },
  };
}
