import { describe, expect, it } from 'vitest';
import type { GatePatch } from '../../../../src/core/model/gate-patch.ts';
import { judgedOn, type Written } from './written.ts';

/** What a healthy controller's process serves, with counters that had counted before the campaign. */
const PROCESS: Written = {
  process_cpu_seconds_total: '100+0.5x40',
  process_resident_memory_bytes: '2e8x40',
  go_goroutines: '300x40',
  workqueue_depth: '0x20 1x20',
  'workqueue_adds_total{name="a"}': '900+3x40',
  'workqueue_queue_duration_seconds_sum{name="a"}': '90+0.3x40',
  'workqueue_queue_duration_seconds_count{name="a"}': '900+3x40',
  rest_client_requests_total: '500+5x40',
  'leader_election_master_status{name="a"}': '1x40',
  scrape_samples_scraped: '200x40',
};
const KARPENTER: Written = {
  ...PROCESS,
  karpenter_nodeclaims_created_total: '40x15 42x25',
  karpenter_nodeclaims_terminated_total: '10x18 11x22',
  'karpenter_nodeclaims_disrupted_total{reason="empty"}': '3x40',
  karpenter_cluster_state_synced: '1x40',
  karpenter_cluster_state_node_count: '30x40',
  'karpenter_nodes_total_pod_requests{resource_type="cpu",node_name="a"}': '6x40',
  'karpenter_nodes_total_pod_requests{resource_type="cpu",node_name="b"}': '5x40',
  'karpenter_nodes_allocatable{resource_type="cpu",node_name="a"}': '8x40',
  'karpenter_nodes_allocatable{resource_type="cpu",node_name="b"}': '8x40',
  'karpenter_nodepools_usage{nodepool="p",resource_type="cpu"}': '16x40',
  'karpenter_nodepools_limit{nodepool="p",resource_type="cpu"}': '100x40',
  'karpenter_pods_state{phase="Running",name="a"}': '1x40',
  'karpenter_pods_state{phase="Running",name="b"}': '1x40',
  'karpenter_pods_state{phase="Pending",name="c"}': '1x40',
  karpenter_scheduler_queue_depth: '2x40',
};
const KUEUE: Written = {
  ...PROCESS,
  'kueue_pending_workloads{cluster_queue="a",status="active"}': '4x40',
  'kueue_pending_workloads{cluster_queue="a",status="inadmissible"}': '0x40',
  'kueue_pending_workloads{cluster_queue="b",status="active"}': '1x40',
  'kueue_pending_workloads{cluster_queue="b",status="inadmissible"}': '0x40',
  'kueue_admitted_workloads_total{cluster_queue="a"}': '100+1x40',
  'kueue_cluster_queue_status{cluster_queue="a",status="active"}': '1x40',
  'kueue_cluster_queue_status{cluster_queue="b",status="active"}': '1x40',
  'kueue_cluster_queue_resource_usage{cluster_queue="a",resource="cpu"}': '30x40',
  'kueue_cluster_queue_nominal_quota{cluster_queue="a",resource="cpu"}': '40x40',
};
const BIGFLEET: Written = {
  ...PROCESS,
  'bigfleet_shard_inventory_machines{pod="s0"}': '100x40',
  'bigfleet_shard_inventory_machines{pod="s1"}': '98x40',
  'bigfleet_shard_shortfalls{pod="s0"}': '0x40',
  'bigfleet_shard_shortfalls{pod="s1"}': '0x40',
  'bigfleet_shard_leader{pod="s0"}': '1x40',
  'bigfleet_shard_leader{pod="s1"}': '0x40',
  'bigfleet_shard_last_cycle_timestamp_seconds{pod="s0"}': '1699999999+1x40',
  'bigfleet_shard_last_cycle_timestamp_seconds{pod="s1"}': '1699999999+1x40',
};
const SCHEDULER: Written = {
  ...PROCESS,
  'scheduler_pending_pods{queue="active"}': '3x40',
  'scheduler_pending_pods{queue="backoff"}': '0x40',
  'scheduler_pending_pods{queue="gated"}': '0x40',
  'scheduler_pending_pods{queue="unschedulable"}': '0x40',
  'scheduler_schedule_attempts_total{result="scheduled"}': '900+9x40',
  'scheduler_schedule_attempts_total{result="unschedulable"}': '4x40',
  'scheduler_schedule_attempts_total{result="error"}': '0x40',
  'kube_node_status_condition{node="a",condition="Ready",status="true"}': '1x40',
  'kube_node_status_condition{node="b",condition="Ready",status="true"}': '1x40',
  'kube_node_info{node="a"}': '1x40',
  'kube_node_info{node="b"}': '1x40',
  'kube_pod_status_phase{pod="p",phase="Pending"}': '0x40',
  'kube_pod_status_phase{pod="q",phase="Pending"}': '0x40',
  kube_deployment_status_replicas_available: '5x40',
  kube_deployment_spec_replicas: '5x40',
};

type Healthy = readonly [query: string, value: number, more?: GatePatch];

/** Gates as users write them, over a healthy system: each is measured and passes. */
const CASES: Readonly<Record<string, readonly [Written, readonly Healthy[]]>> = {
  'a controller': [
    PROCESS,
    [
      ['sum(rate(process_cpu_seconds_total[$window]))', 0.5],
      ['max(process_resident_memory_bytes) / 1024 / 1024', 190.73486328125, { max: 512, unit: 'MiB' }],
      ['max(max_over_time(process_resident_memory_bytes[$window]))', 2e8, { max: 5e8, unit: 'bytes' }],
      ['max(deriv(process_resident_memory_bytes[$window]))', 0],
      ['max(delta(go_goroutines[$window]))', 0],
      ['max(max_over_time(go_goroutines[$window]) - min_over_time(go_goroutines[$window]))', 0],
      ['max_over_time(sum(workqueue_depth)[9s:1s])', 1],
      ['sum(rate(workqueue_adds_total{name="a"}[$window]))', 3, { min: 1 }],
      [
        'sum(rate(workqueue_queue_duration_seconds_sum[$window])) / sum(rate(workqueue_queue_duration_seconds_count[$window]))',
        0.1,
        { unit: 's' },
      ],
      ['sum(rate(rest_client_requests_total[$window]))', 5, { max: 50 }],
      ['max(leader_election_master_status)', 1, { min: 1, max: 1 }],
      ['sum(workqueue_depth and on (job, instance) leader_election_master_status == 1)', 1],
      ['sum(up{job="j"}) / count(up{job="j"})', 1, { min: 1 }],
      ['abs(sum(go_goroutines) - sum(go_goroutines offset $window))', 0],
      ['stddev(go_goroutines)', 0],
      ['clamp_min(sum(workqueue_depth) - 5, 0)', 0],
      ['max(topk(1, workqueue_depth))', 1],
      ['time() - max(process_start_time_seconds)', 1699999020.5, { min: 60, unit: 's' }],
    ],
  ],
  Karpenter: [
    KARPENTER,
    [
      [
        'sum(karpenter_nodeclaims_created_total) - sum(karpenter_nodeclaims_terminated_total)',
        31,
        { min: 20, max: 40 },
      ],
      ['min(karpenter_cluster_state_synced)', 1, { min: 1 }],
      [
        'sum(karpenter_nodes_total_pod_requests{resource_type="cpu"}) / sum(karpenter_nodes_allocatable{resource_type="cpu"})',
        0.6875,
        { min: 0.5 },
      ],
      [
        'min(karpenter_nodes_total_pod_requests{resource_type="cpu"} / karpenter_nodes_allocatable{resource_type="cpu"})',
        0.625,
        { min: 0.5 },
      ],
      ['max(karpenter_nodepools_usage / on (nodepool, resource_type) karpenter_nodepools_limit)', 0.16, { max: 0.9 }],
      ['count(karpenter_pods_state{phase="Running"}) / count(karpenter_pods_state)', 2 / 3, { min: 0.5 }],
      ['count(karpenter_pods_state{phase="Pending"}) or vector(0)', 1],
      ['count(karpenter_pods_state{phase="Failed"}) or vector(0)', 0, { absentIs: 0, job: 'j' }],
      ['count(karpenter_nodes_allocatable > 100) or vector(0)', 0, { max: 0 }],
      ['100 * sum(karpenter_nodepools_usage) / sum(karpenter_nodepools_limit)', 16, { max: 90, unit: '%' }],
      ['avg_over_time(sum(karpenter_scheduler_queue_depth)[9s:1s])', 2],
      ['sum(increase(karpenter_nodeclaims_disrupted_total[$window]))', 0],
    ],
  ],
  Kueue: [
    KUEUE,
    [
      ['max(sum by (cluster_queue) (kueue_pending_workloads))', 4, { max: 10 }],
      ['sum(kueue_pending_workloads{status=~"active|inadmissible"})', 5, { max: 10 }],
      ['max(sum without (status) (kueue_pending_workloads))', 4, { max: 10 }],
      ['sum(rate(kueue_admitted_workloads_total[$window]))', 1, { min: 0.5 }],
      [
        'sum(kueue_cluster_queue_status{status="active"}) / count(kueue_cluster_queue_status{status="active"})',
        1,
        { min: 1 },
      ],
      [
        'max(kueue_cluster_queue_resource_usage / on (cluster_queue, resource) kueue_cluster_queue_nominal_quota)',
        0.75,
        { max: 1 },
      ],
      ['max(kueue_pending_workloads{status="inadmissible"}) == bool 0', 1, { min: 1 }],
      ['min(kueue_cluster_queue_status * on (cluster_queue) group_left () kueue_cluster_queue_status)', 1, { min: 1 }],
    ],
  ],
  BigFleet: [
    BIGFLEET,
    [
      [
        'min(sum by (pod) (bigfleet_shard_inventory_machines)) / (max(sum by (pod) (bigfleet_shard_inventory_machines)) > 0)',
        0.98,
        { min: 0.9 },
      ],
      ['sum(bigfleet_shard_shortfalls)', 0],
      ['abs(delta(sum(bigfleet_shard_shortfalls)[9s:1s]))', 0],
      ['sum(bigfleet_shard_inventory_machines * on (pod) (bigfleet_shard_leader == bool 1))', 100, { min: 50 }],
      ['sum(bigfleet_shard_inventory_machines and on (pod) bigfleet_shard_leader == 1)', 100, { min: 50 }],
      ['max(time() - bigfleet_shard_last_cycle_timestamp_seconds)', 0.5, { unit: 's' }],
      ['max(timestamp(bigfleet_shard_last_cycle_timestamp_seconds) - bigfleet_shard_last_cycle_timestamp_seconds)', 0],
      ['sum(bigfleet_shard_leader)', 1, { min: 1, max: 1 }],
      ['max(bigfleet_shard_inventory_machines) - min(bigfleet_shard_inventory_machines)', 2],
      ['avg(bigfleet_shard_inventory_machines)', 99, { max: 200 }],
    ],
  ],
  'kube-scheduler': [
    SCHEDULER,
    [
      ['sum(scheduler_pending_pods{queue=~"unschedulable|backoff|gated"})', 0],
      ['sum(scheduler_pending_pods{queue!="active"})', 0],
      [
        'sum(rate(scheduler_schedule_attempts_total{result="error"}[$window])) / sum(rate(scheduler_schedule_attempts_total[$window]))',
        0,
        { max: 0.01 },
      ],
      [
        '1 - sum(rate(scheduler_schedule_attempts_total{result="error"}[$window])) / (sum(rate(scheduler_schedule_attempts_total[$window])) > 0)',
        1,
        { min: 0.99 },
      ],
      ['sum(rate(scheduler_schedule_attempts_total{result!="scheduled"}[$window]))', 0],
      [
        'count(kube_node_status_condition{condition="Ready",status="true"} == 1) / count(kube_node_info)',
        1,
        { min: 1 },
      ],
      [
        'count(kube_node_info unless on (node) (kube_node_status_condition{condition="Ready",status="true"} == 1)) or vector(0)',
        0,
      ],
      ['count(kube_pod_status_phase{phase="Pending"} == 1) or vector(0)', 0, { max: 0 }],
      ['sum(kube_pod_status_phase{phase="Pending"})', 0],
      ['sum(kube_deployment_status_replicas_available) / sum(kube_deployment_spec_replicas)', 1, { min: 1 }],
      ['sum(kube_deployment_spec_replicas) - sum(kube_deployment_status_replicas_available)', 0],
      ['count(kube_deployment_status_replicas_available != kube_deployment_spec_replicas) or vector(0)', 0],
    ],
  ],
};

describe.each(Object.entries(CASES))('gates of users over a healthy system: %s', (_system, [series, gates]) => {
  const titled = gates.map((gate) => [gate[0], gate[1], gate] as const);

  it.each(titled)('%s is %d', (_query, _value, [query, value, more = {}]) => {
    const { verdict, reading } = judgedOn(series, { query, ...more });
    expect(reading).toMatchObject({ quality: 'measured' });
    expect(reading.value).toBeCloseTo(value, 6);
    expect(verdict).toBe('pass');
  });

  it.each(titled)('and with one scrape that failed: %s', (_query, _value, [query, , more = {}]) => {
    const failed = Object.fromEntries(Object.entries(series).map(([name, text]) => [name, withoutScrape(text)]));
    const { verdict } = judgedOn({ ...failed, up: '1x14 0 1x25' }, { query, ...more });
    expect(verdict).not.toBe('fail');
  });
});

/** The same samples without that of the scrape that failed. */
function withoutScrape(text: string): string {
  const found = text.split(' ').flatMap((word) => {
    const [, value = '', step, times = '1'] = /^(.+?)(?:\+([\d.]+))?(?:x(\d+))?$/.exec(word) ?? [];
    return Array.from({ length: Number(times) }, (_, index) =>
      step === undefined ? value : String(Number(value) + Number(step) * (index + 1)),
    );
  });
  return found.map((value, second) => (second === 14 ? 'X' : value)).join(' ');
}
