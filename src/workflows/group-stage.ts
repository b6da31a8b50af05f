import { CancelledFailure, type ApplicationFailure } from '@temporalio/workflow';
import { FAILURE_TYPES } from '../core/campaign/failure-types.ts';
import {
  groupLines,
  inState,
  leadOf,
  presentGroups,
  through,
  type Group,
  type Groups,
} from '../core/campaign/groups.ts';
import type { FailureKind, GroupsOutcome } from '../core/campaign/machine.ts';
import { groupsOutcome, mergeFailures, type GroupFailure } from '../core/campaign/merge-failures.ts';
import { mergeResults, type GroupResult } from '../core/campaign/merge-results.ts';
import {
  LEAD_GROUP,
  type GroupLine,
  type GroupState,
  type StageInput,
  type StageResult,
} from '../core/campaign/stage-io.ts';
import { executionSummary } from '../core/campaign/stage-summary.ts';
import type { ActivityName, Stage } from '../core/model/stages.ts';
import { failureWithoutStack } from './failure-without-stack.ts';
import { runForGroup, type Ended, type GroupActivities } from './group-activity.ts';
import type { Execution } from './stage-call.ts';
import { stageLimits } from './stage-limits.ts';

/** Adds a line to the campaign's story. */
export type Tell = (line: string) => void;

/** Lines about single groups in the story of one execution: a network that breaks makes all hosts silent at once. */
const MAX_LINES = 20;

/** The groups of a campaign while its stages run on them: their states, their results, and how their executions ended. */
export class GroupStages {
  groups: Groups;
  /** How the groups of the last execution ended. */
  outcome: GroupsOutcome | undefined;
  readonly #tell: Tell;
  readonly #results = new Map<Stage, Map<string, GroupResult>>();
  readonly #checkpoints = new Map<string, unknown>();
  #lines = 0;

  constructor(groups: Groups, tell: Tell) {
    this.groups = groups;
    this.#tell = tell;
  }

  get lines(): readonly GroupLine[] {
    return groupLines(this.groups);
  }

  get isLeadLost(): boolean {
    return leadOf(this.groups)?.state === 'lost';
  }

  /** A new execution of a stage begins. Results of groups that do it again do not count any more. */
  begin(stage: Stage, again: readonly Group[]): void {
    this.#lines = 0;
    this.outcome = undefined;
    for (const { group } of again) this.#results.get(stage)?.delete(group);
  }

  /** The input of a stage's activity for one group. Decisions are given to one group only; its timeline has them. */
  input(of: Execution, stage: Stage, { group }: Group, withDecisions: boolean): StageInput {
    const { campaign, specHash } = of.outline;
    const resume = this.#checkpoints.get(`${stage}/${group}`);
    return {
      campaign,
      specHash,
      stage,
      execution: of.execution,
      group,
      ...(resume === undefined ? {} : { resume }),
      ...(withDecisions && of.decisions.length > 0 ? { decisions: of.decisions } : {}),
    };
  }

  /** Runs an activity of one group to its end, and keeps what it means for the group. */
  async run<Result>(
    of: Execution,
    activity: { readonly name: ActivityName; readonly stage: Stage },
    group: Group,
    call: (activities: GroupActivities) => Promise<Result>,
  ): Promise<Ended<Result>> {
    const { name, stage } = activity;
    const label = `${group.group} on host ${group.host}`;
    this.#mark(group.group, 'running');
    const ended = await runForGroup({
      group,
      stage,
      limits: stageLimits(of.outline, name),
      summary: executionSummary(`${label}: ${of.outline.summaries[stage] ?? stage}`, of.execution),
      run: call,
      onSilent: (sentence) => {
        this.#mark(group.group, 'silent');
        this.#line(`**${label} is silent**: ${sentence}`);
      },
      onAnswer: () => {
        this.#mark(group.group, 'running');
        this.#line(`${label} answers again`);
      },
    });
    if (ended.how === 'failed' && ended.checkpoint !== undefined)
      this.#checkpoints.set(`${stage}/${group.group}`, ended.checkpoint);
    this.#settle(group.group, ended);
    return ended;
  }

  /** A group is through a stage. */
  keep(stage: Stage, group: Group, result: StageResult): void {
    this.groups = through(this.groups, group.group, stage);
    this.keepResult(stage, group.group, { group: group.group, host: group.host, result });
  }

  /** A group is torn down. */
  remove(group: Group, result: StageResult): void {
    this.groups = inState(this.groups, group.group, 'removed');
    this.keepResult('teardown', group.group, { group: group.group, host: group.host, result });
  }

  /** Keeps a result for the merging. @param key a group reports another result of the same stage under another key */
  keepResult(stage: Stage, key: string, result: GroupResult): void {
    const results = this.#results.get(stage) ?? new Map<string, GroupResult>();
    this.#results.set(stage, results.set(key, result));
  }

  /** The result of a stage over all groups that the campaign has now. */
  merged(stage: Stage): StageResult {
    const present = new Set(presentGroups(this.groups).map(({ group }) => group));
    return mergeResults(
      stage,
      [...(this.#results.get(stage)?.values() ?? [])].filter(({ group }) => present.has(group)),
    );
  }

  /**
   * Ends an execution that ran on some groups.
   * @throws ApplicationFailure the merged failure, if there is one; CancelledFailure when groups were cancelled
   */
  end(ran: readonly Group[], failures: readonly GroupFailure[], cancelled: boolean): void {
    this.outcome = groupsOutcome(ran.length, failures);
    if (failures.length > 0) throw asFailure(mergeFailures(ran.length, failures));
    if (cancelled) throw new CancelledFailure('the groups were stopped');
  }

  /** The lead has two activities in a soak: what one of them says about its host is not hidden by the other. */
  #settle(name: string, ended: Ended<unknown>): void {
    if (ended.how === 'failed') this.#mark(name, ended.lost ? 'lost' : 'failed');
    else if (ended.how === 'succeeded' || this.#stateOf(name) === 'running') this.#mark(name, 'idle');
  }

  #mark(name: string, state: GroupState): void {
    const before = this.#stateOf(name);
    if (before !== 'lost' && before !== 'moved') this.groups = inState(this.groups, name, state);
  }

  #stateOf(name: string): GroupState | undefined {
    return this.groups.groups.find(({ group }) => group === name)?.state;
  }

  #line(line: string): void {
    this.#lines += 1;
    if (this.#lines <= MAX_LINES) this.#tell(line);
    else if (this.#lines === MAX_LINES + 1)
      this.#tell('more hosts are silent, or answer again; the status lists all groups');
  }
}

/** The failure of a group, as merging takes it. */
export function groupFailure(
  { group, host }: Group,
  { failure }: Extract<Ended<unknown>, { readonly how: 'failed' }>,
  before = '',
): GroupFailure {
  return { group: { group, host }, failure: { ...failure, message: before + failure.message } };
}

/** Whether a group is the lead's. */
export function isLead({ group }: Group): boolean {
  return group === LEAD_GROUP;
}

function asFailure({ kind, message, gate, final }: ReturnType<typeof mergeFailures>): ApplicationFailure {
  const details = { ...(gate === undefined ? {} : { gate }), ...(final === true ? { final } : {}) };
  return failureWithoutStack(message, TYPE_OF[kind], ...(Object.keys(details).length === 0 ? [] : [details]));
}

const TYPE_OF: Readonly<Record<FailureKind, string>> = {
  breach: FAILURE_TYPES.gateBreach,
  system: FAILURE_TYPES.systemNotThere,
  target: FAILURE_TYPES.targetRefuses,
  harness: FAILURE_TYPES.harnessFault,
};
