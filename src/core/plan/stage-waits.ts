import type { Stage } from '../campaign/stages.ts';
import type { Profile, Substrate } from '../profile/model.ts';
import { budgetField } from './call-budgets.ts';
import type { CallBudgets, DerivationStep } from './deadlines.ts';
import type { Plan } from './plan.ts';

/** Clusters that are created, installed into, or deleted at once on one host. */
export const CLUSTERS_AT_ONCE = 4;
/** Clusters that are only spoken to (seeded, watched, swept) at once. */
export const CONVERSATIONS_AT_ONCE = 16;
/** The slowest creation of Nodes in one cluster that still counts as working, per second. */
export const NODES_PER_SECOND_FLOOR = 20;
/** The slowest deletion of Pods in one cluster that still counts as working, per second. */
export const DELETES_PER_SECOND_FLOOR = 50;
/** Objects asked for in one page of a list. */
export const LIST_PAGE = 1_000;
/** How often the steady stage looks, and how many good looks in a row it wants (`reference/bigfleet-harness.md` §7). */
export const STEADY_POLL_MS = 2_000;
export const STEADY_POLLS = 3;
/** How long an injected network partition lasts. */
export const PARTITION_MS = 60_000;

/** What stands in the system file and bears on waits; the defaults are upper bounds for the shipped systems. */
export interface SystemShape {
  readonly gateCount: number;
  readonly manifestCount: number;
  readonly processesPerCluster: number;
}

/** Upper bounds that hold for every shipped system. */
export const DEFAULT_SYSTEM_SHAPE: SystemShape = { gateCount: 64, manifestCount: 32, processesPerCluster: 2 };

interface Shape {
  readonly profile: Profile;
  readonly plan: Plan;
  readonly substrate: Substrate;
  readonly budgets: CallBudgets;
  readonly system: SystemShape;
}

/**
 * The serial inner waits of each stage's attempt: everything that can be waited for one after another, at its full
 * budget. Clusters on different hosts wait side by side, clusters on one host in batches.
 */
export function stageWaits(shape: Shape): Readonly<Record<Stage, readonly DerivationStep[]>> {
  const { profile, plan, budgets, system } = shape;
  const wait = (what: string, name: keyof CallBudgets, count = 1): DerivationStep => ({
    what,
    count,
    eachMs: budgets[name],
    field: budgetField(name),
  });
  const heavy = batchesOnOneHost(shape, CLUSTERS_AT_ONCE);
  const light = batchesOnOneHost(shape, CONVERSATIONS_AT_ONCE);
  const largest = plan.podsOfCluster.reduce((most, pods) => Math.max(most, pods), 1);
  const pages = Math.max(1, Math.ceil(largest / LIST_PAGE));
  const seeded = plan.seed.reduce((sum, row) => sum + row.configured + row.idle, 0);
  const nodesPerCluster = Math.ceil(Math.max(seeded, plan.machinesEffective) / Math.max(1, plan.clusterCount));
  const gates = system.gateCount + Object.keys(profile.gates).length;
  const load = profile.loadProfile;
  const { runnerActions } = profile;
  const partitions = runnerActions.filter((action) => action.action.startsWith('partition-')).length;

  return {
    resolve: [wait('read profile, substrate, catalogue and system', 'apiCallMs')],
    provision: [
      wait('ask which clusters are there already', 'apiCallMs', light),
      wait(`clusters ready, ${CLUSTERS_AT_ONCE} at a time on a host`, 'clusterReadyMs', heavy),
      wait('Prometheus answers', 'systemReadyMs'),
      wait('stop what a failed attempt left', 'processStopMs'),
    ],
    install: [
      wait('manifests, one after another', 'apiCallMs', Math.max(1, system.manifestCount) * heavy),
      wait(`processes and what they install ready, ${CLUSTERS_AT_ONCE} clusters at a time`, 'systemReadyMs', 2 * heavy),
      wait('stop what a failed attempt left', 'processStopMs', Math.max(1, system.processesPerCluster)),
    ],
    seed: [
      wait(
        'list the Nodes that stand already',
        'apiCallMs',
        light * Math.max(1, Math.ceil(nodesPerCluster / LIST_PAGE)),
      ),
      {
        what: `Nodes created, at least ${NODES_PER_SECOND_FLOOR} a second in a cluster`,
        count: light * Math.ceil(nodesPerCluster / NODES_PER_SECOND_FLOOR),
        eachMs: 1_000,
      },
      wait('the last Node ready', 'nodeReadyMs', light),
    ],
    ramp: [
      wait('list the Pods that stand already', 'apiCallMs', pages),
      {
        what: 'arrivals spread over the ramp',
        count: 1,
        eachMs: load.rampSeconds * 1_000,
        field: 'loadProfile.rampSeconds',
      },
      {
        what: 'Pods that the substrate takes no faster',
        count: Math.ceil(
          (plan.totalPods * Math.max(1, load.openLoopDemandMultiplier)) / Math.max(1, plan.rampSupplyPodsPerSec),
        ),
        eachMs: 1_000,
      },
      wait('the last Pod ready', 'podReadyMs'),
    ],
    steady: [
      wait('list the Pods that stand already', 'apiCallMs', pages),
      {
        what: `ramp budget (${plan.rampBudgetClause})`,
        count: 1,
        eachMs: plan.rampBudgetMs,
        ...(profile.rampBudgetMs > 0 ? { field: 'rampBudget' } : {}),
      },
      { what: 'good looks in a row', count: STEADY_POLLS, eachMs: STEADY_POLL_MS },
      wait('queries of the last look', 'queryMs', 7),
      wait('the last Pod ready', 'podReadyMs'),
    ],
    soak: [
      wait('list the Pods that stand already', 'apiCallMs', pages),
      { what: 'settle', count: 1, eachMs: load.settleSeconds * 1_000, field: 'loadProfile.settleSeconds' },
      { what: 'soak', count: 1, eachMs: load.soakSeconds * 1_000, field: 'loadProfile.soakSeconds' },
      wait('the check that is due when the soak ends', 'gateIntervalMs'),
      wait('queries of the last check', 'queryMs', gates),
      wait('runner actions done and undone', 'apiCallMs', 2 * runnerActions.length),
      wait('recovery of the last runner action', 'nodeReadyMs', runnerActions.length > 0 ? 1 : 0),
      { what: 'partitions healed', count: partitions, eachMs: PARTITION_MS },
    ],
    snapshot: [
      wait('range query of every gate', 'queryMs', gates),
      wait('state of each cluster', 'apiCallMs', light),
      wait('TSDB snapshot, then its copy', 'snapshotMs', 2),
    ],
    judge: [wait('last reading of every gate', 'queryMs', gates), wait('report written', 'apiCallMs')],
    teardown: [
      wait('ask what is there', 'apiCallMs', light),
      {
        what: `objects deleted, at least ${DELETES_PER_SECOND_FLOOR} a second in a cluster`,
        count: light * Math.ceil((largest + nodesPerCluster) / DELETES_PER_SECOND_FLOOR),
        eachMs: 1_000,
      },
      wait('objects gone', 'apiCallMs', light),
      wait('processes of the system stopped', 'processStopMs', heavy * Math.max(1, system.processesPerCluster)),
      wait(`clusters deleted, ${CLUSTERS_AT_ONCE} at a time on a host`, 'clusterReadyMs', heavy),
      wait('Prometheus stopped', 'processStopMs'),
    ],
  };
}

/**
 * How many batches of `atOnce` one host goes through. Local clusters and existing contexts share one host; hosted ones
 * are spread over hosts that work side by side.
 */
function batchesOnOneHost({ plan, substrate }: Shape, atOnce: number): number {
  const onHost =
    substrate.type === 'hosted' ? Math.min(plan.clusterCount, substrate.cluster.clustersPerHost) : plan.clusterCount;
  return Math.max(1, Math.ceil(onHost / atOnce));
}
