import { longestFaultMs } from '../faults/registry.ts';
import type { Stage } from '../model/stages.ts';
import type { Profile } from '../model/profile.ts';
import type { Substrate } from '../model/substrate.ts';
import { budgetField } from './call-budgets.ts';
import type { CallBudgets, DerivationStep, StageDeadline } from './deadlines.ts';
import type { DemandPeak } from './demand-peak.ts';
import type { Plan } from './plan.ts';
import { podsOfLargestCluster } from './cluster-pods.ts';

/** Clusters that are created, installed into, or deleted at once on one host. */
export const CLUSTERS_AT_ONCE = 4;
/** Clusters that are only spoken to (seeded, watched, swept) at once. */
export const CONVERSATIONS_AT_ONCE = 16;
/** The slowest creation of Nodes in one cluster that still counts as working, per second. */
export const NODES_PER_SECOND_FLOOR = 20;
/** The slowest deletion of Pods in one cluster that still counts as working, per second. */
export const DELETES_PER_SECOND_FLOOR = 50;
/** The slowest creation of the Pods of a burst, likewise. */
export const BURST_PODS_PER_SECOND_FLOOR = 20;
/** Objects asked for in one page of a list. */
export const LIST_PAGE = 1_000;
/** How often the steady stage looks, and how many good looks in a row it wants (`reference/bigfleet-harness.md` §7). */
export const STEADY_POLL_MS = 2_000;
export const STEADY_POLLS = 3;
/** An evaluation or a set of curves takes at most this many query budgets, however many gates there are. */
export const EVALUATION_QUERIES = 4;
export const SNAPSHOT_QUERIES = 7;
/** Calls that one manifest file may take: it holds several objects. */
export const CALLS_PER_MANIFEST = 20;
/** Time for what is read and written on the worker's own disk, ms. */
export const LOCAL_MS = 10_000;
/** Clusters whose scheduler is asked why Pods are pending, and how long each may take, ms. */
export const PENDING_ASKED = 3;
export const PENDING_ASKED_MS = 10_000;

/** Calls, one after another, that choose what a fault breaks, inject the fault and undo it. */
export const FAULT_CALLS = 6;

/** What stands in the system file and bears on waits; the defaults are upper bounds for the shipped systems. */
export interface SystemShape {
  readonly gateCount: number;
  /** Calls that applying all manifests to one cluster takes. */
  readonly manifestCount: number;
  readonly processesPerCluster: number;
  /** Helm charts installed into one cluster. */
  readonly chartsPerCluster: number;
}

/** Upper bounds that hold for every shipped system. */
export const DEFAULT_SYSTEM_SHAPE: SystemShape = {
  gateCount: 64,
  manifestCount: 40,
  processesPerCluster: 2,
  chartsPerCluster: 1,
};

interface Shape {
  readonly profile: Profile;
  readonly plan: Plan;
  readonly substrate: Substrate;
  readonly budgets: CallBudgets;
  readonly system: SystemShape;
  readonly peak: DemandPeak;
}

/**
 * The serial inner waits of each stage's attempt: everything that can be waited for one after another, at its full
 * budget. Clusters on different hosts wait side by side, clusters on one host in batches or in turn, as the stage does it.
 */
export function stageWaits(shape: Shape): Readonly<Record<Stage, readonly DerivationStep[]>> {
  const { profile, plan, budgets, system, peak } = shape;
  const wait = (what: string, name: keyof CallBudgets, count = 1): DerivationStep => ({
    what,
    count,
    eachMs: budgets[name],
    field: budgetField(name),
  });
  const inTurn = clustersOnHost(shape);
  const heavy = batches(inTurn, CLUSTERS_AT_ONCE);
  const light = batches(inTurn, CONVERSATIONS_AT_ONCE);
  const ramped = Math.max(1, podsOfLargestCluster(plan));
  const largest = ramped + peak.bindable + peak.extra;
  const pages = batches(largest, LIST_PAGE);
  const seeded = plan.seed.reduce((sum, row) => sum + row.configured + row.idle, 0);
  // Nodes are laid out around the gangs that were drawn, which may take more of them than the seed's rows say; a Pod of a
  // burst may need one for itself.
  const nodes =
    2 * Math.ceil(Math.max(seeded, plan.machinesEffective) / Math.max(1, plan.clusterCount)) + peak.bindable;
  const queries = system.gateCount + Object.keys(profile.gates).length;
  const processes = Math.max(1, system.processesPerCluster);
  // A cluster of our own is removed whole, with what a chart made in it.
  const charts = shape.substrate.type === 'local' ? 0 : heavy * system.chartsPerCluster;
  const load = profile.loadProfile;
  const { runnerActions } = profile;
  // Faults run side by side, in all clusters: one chain of waits covers them.
  const faults = runnerActions.length > 0 ? 1 : 0;
  const watches = wait('watches opened', 'apiCallMs', 3);

  return {
    resolve: [wait('profile, substrate, catalogue and system read', 'apiCallMs')],
    provision: [
      wait('tools found', 'apiCallMs'),
      wait('clusters asked whether they are there', 'apiCallMs', light),
      wait(`clusters ready, ${CLUSTERS_AT_ONCE} at a time on a host`, 'clusterReadyMs', heavy),
      wait('Prometheus answers', 'systemReadyMs'),
      wait('targets found and written, in turn', 'apiCallMs', 2 * inTurn),
      wait('what a failed attempt left is stopped', 'processStopMs'),
    ],
    install: [
      wait('tools found', 'apiCallMs'),
      wait('manifests applied, in turn', 'apiCallMs', Math.max(1, system.manifestCount) * inTurn),
      wait('processes, then what they serve, ready, in turn', 'systemReadyMs', 2 * inTurn),
      wait('targets written, in turn', 'apiCallMs', inTurn),
      wait('what a failed attempt left is stopped', 'processStopMs', processes),
    ],
    seed: [
      wait('namespace made', 'apiCallMs', 3 * light),
      wait('Nodes listed that stand already', 'apiCallMs', light * batches(nodes, LIST_PAGE)),
      {
        what: `Nodes created, at least ${NODES_PER_SECOND_FLOOR} a second in a cluster`,
        count: light * batches(nodes, NODES_PER_SECOND_FLOOR),
        eachMs: 1_000,
      },
      wait('the last Node ready', 'nodeReadyMs', light),
    ],
    ramp: [
      watches,
      wait('Pods listed that stand already', 'apiCallMs', pages),
      {
        what: 'arrivals spread over the ramp',
        count: 1,
        eachMs: load.rampSeconds * 1_000,
        field: 'loadProfile.rampSeconds',
      },
      {
        what: 'Pods that the substrate takes no faster',
        count: Math.ceil(plan.totalPods / Math.max(1, plan.rampSupplyPodsPerSec)),
        eachMs: 1_000,
      },
      wait('the last Pod ready', 'podReadyMs'),
    ],
    steady: [
      watches,
      wait('Pods listed that stand already', 'apiCallMs', pages),
      {
        what: `ramp budget (${plan.rampBudgetClause})`,
        count: 1,
        eachMs: plan.rampBudgetMs,
        ...(profile.rampBudgetMs > 0 ? { field: 'rampBudget' } : {}),
      },
      { what: 'good looks in a row', count: STEADY_POLLS, eachMs: STEADY_POLL_MS },
      wait('queries of the last look', 'queryMs', SNAPSHOT_QUERIES),
      wait('the last Pod ready', 'podReadyMs'),
      { what: 'schedulers asked why Pods are pending', count: PENDING_ASKED, eachMs: PENDING_ASKED_MS },
    ],
    soak: [
      watches,
      wait('Pods listed that stand already', 'apiCallMs', pages),
      { what: 'settle', count: 1, eachMs: load.settleSeconds * 1_000, field: 'loadProfile.settleSeconds' },
      { what: 'soak', count: 1, eachMs: load.soakSeconds * 1_000, field: 'loadProfile.soakSeconds' },
      {
        what: `Pods of bursts, steps and open-loop demand, at least ${BURST_PODS_PER_SECOND_FLOOR} a second in a cluster`,
        count: Math.ceil((peak.bindable + peak.extra) / BURST_PODS_PER_SECOND_FLOOR),
        eachMs: 1_000,
      },
      wait('the check that is due when the soak ends', 'gateIntervalMs'),
      wait('queries of that check', 'queryMs', EVALUATION_QUERIES),
      wait('the last Pod ready', 'podReadyMs'),
      wait('queries of all gates', 'queryMs', Math.max(EVALUATION_QUERIES, queries)),
      wait('a fault injected and undone', 'apiCallMs', FAULT_CALLS * faults),
      wait('the effect of a fault seen', 'podReadyMs', faults),
      {
        what: 'the longest fault lasts',
        count: faults,
        eachMs: longestFaultMs(runnerActions.map(({ action }) => action)),
      },
      wait('the undoing of a fault seen', 'nodeReadyMs', faults),
    ],
    snapshot: [
      wait('curves of all gates', 'queryMs', Math.max(SNAPSHOT_QUERIES, queries)),
      wait('state of each cluster', 'apiCallMs', light),
      wait('TSDB snapshot, then its copy', 'snapshotMs', 2),
      { what: 'logs copied', count: 1, eachMs: LOCAL_MS },
    ],
    judge: [{ what: 'readings judged, report drawn, evidence listed', count: 3, eachMs: LOCAL_MS }],
    teardown: [
      wait('watches ended', 'apiCallMs'),
      wait('its chart looked for', 'apiCallMs', charts),
      wait('its chart uninstalled, until its objects are gone', 'systemReadyMs', charts),
      wait('the system removed', 'apiCallMs', 3 * heavy),
      wait('its processes stopped', 'processStopMs', 3 * heavy * processes),
      {
        what: SWEEP,
        count: heavy,
        eachMs: batches(largest + nodes, DELETES_PER_SECOND_FLOOR) * 1_000 + budgets.apiCallMs,
      },
      wait(`clusters deleted, ${CLUSTERS_AT_ONCE} at a time on a host`, 'clusterReadyMs', heavy),
      wait('their processes stopped', 'processStopMs', heavy),
      wait('Prometheus stopped', 'processStopMs', 3),
      wait('processes stopped that nothing else knows, in turn', 'processStopMs', 3 * inTurn * processes),
    ],
  };
}

const SWEEP = `objects deleted, at least ${DELETES_PER_SECOND_FLOOR} a second in a cluster`;

/** How long the objects of one cluster may take to be deleted, ms, as the deadline of `teardown` allows for. */
export function sweepMs(teardown: StageDeadline): number {
  return teardown.derivation.find((step) => step.what === SWEEP)?.eachMs ?? 0;
}

/** Clusters that one host has to do with: all of them, unless they are hosted on hosts that work side by side. */
function clustersOnHost({ plan, substrate }: Shape): number {
  return substrate.type === 'hosted'
    ? Math.min(plan.clusterCount, substrate.cluster.clustersPerHost)
    : plan.clusterCount;
}

function batches(total: number, atOnce: number): number {
  return Math.max(1, Math.ceil(total / atOnce));
}
