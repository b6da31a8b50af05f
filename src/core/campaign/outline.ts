import { budgetOf, parseBudget, type BudgetOutline } from './budget.ts';
import type { Bar, BarKind } from '../gates/model.ts';
import { parseSpec } from '../plan/parse-spec.ts';
import { TRIGGERS, type Trigger } from '../model/trigger.ts';
import { FIRST_STAGES, type CampaignSpec } from '../plan/spec.ts';
import type { StageDeadline } from '../plan/deadline-model.ts';
import { deadlineIn } from '../plan/stages/derive-steps.ts';
import { SOAK_PARTS, STAGES, type ActivityName, type Stage } from '../model/stages.ts';
import { recordedFields, recordedText, unreadable, type RecordedFields } from '../files/recorded-fields.ts';
import { parsePlacementOutline, type PlacementOutline } from './placement.ts';
import { specSummary, stageSummary } from './stage-summary.ts';

/** Time limits of one stage's activity, integer milliseconds: a deadline without its derivation. */
export type StageLimits = Omit<StageDeadline, 'derivation'>;

/**
 * A campaign as its workflow sees it: names, limits, and what a hold needs. `resolve` records it in the history. The complete
 * specification is a hundred times larger; it lies on disk, and activities find it by its hash.
 */
export interface CampaignOutline {
  readonly campaign: string;
  readonly slug: string;
  readonly workflowId: string;
  readonly trigger: Trigger;
  readonly specHash: string;
  /** Names of the files that it was made of. */
  readonly profile: string;
  readonly substrate: string;
  readonly system: string;
  /** Machines of the fleet. */
  readonly fleetSize: number;
  /** The stages in the order in which they run. */
  readonly stages: readonly Stage[];
  readonly limits: Readonly<Partial<Record<ActivityName, StageLimits>>>;
  /** What each stage is going to do, one line each. */
  readonly summaries: Readonly<Partial<Record<Stage, string>>>;
  /** The whole specification in one line. */
  readonly summary: string;
  readonly holdMs: number;
  readonly hostQueue: string;
  readonly loadQueue: string;
  readonly gates: readonly GateOutline[];
  readonly load: LoadOutline;
  /** What the campaign may take while it runs. Absent: it has no limit, or an earlier version resolved it. */
  readonly budget?: BudgetOutline;
  /** Absent: the campaign's host takes all its clusters. */
  readonly placement?: PlacementOutline;
}

/** A gate as the validator of the Update `decide` needs it. */
interface GateOutline {
  readonly name: string;
  readonly bar: Bar;
  readonly barKind: BarKind;
}

/** What of the load decides whether a retry may change its length. Seconds count from the start of the soak. */
interface LoadOutline {
  readonly soakSeconds: number;
  readonly settleSeconds: number;
  /** What happens at a given second of the soak, e.g. "the action fail-node". */
  readonly events: readonly { readonly what: string; readonly atSeconds: number }[];
}

/** The outline of a specification. */
export function outlineOf(spec: CampaignSpec): CampaignOutline {
  const { campaign, slug, workflowId, trigger, specHash, profile, stages, holdMs, hostQueue, loadQueue } = spec;
  const { loadProfile, runnerActions } = profile;
  const budget = budgetOf(profile.budget, spec.plan.usdPerHour);
  return {
    campaign,
    slug,
    workflowId,
    trigger,
    specHash,
    profile: profile.metadata.name,
    substrate: spec.substrate.metadata.name,
    system: spec.system.name,
    fleetSize: profile.scale.machines,
    stages,
    limits: outlineLimits(spec),
    summaries: Object.fromEntries(stages.map((stage) => [stage, stageSummary(spec, stage)])),
    summary: specSummary(spec),
    holdMs,
    hostQueue,
    loadQueue,
    gates: spec.gates.map(({ name, bar, barKind }) => ({ name, bar, barKind })),
    load: {
      soakSeconds: loadProfile.soakSeconds,
      settleSeconds: loadProfile.settleSeconds,
      events: latest([
        ...runnerActions.map(({ action, atSeconds }) => ({ what: `the action ${action}`, atSeconds })),
        ...loadProfile.bursts.map(({ archetype, atSeconds }) => ({ what: `the burst of ${archetype}`, atSeconds })),
        ...loadProfile.scaleDowns.map(({ atSeconds }) => ({ what: 'the scale-down', atSeconds })),
        ...loadProfile.demandSteps.map(({ atSeconds }) => ({ what: 'the demand step', atSeconds })),
      ]),
    },
    ...(budget === undefined ? {} : { budget }),
    ...(spec.placement === undefined ? {} : { placement: spec.placement }),
  };
}

function outlineLimits({ stages, deadlines }: CampaignSpec): CampaignOutline['limits'] {
  return Object.fromEntries(
    [...stages, ...SOAK_PARTS].flatMap((activity) => {
      const deadline = deadlineIn(deadlines, activity);
      return deadline === undefined ? [] : [[activity, limitsOf(deadline)]];
    }),
  );
}

/**
 * Reads what `resolve` or `respec` recorded. Versions before the outline recorded the complete specification.
 * @throws UnreadableRecord naming the field that this version cannot read
 */
export function parseOutline(value: unknown): CampaignOutline {
  const where = 'outline of the campaign';
  const fields = recordedFields(where, value);
  if (fields.has('deadlines')) {
    // Such a campaign had no timers for its budget, and its history has to replay.
    const { budget: _, ...outline } = outlineOf(parseSpec(value));
    return outline;
  }
  const stages = parseStages(fields);
  const limits = fields.object('limits');
  const load = fields.object('load');
  return {
    campaign: fields.text('campaign'),
    slug: fields.text('slug'),
    workflowId: fields.text('workflowId'),
    trigger: fields.oneOf('trigger', TRIGGERS),
    specHash: fields.text('specHash'),
    profile: fields.text('profile'),
    substrate: fields.text('substrate'),
    system: fields.text('system'),
    fleetSize: fields.number('fleetSize'),
    stages,
    limits: Object.fromEntries(
      [...stages, ...SOAK_PARTS.filter((part) => limits.has(part))].map((activity) => [
        activity,
        parseLimits(limits.object(activity)),
      ]),
    ),
    summaries: Object.fromEntries(
      Object.entries(fields.map('summaries', {})).map(([stage, line]) => [stage, recordedText(line, where)]),
    ),
    summary: fields.text('summary', ''),
    holdMs: fields.count('holdMs'),
    hostQueue: fields.text('hostQueue'),
    loadQueue: fields.text('loadQueue'),
    gates: fields.list('gates', (item, at) => {
      const gate = recordedFields(at, item);
      return {
        name: gate.text('name'),
        bar: parseBar(gate.object('bar')),
        barKind: gate.oneOf('barKind', ['held', 'scaled', 'informational']),
      };
    }),
    load: {
      soakSeconds: load.number('soakSeconds'),
      settleSeconds: load.number('settleSeconds', 0),
      events: load.list(
        'events',
        (item, at) => {
          const event = recordedFields(at, item);
          return { what: event.text('what'), atSeconds: event.number('atSeconds') };
        },
        [],
      ),
    },
    ...(fields.has('budget') ? { budget: parseBudget(fields.object('budget')) } : {}),
    ...(fields.has('placement') ? { placement: parsePlacementOutline(fields.object('placement')) } : {}),
  };
}

/**
 * The stages that a record lists; those of the first version where it lists none.
 * @throws UnreadableRecord for a stage that this version does not know
 */
export function parseStages(fields: RecordedFields): readonly Stage[] {
  return fields.list(
    'stages',
    (item, where) => {
      const stage = STAGES.find((known) => known === item);
      if (stage === undefined) throw unreadable(where, item, `${STAGES.join(', ')} (stages that this version knows)`);
      return stage;
    },
    FIRST_STAGES,
  );
}

/** A soak may become shorter only if its latest event still fits: a profile with very many events needs no more of them. */
const MAX_EVENTS = 50;

function latest(events: LoadOutline['events']): LoadOutline['events'] {
  if (events.length <= MAX_EVENTS) return events;
  return events.toSorted((a, b) => a.atSeconds - b.atSeconds).slice(-MAX_EVENTS);
}

/** The limits of a deadline. */
export function limitsOf(deadline: StageDeadline): StageLimits {
  const { attemptMs, attempts, stageMs, heartbeatMs, queueWaitMs, backoffMs } = deadline;
  return { attemptMs, attempts, stageMs, heartbeatMs, queueWaitMs, backoffMs };
}

function parseLimits(fields: RecordedFields): StageLimits {
  return {
    attemptMs: fields.count('attemptMs'),
    attempts: fields.count('attempts'),
    stageMs: fields.count('stageMs'),
    heartbeatMs: fields.count('heartbeatMs'),
    queueWaitMs: fields.count('queueWaitMs'),
    backoffMs: fields.count('backoffMs'),
  };
}

function parseBar(fields: RecordedFields): Bar {
  return {
    ...(fields.has('min') ? { min: fields.number('min') } : {}),
    ...(fields.has('max') ? { max: fields.number('max') } : {}),
  };
}
