import { createComparison } from '../../src/activities/compare.ts';
import { ApplicationFailure, CancelledFailure, Context } from '@temporalio/activity';
import type {
  LadderActivities,
  PlacementActivities,
  ResolveActivities,
  ResolveInput,
  ComparisonActivities,
  ResolveLadderActivities,
  RespecActivities,
  RespecInput,
  SoakPartActivities,
  StageActivities,
} from '../../src/activities/contract.ts';
import type { ClimbResult, LadderSpec } from '../../src/core/campaign/climb.ts';
import { FAILURE_TYPES } from '../../src/core/campaign/failure-types.ts';
import { refusalsInWords } from '../../src/core/campaign/host-full.ts';
import { outlineOf, type CampaignOutline } from '../../src/core/campaign/outline.ts';
import type { JudgeInput, StageInput } from '../../src/core/campaign/stage-io.ts';
import type { ActivityName } from '../../src/core/model/stages.ts';
import type { CampaignSpec } from '../../src/core/plan/spec.ts';
import type { PlaceInput, PlaceResult } from '../../src/core/campaign/placement.ts';
import { aSpec, QUEUES, queuesOf } from './make-spec.ts';

/** The stages that are activities of their own, and the parts of a soak. */
export type WorkStage = Exclude<ActivityName, 'resolve'>;

/** One attempt of one execution of a stage, as a step of a script sees it. */
export interface StageCall {
  readonly stage: WorkStage;
  readonly execution: number;
  readonly attempt: number;
  readonly input: StageInput & Partial<JudgeInput>;
  readonly context: Context;
  /** When it was called, and when it was through (0 = not yet), ms since the epoch. */
  readonly startedAtMs: number;
  endedAtMs: number;
}

/** What a stage does: nothing (it succeeds), fields of its result, or an error. */
export type Step = (call: StageCall) => unknown;

/** What the activities of one campaign or climb do. What is left out succeeds at once. */
export interface Script {
  readonly resolve?: (input: ResolveInput) => CampaignSpec | Promise<CampaignSpec>;
  readonly respec?: (input: RespecInput & { readonly spec: CampaignSpec }) => CampaignSpec | Promise<CampaignSpec>;
  /** By stage; a list is by execution, its last step counts for all further ones. */
  readonly stages?: Partial<Record<WorkStage, Step | readonly Step[]>>;
  /** The hosts besides the lead, and how many clusters each takes; `lead` is that of the lead, by default all. */
  readonly fleet?: Readonly<Record<string, number>>;
  /** The lead's workers serve all hosts. */
  readonly oneWorker?: boolean;
  readonly certificatePem?: string;
  readonly ladder?: LadderSpec;
  readonly writeClimb?: (result: ClimbResult) => void | Promise<void>;
}

/** A script with what was called of it. */
export interface Played {
  readonly script: Script;
  readonly calls: StageCall[];
  readonly resolved: ResolveInput[];
  /** Every specification that the campaign had, as its host has them on disk. */
  readonly specs: CampaignSpec[];
  readonly climbs: ClimbResult[];
  /** What hosts were asked to take, and what they took. */
  readonly placements: { readonly input: PlaceInput; readonly result: PlaceResult }[];
}

/** Every activity that the workflows call, each acting by the script of the workflow that called it. */
export class ScriptedActivities {
  private readonly played = new Map<string, Played>();

  /** Puts a script in place for the workflow with this id. */
  play(workflowId: string, script: Script): Played {
    const played: Played = { script, calls: [], resolved: [], specs: [], climbs: [], placements: [] };
    this.played.set(workflowId, played);
    return played;
  }

  /** The activities, for a worker. */
  all(): ResolveActivities &
    RespecActivities &
    StageActivities &
    SoakPartActivities &
    PlacementActivities &
    ResolveLadderActivities &
    ComparisonActivities &
    LadderActivities {
    const stage =
      (name: WorkStage) =>
      (input: StageInput): Promise<never> =>
        this.run(name, input);
    return {
      resolve: async (input) => {
        const { script, resolved } = this.ofCaller();
        resolved.push(input);
        return this.keep((await script.resolve?.(input)) ?? aSpec({ workflowId: input.workflowId }));
      },
      respec: async (input) => {
        const { script, specs } = this.ofCaller();
        const spec = specs.find(({ specHash }) => specHash === input.specHash);
        if (spec === undefined) throw ApplicationFailure.nonRetryable(`no specification ${input.specHash}`);
        return this.keep((await script.respec?.({ ...input, spec })) ?? { ...spec, specHash: 'changed' });
      },
      place: async (input) => this.place(input),
      resolveLadder: async () => {
        const { ladder } = this.ofCaller().script;
        if (ladder === undefined) throw ApplicationFailure.nonRetryable('no such ladder', FAILURE_TYPES.invalidSpec);
        return ladder;
      },
      writeClimb: async ({ result }) => {
        const { script, climbs } = this.ofCaller();
        climbs.push(result);
        await script.writeClimb?.(result);
      },
      // It only calculates.
      ...createComparison(),
      provision: stage('provision'),
      install: stage('install'),
      seed: stage('seed'),
      ramp: stage('ramp'),
      steady: stage('steady'),
      soak: stage('soak'),
      drive: stage('drive'),
      watch: stage('watch'),
      snapshot: stage('snapshot'),
      judge: stage('judge'),
      teardown: stage('teardown'),
    };
  }

  /** Every host has the queues that its name says; the lead has those of the specification. */
  private place(input: PlaceInput): PlaceResult {
    const { script, placements } = this.ofCaller();
    const { group, firstCluster, wanted } = input;
    const free = Object.entries({ lead: wanted, ...script.fleet }).filter(
      ([host, clusters]) =>
        (host === 'lead') === (input.lead === undefined) &&
        (clusters > 0 || host === 'lead') &&
        !placements.some(({ result }) => result.host === host),
    );
    const [host, clusters] = free[0] ?? ['', 0];
    if (host === '') {
      const refusals = { lead: 'it is the lead' };
      Context.current().heartbeat({ refusals });
      const message = refusalsInWords(refusals);
      throw ApplicationFailure.create({ message, type: FAILURE_TYPES.hostFull, nextRetryDelay: 100 });
    }
    const result: PlaceResult = {
      group,
      host,
      ...(host === 'lead' || script.oneWorker === true
        ? { hostQueue: QUEUES.host, loadQueue: QUEUES.load }
        : queuesOf(host)),
      address: '127.0.0.1',
      firstCluster,
      clusterCount: Math.min(wanted, clusters),
      ...(host === 'lead'
        ? {
            lead: {
              host,
              endpointUrl: 'https://lead',
              prometheusUrl: 'https://lead',
              certificatePem: script.certificatePem ?? 'PEM',
            },
          }
        : {}),
    };
    placements.push({ input, result });
    return result;
  }

  private keep(spec: CampaignSpec): CampaignOutline {
    this.ofCaller().specs.push(spec);
    return outlineOf(spec);
  }

  private ofCaller(): Played {
    const { workflowId } = Context.current().info.workflowExecution ?? {};
    const played = this.played.get(workflowId ?? '');
    if (played === undefined) throw ApplicationFailure.nonRetryable(`no script for ${workflowId}`);
    return played;
  }

  private async run(stage: WorkStage, input: StageInput): Promise<never> {
    const context = Context.current();
    const { script, calls } = this.ofCaller();
    const { attempt } = context.info;
    const call: StageCall = {
      stage,
      execution: input.execution,
      attempt,
      input,
      context,
      startedAtMs: Date.now(),
      endedAtMs: 0,
    };
    calls.push(call);
    const steps = script.stages?.[stage];
    const step = typeof steps === 'function' ? steps : (steps?.[input.execution - 1] ?? steps?.at(-1));
    try {
      const changes = await step?.(call);
      return { ...usualResult(stage), ...(changes as object | undefined) } as never;
    } finally {
      call.endedAtMs = Date.now();
    }
  }
}

function usualResult(stage: WorkStage): object {
  const result = { detail: `${stage} is through`, facts: {}, infrastructureEvents: [] };
  if (stage === 'drive') return { ...result, settledAtMs: Date.now() };
  if (stage === 'snapshot') return { ...result, parts: [{ what: 'snapshot', ok: true }] };
  if (stage === 'teardown') return { ...result, leftovers: [] };
  if (stage === 'judge') return { ...result, verdict: 'pass', reasons: [], gates: [] };
  return result;
}

/** A step in which a fail-fast gate breaks. */
export function breach(gate = 'podBindP99', details: object = {}): Step {
  return () => {
    throw ApplicationFailure.nonRetryable(`${gate} 9 s > 5 s since minute 4`, FAILURE_TYPES.gateBreach, {
      gate,
      ...details,
    });
  };
}

/** A step in which the system under test does not get there. */
export function systemFails(message = '12 Pods stayed pending', details: object = {}): Step {
  return () => {
    throw ApplicationFailure.nonRetryable(message, FAILURE_TYPES.systemNotThere, details);
  };
}

/** A step in which Belay's own infrastructure fails. */
export function harnessFails(message = 'etcd did not start', details: object = {}): Step {
  return () => {
    throw ApplicationFailure.nonRetryable(message, FAILURE_TYPES.harnessFault, details);
  };
}

/** A step that succeeds. */
export const succeeds: Step = () => ({});

/**
 * Beats, with `details`, until the activity is cancelled, then takes `cleanupMs` to put things in order and confirms the cancel.
 * @throws CancelledFailure when cancelled, or Error after 20 s
 */
export async function untilCancelled(call: StageCall, cleanupMs = 0, details: object = {}): Promise<never> {
  const { context } = call;
  const untilMs = Date.now() + 20_000;
  while (!context.cancellationSignal.aborted) {
    if (Date.now() > untilMs) throw new Error(`${call.stage} was never cancelled`);
    context.heartbeat({ live: 'waiting', ...details });
    await new Promise((wake) => setTimeout(wake, 20));
  }
  await new Promise((wake) => setTimeout(wake, cleanupMs));
  throw new CancelledFailure('put in order');
}
