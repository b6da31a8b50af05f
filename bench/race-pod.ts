/** Nodes that the Pods of a race are bound to. */
export const RACE_NODES = 100;
export const RACE_LIMIT_MS = 900_000;

/** The Pod number `index` of a run as JSON: the same as in the files of the other programs. */
export function racePod(run: string, index: number): string {
  return JSON.stringify({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: `pod-${index}`, labels: { race: run } },
    spec: {
      nodeName: `race-${index % RACE_NODES}`,
      automountServiceAccountToken: false,
      enableServiceLinks: false,
      terminationGracePeriodSeconds: 0,
      tolerations: [{ operator: 'Exists' }],
      containers: [
        { name: 'c', image: 'registry.k8s.io/pause:3.10', resources: { requests: { cpu: '10m', memory: '16Mi' } } },
      ],
    },
  });
}
