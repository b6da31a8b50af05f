import { patched, workflowInfo } from '@temporalio/workflow';
import {
  atBeginning,
  clustersOf,
  leadOf,
  movedGroups,
  unplacedCount,
  unplacedGroups,
  withoutStage,
  workOf,
  type Group,
  type GroupWork,
} from '../core/campaign/groups.ts';
import { latestOutcome, type CampaignState, type GroupsOutcome } from '../core/campaign/machine.ts';
import type { GroupFailure } from '../core/campaign/merge-failures.ts';
import { parseJudgeResult, parseStageResult } from '../core/campaign/parse-results.ts';
import type { PlacementOutline } from '../core/campaign/placement.ts';
import type { EvidencePart, GroupLine, StageResult } from '../core/campaign/stage-io.ts';
import { isClosing, type Stage } from '../core/model/stages.ts';
import { counted } from '../core/text/counted.ts';
import { cut } from '../core/text/markdown.ts';
import { snapshotGroups, teardownGroups } from './group-closing.ts';
import { soakGroups } from './group-soak.ts';
import { groupFailure, GroupStages, type Tell } from './group-stage.ts';
import { placeGroups } from './place-groups.ts';
import { activityOf, type Execution, type StageReport } from './stage-call.ts';

/** The hosts that a line of the story names, bytes. */
const MAX_HOSTS_BYTES = 500;

/** In recorded campaigns a skipped steadiness was proved for no group when the soak was retried. */
const SKIPPED_RUNS_ANEW = 'skipped-stage-runs-anew';

/** Whether a stage that comes again had been skipped: then its groups count as through, and all of them have to do it. */
function runsAnew({ outcomes }: CampaignState, stage: Stage): boolean {
  const isSkipped = outcomes.findLast((outcome) => outcome.stage === stage)?.outcome === 'skipped';
  return isSkipped && patched(SKIPPED_RUNS_ANEW);
}

/**
 * A campaign whose clusters are placed on several hosts. It carries out each stage on every group, side by side, and reports one
 * result or one failure. If the lead takes all clusters, there is one group, and the campaign goes on as on a single host.
 */
export class CampaignGroups {
  readonly #placement: PlacementOutline;
  readonly #stages: GroupStages;
  readonly #tell: Tell;
  /** Groups whose evidence is on the lead. */
  #kept: readonly Group[] = [];

  constructor(placement: PlacementOutline, tell: Tell) {
    this.#placement = placement;
    this.#tell = tell;
    this.#stages = new GroupStages(unplacedGroups(placement.clusterCount), tell);
  }

  /** All groups, for the status. */
  get lines(): readonly GroupLine[] {
    return this.#stages.lines;
  }

  /** What the state machine records of the last execution besides its outcome. */
  get outcome(): { readonly groups?: GroupsOutcome; readonly leadLost?: boolean } {
    const { outcome, isLeadLost } = this.#stages;
    return { ...(outcome === undefined ? {} : { groups: outcome }), ...(isLeadLost ? { leadLost: true } : {}) };
  }

  /** A person has decided to go on without a stage. */
  skip(stages: readonly Stage[], stage: Stage): void {
    this.#stages.groups = withoutStage(this.#stages.groups, stages, stage);
  }

  /**
   * Carries out an execution of a stage on all groups. Clusters without a host get one before.
   * @returns undefined when there is one group: the stage runs as on a single host
   * @throws ApplicationFailure the merged failure; CancelledFailure
   */
  async carryOut(of: Execution): Promise<StageReport | undefined> {
    const { stage, state } = of;
    const repeats = latestOutcome(state, stage)?.outcome === 'failed' && !runsAnew(state, stage);
    this.#stages.outcome = undefined;
    this.#stages.groups = atBeginning(this.#stages.groups, of.outline.stages, stage, repeats);
    if (!isClosing(stage) && unplacedCount(this.#stages.groups) > 0) await this.#place(of);
    if (this.#stages.groups.groups.length < 2) return undefined;
    switch (stage) {
      case 'soak':
        return await this.#soak(of);
      case 'snapshot':
        return await this.#snapshot(of);
      case 'judge':
        return await this.#judge(of);
      case 'teardown':
        return await this.#teardown(of);
      default:
        return await this.#eachGroup(of);
    }
  }

  async #place({ outline }: Execution): Promise<void> {
    const { runId, taskQueue } = workflowInfo();
    const stages = this.#stages;
    const before = stages.groups.groups.length;
    try {
      await placeGroups({
        outline,
        placement: this.#placement,
        runId,
        sharedQueue: taskQueue,
        groups: () => stages.groups,
        change: (groups) => (stages.groups = groups),
      });
    } finally {
      const added = stages.groups.groups.slice(before);
      if (added.length > 0 && stages.groups.groups.length > 1) {
        const hosts = added.map(({ group, host, clusterCount }) => `${group} ${host} (${clusterCount})`).join(', ');
        this.#tell(`placed on ${counted(added.length, 'host')}, with clusters: ${cut(hosts, MAX_HOSTS_BYTES)}`);
      }
    }
  }

  async #eachGroup(of: Execution): Promise<StageReport> {
    const { stage, outline } = of;
    const work = workOf(this.#stages.groups, outline.stages, stage);
    const earlier = await this.#runWork(of, stage, work);
    return { result: this.#stages.merged(stage), ...this.#mergedAgain(earlier) };
  }

  /** Groups that were placed again do what the others have behind them, and then all groups begin together. */
  async #soak(of: Execution): Promise<StageReport> {
    const work = workOf(this.#stages.groups, of.outline.stages, 'soak')
      .map(({ group, stages }) => ({ group, stages: stages.filter((stage) => stage !== 'soak') }))
      .filter(({ stages }) => stages.length > 0);
    const earlier = work.length === 0 ? [] : await this.#runWork(of, 'soak', work);
    return { result: await soakGroups(this.#stages, of), ...this.#mergedAgain(earlier) };
  }

  /** @returns the stages that groups have caught up with */
  async #runWork(of: Execution, stage: Stage, work: readonly GroupWork[]): Promise<readonly Stage[]> {
    const groups = work.map(({ group }) => group);
    this.#stages.begin(stage, groups);
    const ended = await Promise.all(work.map((each, index) => this.#runOne(of, each, index === 0)));
    const failures = ended.filter((each) => typeof each === 'object');
    this.#stages.end(groups, failures, ended.includes('cancelled'));
    return [...new Set(work.flatMap(({ stages }) => stages))].filter((each) => each !== stage);
  }

  async #runOne(
    of: Execution,
    { group, stages }: GroupWork,
    withDecisions: boolean,
  ): Promise<GroupFailure | 'done' | 'cancelled'> {
    for (const [index, stage] of stages.entries()) {
      const input = this.#stages.input(of, stage, group, withDecisions && index === 0);
      if (stage === 'snapshot' || stage === 'judge' || stage === 'teardown') continue;
      const ended = await this.#stages.run(of, { name: stage, stage }, group, async (activities) =>
        parseStageResult(stage, await activityOf(activities, stage)(input)),
      );
      if (ended.how === 'cancelled') return 'cancelled';
      if (ended.how === 'failed') return groupFailure(group, ended, stage === of.stage ? '' : `${stage}: `);
      this.#stages.keep(stage, group, ended.result);
    }
    return 'done';
  }

  #mergedAgain(stages: readonly Stage[]): { readonly caughtUp?: ReadonlyMap<Stage, StageResult> } {
    if (stages.length === 0) return {};
    return { caughtUp: new Map(stages.map((stage) => [stage, this.#stages.merged(stage)])) };
  }

  async #snapshot(of: Execution): Promise<StageReport & { readonly parts: readonly EvidencePart[] }> {
    const { parts, kept, failures } = await snapshotGroups(this.#stages, of);
    this.#kept = kept;
    const closed = this.#closed('snapshot', kept, failures);
    const moved = movedGroups(this.#stages.groups).map(({ group, host }) => `${group} on host ${host}`);
    if (moved.length === 0) return { parts, ...closed };
    const elsewhere = `${cut(moved.join(', '), MAX_HOSTS_BYTES)} had moved: summary.json says where their evidence is`;
    return { parts, ...closed, result: { ...closed.result, detail: `${closed.result.detail}; ${elsewhere}` } };
  }

  async #judge(of: Execution): Promise<StageReport> {
    const { evidence, facts, earlierSpecHashes, state } = of;
    const lead = leadOf(this.#stages.groups);
    if (lead === undefined) return { result: this.#stages.merged('judge') };
    this.#stages.begin('judge', [lead]);
    const input = {
      ...this.#stages.input(of, 'judge', lead, true),
      state,
      evidence,
      facts,
      earlierSpecHashes,
      groups: clustersOf(this.#kept),
    };
    const ended = await this.#stages.run(of, { name: 'judge', stage: 'judge' }, lead, async (activities) =>
      parseJudgeResult(await activities.judge(input)),
    );
    this.#stages.end([lead], ended.how === 'failed' ? [groupFailure(lead, ended)] : [], ended.how === 'cancelled');
    if (ended.how !== 'succeeded') return { result: this.#stages.merged('judge') };
    return { result: ended.result, judged: ended.result };
  }

  async #teardown(of: Execution): Promise<StageReport> {
    const { leftovers, failures } = await teardownGroups(this.#stages, of);
    return { leftovers, ...this.#closed('teardown', this.#stages.groups.groups, failures) };
  }

  /** A closing stage has an answer also where groups failed: what the others have kept, or have left behind, is known. */
  #closed(stage: Stage, ran: readonly Group[], failures: readonly GroupFailure[]): StageReport {
    const ended = { result: this.#stages.merged(stage) };
    try {
      this.#stages.end(ran, failures, false);
      return ended;
    } catch (failure) {
      return { ...ended, failure };
    }
  }
}
