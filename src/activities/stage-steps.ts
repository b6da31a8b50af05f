import { ApplicationFailure, Context } from '@temporalio/activity';
import type { Logger } from 'pino';
import { allAtOnce } from '../adapters/host/at-once.ts';
import { FAILURE_TYPES } from '../core/campaign/failure-types.ts';
import type { ActivityName } from '../core/model/stages.ts';
import type { DerivationStep } from '../core/plan/deadline-model.ts';
import type { CampaignSpec } from '../core/plan/spec.ts';
import { stepsOf } from '../core/plan/stages/derive-steps.ts';
import type { StepId } from '../core/plan/stages/registry.ts';
import { bounded, type Progress } from './bounded.ts';
import { isCancelled } from './cancellation.ts';

/** What a call inside a step works with. It fits every adapter that takes `{ signal, budgetMs }`. */
interface StepCall<Id extends string = string> {
  /** Aborts at the budget, without progress, and when the activity is cancelled. */
  readonly signal: AbortSignal;
  readonly progress: Progress;
  /** Time of the whole call, ms. */
  readonly budgetMs: number;
  /** Time of one of its waits, ms: of one request, if the step is several requests. */
  readonly eachMs: number;
  /** Time of one of the steps that this call contains, ms; 0 if the campaign does not have it. */
  readonly msOf: (id: Id) => number;
}

/** How an item of a step ended. */
export type ItemResult<Item, Result> =
  | { readonly item: Item; readonly ok: true; readonly result: Result }
  | { readonly item: Item; readonly ok: false; readonly error: unknown };

/** An item of a step, e.g. a cluster. Its name appears in messages. */
interface Named {
  readonly name: string;
}

/**
 * The steps of a stage, by their ids. Their time limits come from the derivation, so a step that the stage does not derive does
 * not compile. Several ids stand for one call that contains all their waits. An id among several that a campaign of this shape
 * does not have adds no time.
 */
export interface StageSteps<S extends ActivityName> {
  /**
   * Runs a step. @throws ApplicationFailure when the campaign does not have the step, and as `bounded`
   */
  step<Result>(
    ids: StepId<S> | readonly StepId<S>[],
    call: (step: StepCall<StepId<S>>) => Promise<Result>,
  ): Promise<Result>;
  /**
   * Runs a step with items: each item with the time of one item, as many at once as the derivation counts with. Results are in
   * the order of the items. The first failure aborts the others. @throws as `step`
   */
  stepEach<Item extends Named, Result>(
    ids: StepId<S> | readonly StepId<S>[],
    items: readonly Item[],
    call: (item: Item, step: StepCall<StepId<S>>) => Promise<Result>,
  ): Promise<readonly Result[]>;
  /** The same, but every item is tried, and failures are results. @throws CancelledFailure, and when the step does not exist */
  stepEachSettled<Item extends Named, Result>(
    ids: StepId<S> | readonly StepId<S>[],
    items: readonly Item[],
    call: (item: Item, step: StepCall<StepId<S>>) => Promise<Result>,
  ): Promise<readonly ItemResult<Item, Result>[]>;
}

/** What steps run in. */
interface Surroundings {
  /** Runs one call under its budget. */
  readonly bound: typeof bounded;
  /** Ends all steps. */
  readonly signal: () => AbortSignal;
}

const IN_AN_ACTIVITY: Surroundings = { bound: bounded, signal: () => Context.current().cancellationSignal };

/** The steps of one stage of a campaign. Each step that is entered is logged at debug level with its ids. */
export function stageSteps<S extends ActivityName>(
  spec: CampaignSpec,
  activity: S,
  log: Pick<Logger, 'debug'>,
  { bound, signal }: Surroundings = IN_AN_ACTIVITY,
): StageSteps<S> {
  const derived = stepsOf(spec, activity);
  const enter = (ids: string | readonly string[]): Entered => {
    const steps = derived.filter(({ id }) => (typeof ids === 'string' ? ids === id : ids.includes(id)));
    if (steps.length === 0) throw underived(activity, ids);
    log.debug({ steps: steps.map(({ id }) => id) }, 'step entered');
    return enteredOf(steps);
  };
  return {
    async step(ids, call) {
      const { what, whole } = enter(ids);
      return await bound(what, whole, (inner, progress) => call({ signal: inner, progress, ...whole }));
    },
    async stepEach(ids, items, call) {
      const entered = enter(ids);
      const limits = { atOnce: entered.atOnce, signal: signal() };
      return await allAtOnce(items, limits, (item, inner) => runItem(bound, entered, item, inner, call));
    },
    async stepEachSettled(ids, items, call) {
      const entered = enter(ids);
      const limits = { atOnce: entered.atOnce, signal: signal() };
      return await allAtOnce(items, limits, async (item, inner) => {
        try {
          return { item, ok: true as const, result: await runItem(bound, entered, item, inner, call) };
        } catch (error) {
          if (isCancelled(error)) throw error;
          return { item, ok: false as const, error };
        }
      });
    },
  };
}

async function runItem<Item extends Named, Result>(
  bound: typeof bounded,
  { what, item: budget }: Entered,
  item: Item,
  outer: AbortSignal,
  call: (item: Item, step: StepCall) => Promise<Result>,
): Promise<Result> {
  return await bound(`${what}: ${item.name}`, budget, (inner, progress) =>
    call(item, { signal: AbortSignal.any([inner, outer]), progress, ...budget }),
  );
}

interface Entered {
  readonly what: string;
  readonly whole: Budget;
  readonly item: Budget;
  readonly atOnce: number;
}

interface Budget {
  readonly budgetMs: number;
  readonly eachMs: number;
  readonly msOf: (id: string) => number;
  readonly stallMs?: number;
}

/** The limits of one call that contains these steps. */
function enteredOf(steps: readonly DerivationStep[]): Entered {
  const expected = steps.filter(({ yields }) => yields !== true);
  const named = expected.length === 0 ? steps : expected;
  const longest = named.reduce((most, step) => (step.count * step.eachMs > most.count * most.eachMs ? step : most));
  return {
    // Messages name a call that contains several steps by the longest one that is expected.
    what: longest.what,
    whole: budgetOf(steps, ({ count, eachMs }) => count * eachMs),
    item: budgetOf(steps, ({ perItem = 1, eachMs }) => perItem * eachMs),
    atOnce: Math.min(...steps.map(({ atOnce = 1 }) => atOnce)),
  };
}

function budgetOf(steps: readonly DerivationStep[], msOf: (step: DerivationStep) => number): Budget {
  const stalls = steps.flatMap(({ stallMs }) => (stallMs === undefined ? [] : [stallMs]));
  return {
    budgetMs: steps.reduce((sum, step) => sum + msOf(step), 0),
    eachMs: Math.max(...steps.map(({ eachMs }) => eachMs)),
    msOf: (id) => steps.reduce((sum, step) => (step.id === id ? sum + msOf(step) : sum), 0),
    ...(stalls.length === 0 ? {} : { stallMs: Math.max(...stalls) }),
  };
}

function underived(activity: ActivityName, ids: string | readonly string[]): ApplicationFailure {
  const names = typeof ids === 'string' ? ids : ids.join(', ');
  return ApplicationFailure.nonRetryable(
    `${activity}: the deadlines of this campaign have no step ${names}`,
    FAILURE_TYPES.harnessFault,
  );
}
