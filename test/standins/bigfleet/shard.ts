import type { V1Node, V1Pod } from '@kubernetes/client-node';
import { takeAllCpu } from './busy-threads.ts';
import { isReplacement, isUsable, nameOf, slotOf, type Cluster, type Listener } from './cluster.ts';
import type { Metrics } from './metrics.ts';
import { machinesNeeded, requestsOf, roomOf, type Amounts, type Room } from './needs.ts';
import type { Fault, Options } from './options.ts';

/** How long one fault lasts or takes, in seconds, as it is told. The tests cannot wait for it: only its telling is real. */
const STALL_SECONDS = 7_200;
const SLOW_CYCLE_SECONDS = 3;
const BOOTSTRAP_LIMIT_SECONDS = 30;
const ACK_DELAY_SECONDS = 30;
/** Applies that fail in one burst. */
const FAILED_APPLIES = 500;
const SATURATED_ROLLUP_SECONDS = 60;
const SATURATED_NODE_STATE_SECONDS = 50;
/** How long a bootstrap that will be given up keeps its machine busy. */
const GIVEN_UP_AFTER_MS = 700;
/** Latencies count as steady from when no Pod came or was bound for this long: the ramp is over. */
const STEADY_AFTER_MS = 1_000;
/** Metrics that vanish: one of a gate that ends a soak, one of a gate that does not. */
const VANISHING = ['bigfleet_shard_shortfalls', 'bigfleet_operator_acknowledge_duration_seconds'];

interface Machine {
  readonly name: string;
  readonly holds: Amounts;
  readonly wantedAtMs: number;
  state: 'asked' | 'configured';
  usable: boolean;
  hasPods: boolean;
}

interface SeenPod {
  readonly pod: V1Pod;
  readonly requests: Amounts;
  readonly firstSeenMs: number;
  node: string | undefined;
}

/**
 * A shard, with operator and coordinator in one: sees what Pods want, makes machines for those that fit on none, and counts
 * what it does as BigFleet counts it.
 */
export class Shard implements Listener {
  readonly #cluster: Pick<Cluster, 'createNode' | 'giveUpNode'>;
  readonly #metrics: Metrics;
  readonly #options: Options;
  readonly #log: (line: string) => void;
  readonly #pods = new Map<string, SeenPod>();
  readonly #machines = new Map<string, Machine>();
  readonly #slots = new Set<string>();
  #machineNumber = 0;
  #faultAtMs = Number.POSITIVE_INFINITY;
  #stalled = false;
  #appliesFailed = false;
  #movedAtMs = 0;
  #steady = false;
  #slowestBind = 0;

  constructor(
    cluster: Pick<Cluster, 'createNode' | 'giveUpNode'>,
    metrics: Metrics,
    options: Options,
    log: (line: string) => void,
  ) {
    this.#cluster = cluster;
    this.#metrics = metrics;
    this.#options = options;
    this.#log = log;
    if (options.from === 'start') this.#beginFault(0);
  }

  /** One cycle: what is wanted against what there is, and a bootstrap for each machine that is missing. */
  cycle(): void {
    if (this.has('hung') || this.has('spins')) return;
    const startedAt = performance.now();
    const metrics = this.#metrics;
    const pending = [...this.#pods.values()].filter(({ node }) => node === undefined);
    const needed = machinesNeeded(pending.map(wantedPod), this.#rooms(), this.#options.podsPerMachine);
    const granted = this.has('standing-shortfall') ? needed.slice(1) : needed;
    for (const holds of granted) this.#bootstrap(holds);
    const short = needed.length - granted.length;
    metrics.shortfalls.set({}, short);
    metrics.shortfallsByPriority.set({ priority_class: 'batch' }, short);
    metrics.demand.set({}, this.#machines.size + short);
    metrics.inventory.set(
      { state: 'Configured', capacity_type: 'OnDemand', interruption_penalty_bucket: 'low' },
      [...this.#machines.values()].filter(({ state }) => state === 'configured').length,
    );
    this.#steady ||= this.#pods.size > 0 && Date.now() - this.#movedAtMs > STEADY_AFTER_MS;
    this.#tellCycle((performance.now() - startedAt) / 1_000);
  }

  /** What the operator does at its own pace: rolls demand up, has it acknowledged, reports Node states. */
  rollUp(): void {
    const startedAt = performance.now();
    const metrics = this.#metrics;
    metrics.wantedPods.set({}, this.#slots.size);
    const took = (performance.now() - startedAt) / 1_000;
    for (const phase of ['list', 'build', 'enqueue']) metrics.rollupPhase.observe(took / 3, { phase });
    metrics.rollup.observe(this.has('saturation') ? SATURATED_ROLLUP_SECONDS : took);
    metrics.nodeState.observe(this.has('saturation') ? SATURATED_NODE_STATE_SECONDS : took);
    metrics.acknowledge.observe(this.has('ack-delay') ? ACK_DELAY_SECONDS : took);
    metrics.applies.inc({ outcome: 'ok' });
    if (!this.#appliesFailed && this.has('apply-errors')) {
      this.#appliesFailed = true;
      metrics.applies.inc({ outcome: 'error' }, FAILED_APPLIES);
    }
  }

  /** Whether this fault has begun. */
  has(fault: Fault): boolean {
    return this.#options.fault === fault && Date.now() >= this.#faultAtMs;
  }

  pod(pod: V1Pod): void {
    const name = nameOf(pod);
    const seen = this.#pods.get(name) ?? this.#newPod(name, pod);
    const node = pod.spec?.nodeName;
    if (seen.node !== undefined || node === undefined || node === '') return;
    seen.node = node;
    this.#movedAtMs = Date.now();
    const seconds = (Date.now() - seen.firstSeenMs) / 1_000;
    const machine = this.#machines.get(node);
    if (machine !== undefined && !machine.hasPods) {
      machine.hasPods = true;
      this.#metrics.nodeToBound.observe((Date.now() - machine.wantedAtMs) / 1_000);
    }
    if (!this.#steady) return;
    this.#metrics.podBind.observe(seconds);
    this.#slowestBind = Math.max(this.#slowestBind, seconds);
    this.#metrics.podBindMax.set({}, this.#slowestBind);
  }

  podGone(pod: V1Pod): void {
    this.#pods.delete(nameOf(pod));
  }

  node(node: V1Node): void {
    const machine = this.#machines.get(node.metadata?.name ?? '');
    if (machine === undefined) return;
    machine.usable = isUsable(node);
    if (machine.usable && machine.state === 'asked') this.#configured(machine);
    else if (!machine.usable && machine.state === 'configured') this.#giveUp(machine);
  }

  nodeGone(node: V1Node): void {
    this.#machines.delete(node.metadata?.name ?? '');
  }

  #newPod(name: string, pod: V1Pod): SeenPod {
    const seen = { pod, requests: requestsOf(pod.spec?.containers ?? []), firstSeenMs: Date.now(), node: undefined };
    this.#pods.set(name, seen);
    this.#movedAtMs = Date.now();
    this.#slots.add(slotOf(pod));
    this.#metrics.wantedPods.set({}, this.#slots.size);
    this.#metrics.createdPods.inc();
    if (this.#options.from === 'churn' && this.#faultAtMs === Number.POSITIVE_INFINITY && isReplacement(pod))
      this.#beginFault(this.#options.faultAfterMs);
    return seen;
  }

  /** Machines that take Pods, or will, with what is left of them. */
  #rooms(): readonly Room[] {
    const podsOf = Map.groupBy(this.#pods.values(), ({ node }) => node);
    return [...this.#machines.values()]
      .filter(({ state, usable }) => state === 'asked' || usable)
      .map(({ name, holds }) => roomOf(name, holds, (podsOf.get(name) ?? []).map(wantedPod)));
  }

  #bootstrap(holds: Amounts): void {
    const name = `bigfleet-machine-${this.#machineNumber++}`;
    const machine: Machine = { name, holds, wantedAtMs: Date.now(), state: 'asked', usable: false, hasPods: false };
    this.#machines.set(name, machine);
    for (const kind of ['Provision', 'Bootstrap']) this.#metrics.actions.inc({ kind });
    if (this.has('bootstrap-timeout')) {
      setTimeout(() => this.#givenUp(machine), GIVEN_UP_AFTER_MS);
      return;
    }
    if (this.has('emit-without-landing')) {
      // The provider says that it is done. That no Node joins, nobody looks at.
      machine.usable = true;
      this.#configured(machine);
      return;
    }
    this.#cluster.createNode(name, holds).then(
      () => this.#metrics.upcomingToNode.observe((Date.now() - machine.wantedAtMs) / 1_000),
      (cause: unknown) => {
        this.#log(`${name}: ${String(cause)}`);
        this.#failed(machine);
      },
    );
  }

  /** A machine that has failed is replaced, and not trusted when it comes back. */
  #giveUp(machine: Machine): void {
    this.#machines.delete(machine.name);
    this.#log(`${machine.name} has failed`);
    this.#cluster.giveUpNode(machine.name).catch((cause: unknown) => this.#log(`${machine.name}: ${String(cause)}`));
  }

  #configured(machine: Machine): void {
    machine.state = 'configured';
    const seconds = (Date.now() - machine.wantedAtMs) / 1_000;
    this.#metrics.configurePhase.observe(seconds);
    this.#metrics.requestBootstrap.observe(seconds);
    this.#metrics.provisioning.observe(seconds);
    this.#metrics.outcomes.inc({ kind: 'Bootstrap', outcome: 'success' });
  }

  #givenUp(machine: Machine): void {
    this.#metrics.configurePhase.observe(BOOTSTRAP_LIMIT_SECONDS);
    this.#metrics.requestBootstrap.observe(BOOTSTRAP_LIMIT_SECONDS);
    this.#failed(machine);
  }

  #failed(machine: Machine): void {
    this.#machines.delete(machine.name);
    this.#metrics.outcomes.inc({ kind: 'Bootstrap', outcome: 'timeout' });
  }

  #tellCycle(seconds: number): void {
    const metrics = this.#metrics;
    for (const phase of ['reconcile', 'phase1', 'phase2', 'phase3', 'execute'])
      metrics.cyclePhase.observe(seconds / 5, { phase });
    metrics.poolBuild.observe(seconds / 10);
    for (const path of ['take', 'takeCoLocated']) {
      metrics.take.observe(seconds / 20, { path });
      metrics.takeCalls.inc({ path });
    }
    metrics.cycle.observe(this.has('slow-cycles') ? SLOW_CYCLE_SECONDS : seconds);
    if (!this.#stalled && this.has('stall')) {
      this.#stalled = true;
      metrics.cycle.observe(STALL_SECONDS);
    }
  }

  #beginFault(afterMs: number): void {
    if (this.#options.fault === undefined) return;
    this.#faultAtMs = Date.now() + afterMs;
    setTimeout(() => {
      this.#log(`fault ${this.#options.fault} begins`);
      if (this.#options.fault === 'vanishing-metrics') for (const name of VANISHING) this.#metrics.vanish(name);
      if (this.#options.fault === 'spins') takeAllCpu();
    }, afterMs);
  }
}

function wantedPod({ pod, requests }: SeenPod): { readonly name: string; readonly requests: Amounts } {
  return { name: nameOf(pod), requests };
}
