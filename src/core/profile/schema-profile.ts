import { z } from 'zod';
import {
  amount,
  anyNumber,
  choice,
  count,
  duration,
  durationOr,
  flag,
  matching,
  name,
  positive,
  seconds,
  text,
} from '../files/fields.ts';
import { ACTION_FORMS, ACTION_PATTERN } from '../faults/registry.ts';
import { MIN_HOST_WAIT_MS } from '../model/host-wait.ts';
import { VERSIONS } from './formats.ts';
import { gatesSchema } from './schema-gate.ts';
import { profilePods } from './schema-pods.ts';

/** What a file of a kind says of itself. */
export const metadataSchema = z
  .strictObject({
    name: name('Name of this file, used by runs and other files'),
    description: text('What it is for').default(''),
  })
  .meta({ description: 'Name and purpose' });

/** Field `apiVersion` of profiles and substrates. */
export const versionSchema = choice(VERSIONS, 'Version of the format');

/** Of the machines or the Pods: past this, the number itself is meant. */
const MAX_MULTIPLE = 1_000;

const seed = z.strictObject({
  configuredFraction: amount('Share of the effective machines that exist and are bound before the ramp', 1).default(0),
  speculativeMultiplier: count(
    'Elastic tier as a multiple of the effective machines, shared among the shards',
    0,
    MAX_MULTIPLE,
  ).default(0),
  speculativeCount: count(
    'Elastic tier as an absolute number per shard; not together with speculativeMultiplier',
  ).default(0),
  spotCount: count('Spot tier per shard').default(0),
  idleHeadroomFraction: amount(
    'Idle tier as a share of the effective machines, shared among the shards; may exceed 1',
    MAX_MULTIPLE,
  ).default(0),
  preBind: flag('Bind the first fill at once instead of leaving it to the scheduler').default(false),
});

/** When the load changes; each format counts from its own origin. */
const moment = (): z.ZodNumber =>
  seconds('Seconds after the soak began; in files of bigfleet.io after the load driver started, before the ramp');

const burst = z.strictObject({
  atSeconds: moment(),
  archetype: text('Archetype of the catalogue', 1),
  extraTarget: count('Pods on top in each cluster; a gang comes whole'),
  durationSeconds: seconds('Seconds until they are drained; 0 = never').default(0),
  selectivity: amount('Share of the clusters that take part', 1).default(1),
});

const change = (
  targetMultiplier: z.ZodNumber,
): z.ZodObject<{ atSeconds: z.ZodNumber; targetMultiplier: z.ZodNumber }, z.core.$strict> =>
  z.strictObject({ atSeconds: moment(), targetMultiplier });

const loadProfile = z.strictObject({
  rampSeconds: count('Seconds over which the Pods arrive', 1),
  soakSeconds: count('Seconds of soak').default(0),
  churnPerMinute: amount('Share of the target Pods that is replaced each minute', 60).default(0),
  settleSeconds: count('Seconds of the soak before windows and baselines begin').default(0),
  arrival: choice(['constant', 'poisson', 'steps', 'spread'], 'Shape of the arrivals over the ramp').default(
    'constant',
  ),
  bursts: z.array(burst).meta({ description: 'Temporary extra demand' }).default([]),
  scaleDowns: z
    // The range is checked outside the schema, because BigFleet's format ignores a value out of range.
    .array(change(anyNumber('Share of the target that stays, above 0 and below 1')))
    .meta({ description: 'Permanent decreases of demand' })
    .default([]),
  demandSteps: z
    .array(change(positive('New demand as a multiple of the target', MAX_MULTIPLE)))
    .meta({ description: 'Steps of demand, up or down' })
    .default([]),
  openLoopDemandMultiplier: amount(
    'Above 1: from the start of the soak this multiple of the target is asked for, beyond the machines',
    MAX_MULTIPLE,
  ).default(0),
});

const runnerAction = z.strictObject({
  atSeconds: seconds('Seconds after the soak began'),
  action: matching(ACTION_PATTERN, `one of ${ACTION_FORMS.join(', ')}`, 'The fault', 'unknown action'),
  on: choice(
    ['first', 'each', 'random'],
    'Clusters in which the fault is injected; random = one, drawn from randomSeed; absent = first',
  ).optional(),
});

const slo = z.strictObject({
  internalBindingLatencyP99Seconds: seconds('Retired: reported, never judged').optional(),
  shardCycleDurationP99Seconds: seconds('Upper bar, seconds').optional(),
  operatorRollupP99Seconds: seconds('Upper bar, seconds').optional(),
  operatorAckP99Seconds: seconds('Upper bar, seconds').optional(),
  maxReclaimActionsDuringSoak: count('Upper bar of reclaims in the settled soak').optional(),
  shardConfigurePhaseP99Seconds: seconds('Upper bar, seconds').optional(),
  bootstrapSuccessRatio: amount('Lower bar', 1).optional(),
  operatorNodeStateUpdateP99Seconds: seconds('Upper bar, seconds').optional(),
  endToEndPodBindP50Seconds: seconds('Upper bar, seconds').optional(),
  expectStandingShortfall: flag('The shortfall is the point of the test').optional(),
  shortfallStabilityMax: amount('How much an expected shortfall may change').optional(),
  expectPreemptions: flag('The test fails without a preemption').optional(),
  shortfallConfinedBelowPriorityClass: text('Only this priority class may fall short').optional(),
  expectCostRouting: flag('The test judges where tolerant and sensitive Pods land').optional(),
  costRoutingTolerantPenaltyBucket: text('Bucket of interruption penalty that belongs on Spot').optional(),
  costRoutingSensitivePenaltyBucket: text('Bucket that belongs on OnDemand').optional(),
  costRoutingMisroutedMax: count('Machines that may be in the wrong tier').optional(),
});

const deadlines = z.strictObject({
  clusterReady: duration('Until a cluster answers').optional(),
  nodeReady: duration('Until a Node is Ready').optional(),
  podReady: duration('Until a Pod is bound').optional(),
  systemReady: duration('Until the system under test is ready').optional(),
  apiCall: duration('One call to an apiserver').optional(),
  query: duration('One query to Prometheus').optional(),
  snapshot: duration('The snapshot of Prometheus').optional(),
  processStop: duration('Until a process has ended').optional(),
  gateInterval: duration('Between two evaluations of the fail-fast gates').optional(),
  provision: duration('The stage, one attempt').optional(),
  install: duration('The stage, one attempt').optional(),
  seed: duration('The stage, one attempt').optional(),
  ramp: duration('The stage, one attempt').optional(),
  steady: duration('The stage, one attempt').optional(),
  teardown: duration('The stage, one attempt').optional(),
});

/** A profile file. */
export const profileSchema = z
  .strictObject({
    apiVersion: versionSchema,
    kind: choice(['Profile'], 'Kind of the file'),
    metadata: metadataSchema,
    scale: z
      .strictObject({ machines: count('Nominal machines', 1), density: count('Pods per machine', 1) })
      .meta({ description: 'How large: machines x density Pods' }),
    catalog: z
      .strictObject({ archetypes: name('Catalogue, a file in archetypes/ beside the profile').default('realistic') })
      .meta({ description: 'What the Pods are like' })
      .prefault({}),
    seed: seed.meta({ description: 'Machines that exist before the load' }).prefault({}),
    loadProfile: loadProfile.meta({ description: 'How the load arrives, stays and changes' }),
    rampBudget: duration('How long the ramp may take until steady; derived where absent').optional(),
    runnerActions: z.array(runnerAction).meta({ description: 'Faults that are injected in the soak' }).default([]),
    topology: z
      .strictObject({
        shardReplicas: count('Shards; 0 = derived from the machines').default(0),
        coordinatorReplicas: count('Coordinators; 0 = one').default(0),
      })
      .meta({ description: 'Replicas of the system under test' })
      .prefault({}),
    shard: z
      .strictObject({
        failureRatePerSec: amount('Machine failures per machine and second; 0 = the default of the chart').default(0),
      })
      .meta({ description: 'Failure injection' })
      .prefault({}),
    slo: slo.meta({ description: "Bars under BigFleet's names" }).prefault({}),
    system: name('System under test, a file in systems/').optional(),
    pods: profilePods.optional(),
    gates: gatesSchema.default({}),
    requireQuietHost: flag('Readings taken while the host had no CPU left are unmeasured, also good ones').default(
      false,
    ),
    deadlines: deadlines.meta({ description: 'Limits that the profile sets; the others are derived' }).prefault({}),
    budget: z
      .strictObject({
        usd: amount(
          'Most that ramp, soak and teardown may be expected to cost, and that the running campaign may cost, US dollars; 0 = no limit',
        ).default(0),
        wallClock: duration(
          'How long the running campaign may take until it closes, at least ramp and soak; 0s = no limit',
        ).default('0s'),
      })
      .meta({ description: 'Limits: a plan beyond them is refused, and a running campaign ends' })
      .prefault({}),
    hostWait: duration(
      'How long a campaign of several hosts waits for hosts with free capacity; default 5m',
      MIN_HOST_WAIT_MS,
    ).optional(),
    hold: durationOr([0, false], 'How long a failed campaign waits for a decision').optional(),
    randomSeed: count('Seed of every random draw', 0, 4_294_967_295).default(1),
  })
  .meta({ title: 'Belay profile', description: 'What is tested' });

/** A profile as parsed, before durations become milliseconds. */
export type ProfileFile = z.output<typeof profileSchema>;
