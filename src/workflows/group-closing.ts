import { clustersOf, movedGroups, presentGroups, type Group } from '../core/campaign/groups.ts';
import type { GroupFailure } from '../core/campaign/merge-failures.ts';
import { mergeLeftovers, mergeParts } from '../core/campaign/merge-evidence.ts';
import { parseSnapshotResult, parseTeardownResult } from '../core/campaign/parse-results.ts';
import type { EvidencePart, SnapshotInput, TeardownInput } from '../core/campaign/stage-io.ts';
import { groupFailure, isLead, type GroupStages } from './group-stage.ts';
import { soakTimes, type Execution } from './stage-call.ts';

const SNAPSHOT = { name: 'snapshot', stage: 'snapshot' } as const;
const TEARDOWN = { name: 'teardown', stage: 'teardown' } as const;

/** The evidence of one group. */
interface Kept {
  readonly group: Group;
  readonly parts: readonly EvidencePart[];
}

/**
 * Keeps the evidence of all groups: first of the others side by side, then of the lead, which has it all then. A group whose host
 * does not answer does not keep the others; its evidence is missing.
 *
 * @returns the parts of the evidence, and the groups whose evidence there is; `failures` are those that could not keep theirs
 */
export async function snapshotGroups(
  stages: GroupStages,
  of: Execution,
): Promise<{
  readonly parts: readonly EvidencePart[];
  readonly kept: readonly Group[];
  readonly failures: readonly GroupFailure[];
}> {
  const groups = presentGroups(stages.groups);
  stages.begin('snapshot', groups);
  const leadLost = stages.isLeadLost;
  const one = async (group: Group, extra: Partial<SnapshotInput>): Promise<Kept | GroupFailure> => {
    const input = { ...stages.input(of, 'snapshot', group, isLead(group)), ...soakTimes(of.state), ...extra };
    const ended = await stages.run(of, SNAPSHOT, group, async (activities) =>
      parseSnapshotResult(await activities.snapshot(input)),
    );
    if (ended.how === 'failed') return groupFailure(group, ended);
    if (ended.how === 'cancelled') return cancelled(group);
    stages.keep('snapshot', group, ended.result);
    return { group, parts: ended.result.parts };
  };
  const members = groups.filter((group) => !isLead(group));
  const ended = await Promise.all(members.map((group) => one(group, leadLost ? { leadLost } : {})));
  const ofMembers = ended.filter((each) => 'parts' in each);
  const lead = groups.find(isLead);
  if (lead !== undefined) {
    const collected = clustersOf([lead, ...ofMembers.map(({ group }) => group)]);
    const moved = clustersOf(movedGroups(stages.groups));
    ended.unshift(await one(lead, { groups: collected, ...(moved.length === 0 ? {} : { moved }) }));
  }
  const kept = ended.filter((each) => 'parts' in each);
  const failures = ended.filter((each) => 'failure' in each);
  return { parts: mergeParts(kept, failures), kept: kept.map(({ group }) => group), failures };
}

/**
 * Tears down all groups, those included that have moved: first the others side by side, then the lead, which they may need until
 * then. What a host has that does not answer is named as a leftover.
 */
export async function teardownGroups(
  stages: GroupStages,
  of: Execution,
): Promise<{ readonly leftovers: readonly string[]; readonly failures: readonly GroupFailure[] }> {
  const { groups } = stages.groups;
  stages.begin('teardown', groups);
  const leftovers = new Map<string, readonly string[]>();
  const one = async (group: Group, extra: Partial<TeardownInput>): Promise<GroupFailure | undefined> => {
    const input = { ...stages.input(of, 'teardown', group, isLead(group)), ...extra };
    const ended = await stages.run(of, TEARDOWN, group, async (activities) =>
      parseTeardownResult(await activities.teardown(input)),
    );
    if (ended.how === 'failed') return groupFailure(group, ended);
    if (ended.how === 'cancelled') return cancelled(group);
    leftovers.set(group.host, ended.result.leftovers);
    stages.remove(group, ended.result);
    return undefined;
  };
  const members = groups.filter((group) => !isLead(group));
  const lead = groups.find(isLead);
  const ended = await Promise.all(members.map((group) => one(group, {})));
  if (lead !== undefined) ended.unshift(await one(lead, { groups: clustersOf(groups) }));
  const failures = ended.filter((each) => each !== undefined);
  return { leftovers: mergeLeftovers(leftovers, failures), failures };
}

function cancelled({ group, host }: Group): GroupFailure {
  return { group: { group, host }, failure: { kind: 'harness', message: 'it was cancelled' } };
}
