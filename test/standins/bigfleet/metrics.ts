import { Counter, Gauge, Histogram, Registry, exponentialBuckets } from 'prom-client';
import type { LabelValues } from 'prom-client';

/** Labels that every series of the one shard carries. */
const SHARD = { pod: 'bigfleet-shard-0', component: 'shard' } as const;

/** From 1 ms to 8.192 s. */
const CYCLES = exponentialBuckets(0.001, 2, 14);
/** From 10 ms to 327.68 s. */
const BOOTSTRAPS = exponentialBuckets(0.01, 2, 16);
/** From 1 ms to 32.768 s. */
const ROLLUPS = exponentialBuckets(0.001, 2, 16);
/** From 1 ms to 65.536 s. */
const NODE_STATES = exponentialBuckets(0.001, 2, 17);
/** From 50 ms to 1,638.4 s. */
const BINDS = exponentialBuckets(0.05, 2, 16);

/**
 * BigFleet's metrics by upstream's names, with upstream's buckets where they are known. Seconds throughout. A series with labels
 * of its own is born with its first event, as in every exporter that uses Prometheus' libraries; the others exist from the start.
 */
export class Metrics {
  readonly registry = new Registry();

  readonly cycle = this.#histogram('bigfleet_shard_cycle_duration_seconds', CYCLES, 'shard');
  readonly cyclePhase = this.#histogram('bigfleet_shard_cycle_phase_duration_seconds', CYCLES, 'shard', 'phase');
  readonly poolBuild = this.#histogram('bigfleet_shard_phase1_pool_build_duration_seconds', CYCLES, 'shard');
  readonly take = this.#histogram('bigfleet_shard_phase1_take_duration_seconds', CYCLES, 'shard', 'path');
  readonly takeCalls = this.#counter('bigfleet_shard_phase1_calls_total', 'shard', 'path');
  readonly configurePhase = this.#histogram('bigfleet_shard_configure_phase_seconds', BOOTSTRAPS, 'shard');
  readonly requestBootstrap = this.#histogram('bigfleet_shard_request_bootstrap_seconds', BOOTSTRAPS, 'shard');
  readonly drainPhase = this.#histogram('bigfleet_shard_drain_phase_seconds', BOOTSTRAPS, 'shard');
  readonly provisioning = this.#histogram('bigfleet_shard_provisioning_latency_seconds', BOOTSTRAPS, 'shard');
  readonly actions = this.#counter('bigfleet_shard_actions_total', 'shard', 'kind');
  readonly outcomes = this.#counter('bigfleet_shard_action_execute_outcomes_total', 'shard', 'kind', 'outcome');
  readonly deferred = this.#counter('bigfleet_shard_actions_deferred_total', 'shard', 'reason');
  readonly dropped = this.#counter('bigfleet_shard_actions_dropped_total', 'shard', 'reason');
  readonly shortfalls = this.#gauge('bigfleet_shard_shortfalls', 'shard');
  readonly shortfallsByPriority = this.#gauge('bigfleet_shard_shortfalls_by_priority', 'shard', 'priority_class');
  readonly demand = this.#gauge('bigfleet_shard_demand_machines', 'shard');
  readonly inventory = this.#gauge(
    'bigfleet_shard_inventory_machines',
    'shard',
    'state',
    'capacity_type',
    'interruption_penalty_bucket',
  );

  readonly rollup = this.#histogram('bigfleet_operator_rollup_duration_seconds', ROLLUPS, 'other');
  readonly rollupPhase = this.#histogram('bigfleet_operator_rollup_phase_duration_seconds', ROLLUPS, 'other', 'phase');
  readonly acknowledge = this.#histogram('bigfleet_operator_acknowledge_duration_seconds', BOOTSTRAPS, 'other');
  readonly nodeState = this.#histogram('bigfleet_operator_node_state_update_duration_seconds', NODE_STATES, 'other');
  readonly outboxDropped = this.#counter('bigfleet_operator_outbox_dropped_total', 'other');

  readonly applies = this.#counter('bigfleet_coordinator_apply_total', 'other', 'outcome');
  readonly pendingInstructions = this.#gauge('bigfleet_coordinator_pending_instructions', 'other');
  readonly raftTerm = this.#gauge('bigfleet_coordinator_raft_term', 'other');

  readonly wantedPods = this.#gauge('scaletest_loadgen_cr_active', 'other');
  readonly createdPods = this.#counter('scaletest_loadgen_cr_created_total', 'other');
  readonly podBind = this.#histogram('bigfleet_scaletest_pod_bind_latency_steady_seconds', BINDS, 'other');
  readonly podBindMax = this.#gauge('bigfleet_scaletest_pod_bind_latency_steady_max_seconds', 'other');
  readonly upcomingToNode = this.#histogram(
    'bigfleet_scaletest_pod_shim_upcoming_to_node_latency_seconds',
    BINDS,
    'other',
  );
  readonly nodeToBound = this.#histogram('bigfleet_scaletest_pod_shim_node_to_bound_latency_seconds', BINDS, 'other');

  constructor() {
    this.raftTerm.set({}, 1);
    this.#gauge('process_start_time_seconds', 'other').set({}, Date.now() / 1_000 - process.uptime());
  }

  /** No longer serves a metric. */
  vanish(name: string): void {
    this.registry.removeSingleMetric(name);
  }

  #histogram(name: string, buckets: readonly number[], of: Owner, ...labels: readonly string[]): Observed {
    const histogram = new Histogram({
      name,
      help: name,
      buckets: [...buckets],
      labelNames: [...labels, ...labelsOf(of)],
      registers: [this.registry],
    });
    if (labels.length === 0) histogram.zero(fixed(of));
    return { observe: (seconds, own = {}) => histogram.observe({ ...own, ...fixed(of) }, seconds) };
  }

  #counter(name: string, of: Owner, ...labels: readonly string[]): Counted {
    const counter = new Counter({
      name,
      help: name,
      labelNames: [...labels, ...labelsOf(of)],
      registers: [this.registry],
    });
    if (labels.length === 0) counter.inc(fixed(of), 0);
    return { inc: (own = {}, by = 1) => counter.inc({ ...own, ...fixed(of) }, by) };
  }

  #gauge(name: string, of: Owner, ...labels: readonly string[]): Shown {
    const gauge = new Gauge({
      name,
      help: name,
      labelNames: [...labels, ...labelsOf(of)],
      registers: [this.registry],
    });
    if (labels.length === 0) gauge.set(fixed(of), 0);
    return { set: (own, value) => gauge.set({ ...own, ...fixed(of) }, value) };
  }
}

/** Series of a shard say which; those of operators, coordinator and load do not need to. */
type Owner = 'shard' | 'other';
type Labels = LabelValues<string>;

interface Observed {
  observe(seconds: number, labels?: Labels): void;
}

interface Counted {
  inc(labels?: Labels, by?: number): void;
}

interface Shown {
  set(labels: Labels, value: number): void;
}

function fixed(of: Owner): Labels {
  return of === 'shard' ? SHARD : {};
}

function labelsOf(of: Owner): readonly string[] {
  return Object.keys(fixed(of));
}
