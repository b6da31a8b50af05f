import type { ProfilePods } from '../../../src/core/model/pod-fields.ts';

/** Pods as the documentation of batch schedulers and queues has them, by name. */
export const POD_SHAPES: Readonly<Record<string, ProfilePods>> = {
  kueue: { labels: { 'kueue.x-k8s.io/queue-name': 'team-a' } },
  'kueue-group': {
    labels: { 'kueue.x-k8s.io/queue-name': 'team-a', 'kueue.x-k8s.io/pod-group-name': '${workload}' },
    annotations: { 'kueue.x-k8s.io/pod-group-total-count': '${replicas}' },
    schedulingGates: ['kueue.x-k8s.io/admission'],
  },
  kai: {
    schedulerName: 'kai-scheduler',
    labels: { 'kai.scheduler/queue': 'research' },
    annotations: { 'pod-group-name': '${workload}' },
    tolerations: [{ key: 'nvidia.com/gpu', operator: 'Exists', effect: 'NoSchedule' }],
  },
  volcano: {
    schedulerName: 'volcano',
    annotations: { 'scheduling.k8s.io/group-name': '${workload}', 'scheduling.volcano.sh/queue-name': 'default' },
    priorityClassName: 'system-node-critical',
  },
  grove: {
    schedulerName: 'kai-scheduler',
    labels: { 'grove.io/podgang': '${workload}', 'grove.io/podclique': '${archetype}' },
    schedulingGates: ['grove.io/podgang-pending-creation'],
  },
  yunikorn: {
    schedulerName: 'yunikorn',
    labels: { applicationId: '${workload}', queue: 'root.sandbox' },
    annotations: { 'yunikorn.apache.org/task-group-name': '${archetype}' },
  },
  coscheduling: {
    schedulerName: 'scheduler-plugins-scheduler',
    labels: { 'scheduling.x-k8s.io/pod-group': '${workload}' },
    nodeSelector: { 'example.com/pool': 'batch' },
    tolerations: [{ operator: 'Exists' }, { key: 'spot', value: '', effect: 'NoExecute', tolerationSeconds: 30 }],
    preemptionPolicy: 'PreemptLowerPriority',
  },
};
