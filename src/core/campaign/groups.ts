import { isClosing, type Stage } from '../model/stages.ts';
import type { LeadAddress, PlaceResult } from './placement.ts';
import { LEAD_GROUP, type GroupClusters, type GroupLine, type GroupState } from './stage-io.ts';

/**
 * The groups of a campaign, pure: where its clusters are placed, how far the clusters of each group are, and which groups an
 * execution of a stage runs. The workflow carries this out.
 */

/** A group, its host, and how far it is. */
export interface Group extends GroupClusters {
  readonly hostQueue: string;
  readonly loadQueue: string;
  readonly state: GroupState;
  /** The last stage that its clusters have behind them; null before they exist. */
  readonly through: Stage | null;
}

/** Clusters without a host, as a range of their indices. */
interface ClusterRange {
  readonly firstCluster: number;
  readonly clusterCount: number;
}

/** A range for which a host is asked for, and the name of the group that it would be. */
export interface Asked extends ClusterRange {
  readonly group: string;
}

/** Every group that the campaign has or had, the lead's first, and the clusters that have no host. */
export interface Groups {
  readonly groups: readonly Group[];
  readonly unplaced: readonly ClusterRange[];
  /** Known once the lead has its group. */
  readonly lead: LeadAddress | null;
  /** How many groups got a name. No name is used twice. */
  readonly named: number;
}

/** What one group does in an execution of a stage: that stage, and before it what its clusters lack for it. */
export interface GroupWork {
  readonly group: Group;
  readonly stages: readonly Stage[];
}

/** A campaign of which nothing is placed yet. */
export function unplacedGroups(clusterCount: number): Groups {
  return { groups: [], unplaced: [{ firstCluster: 0, clusterCount }], lead: null, named: 0 };
}

/** Takes the next clusters without a host, at most `mostClusters`; undefined when every cluster has one, or one is asked for. */
export function askNext(
  groups: Groups,
  mostClusters: number,
): { readonly asked: Asked; readonly groups: Groups } | undefined {
  const [range, ...rest] = groups.unplaced;
  if (range === undefined) return undefined;
  const clusterCount = Math.min(range.clusterCount, mostClusters);
  return {
    asked: { group: `g${groups.named}`, firstCluster: range.firstCluster, clusterCount },
    groups: { ...groups, unplaced: [...restOf(range, clusterCount), ...rest], named: groups.named + 1 },
  };
}

/** A host has taken a group, or a part of what it was asked for. The other part has no host yet. */
export function placed(groups: Groups, asked: Asked, result: PlaceResult): Groups {
  const { group, host, hostQueue, loadQueue, firstCluster, clusterCount } = result;
  const entry: Group = { group, host, hostQueue, loadQueue, firstCluster, clusterCount, state: 'idle', through: null };
  return {
    ...groups,
    groups: [...groups.groups, entry].toSorted((a, b) => numberOf(a.group) - numberOf(b.group)),
    unplaced: inOrder([...restOf(asked, clusterCount), ...groups.unplaced]),
    lead: result.lead ?? groups.lead,
  };
}

/** No host has taken the clusters. */
export function notPlaced(groups: Groups, { firstCluster, clusterCount }: Asked): Groups {
  return { ...groups, unplaced: inOrder([{ firstCluster, clusterCount }, ...groups.unplaced]) };
}

/**
 * The groups at the beginning of an execution of a stage. Clusters of lost groups have no host any more, unless the stage closes
 * the campaign. A group that is through the stage does it again, unless the execution repeats a failed one: then only the others
 * run. A soak is one experiment with all clusters: all of them do it again.
 */
export function atBeginning(groups: Groups, stages: readonly Stage[], stage: Stage, repeats: boolean): Groups {
  if (isClosing(stage)) return groups;
  const lost = groups.groups.filter(({ state }) => state === 'lost');
  const moved: Groups = {
    ...groups,
    groups: groups.groups.map((group) =>
      group.state === 'lost' ? { ...group, state: 'moved', through: null } : group,
    ),
    unplaced: inOrder([...groups.unplaced, ...lost.filter(({ clusterCount }) => clusterCount > 0)]),
  };
  if (repeats && stage !== 'soak') return moved;
  return {
    ...moved,
    groups: moved.groups.map((group) =>
      isThrough(group, stages, stage) ? { ...group, through: stageBefore(stages, stage) } : group,
    ),
  };
}

/** What each group does in an execution of a stage. A group that is through has nothing to do and is not among them. */
export function workOf({ groups }: Groups, stages: readonly Stage[], stage: Stage): readonly GroupWork[] {
  const end = stages.indexOf(stage) + 1;
  return groups.flatMap((group) => {
    if (group.state === 'moved' || isThrough(group, stages, stage)) return [];
    const begin = group.through === null ? stages.indexOf('provision') : stages.indexOf(group.through) + 1;
    const own = stages.slice(begin, end).filter((each) => !isClosing(each) && takesPart(group, each));
    return own.length === 0 ? [] : [{ group, stages: own }];
  });
}

/** Whether a group does anything in a stage. The lead's group may be empty: it only keeps the campaign's Prometheus. */
export function takesPart({ clusterCount }: GroupClusters, stage: Stage): boolean {
  return clusterCount > 0 || stage === 'provision' || isClosing(stage);
}

/** A group is through a stage. */
export function through(groups: Groups, name: string, stage: Stage): Groups {
  return changed(groups, name, { through: stage, state: 'idle' });
}

/** A group does something else. */
export function inState(groups: Groups, name: string, state: GroupState): Groups {
  return changed(groups, name, { state });
}

/** A person has decided to go on without a stage: no group has to catch up with it. */
export function withoutStage(groups: Groups, stages: readonly Stage[], stage: Stage): Groups {
  return {
    ...groups,
    groups: groups.groups.map((group) =>
      group.through !== null && group.through === stageBefore(stages, stage) ? { ...group, through: stage } : group,
    ),
  };
}

/** The lead's group; undefined before it is placed. */
export function leadOf({ groups }: Groups): Group | undefined {
  return groups.find(({ group }) => group === LEAD_GROUP);
}

/** The groups that have clusters of the campaign now, or its lead. */
export function presentGroups({ groups }: Groups): readonly Group[] {
  return groups.filter(({ state }) => state !== 'moved');
}

/** The groups whose clusters have moved to other hosts. */
export function movedGroups({ groups }: Groups): readonly Group[] {
  return groups.filter(({ state }) => state === 'moved');
}

/** Groups as activities get them. */
export function clustersOf(groups: readonly Group[]): readonly GroupClusters[] {
  return groups.map(({ group, host, firstCluster, clusterCount }) => ({ group, host, firstCluster, clusterCount }));
}

/** Groups as the status shows them. */
export function groupLines({ groups }: Groups): readonly GroupLine[] {
  return groups.map(({ group, host, clusterCount, state }) => ({ group, host, clusters: clusterCount, state }));
}

/** How many clusters have no host. */
export function unplacedCount({ unplaced }: Groups): number {
  return unplaced.reduce((sum, { clusterCount }) => sum + clusterCount, 0);
}

function isThrough({ through: last }: Group, stages: readonly Stage[], stage: Stage): boolean {
  return last !== null && stages.indexOf(last) >= stages.indexOf(stage);
}

function stageBefore(stages: readonly Stage[], stage: Stage): Stage | null {
  const before = stages[stages.indexOf(stage) - 1];
  return before === undefined || before === 'resolve' ? null : before;
}

function changed(groups: Groups, name: string, change: Partial<Group>): Groups {
  return {
    ...groups,
    groups: groups.groups.map((group) => (group.group === name ? { ...group, ...change } : group)),
  };
}

/** What is left of a range whose first `taken` clusters have a host. */
function restOf({ firstCluster, clusterCount }: ClusterRange, taken: number): readonly ClusterRange[] {
  return taken >= clusterCount ? [] : [{ firstCluster: firstCluster + taken, clusterCount: clusterCount - taken }];
}

function inOrder(ranges: readonly ClusterRange[]): readonly ClusterRange[] {
  return ranges
    .map(({ firstCluster, clusterCount }) => ({ firstCluster, clusterCount }))
    .toSorted((a, b) => a.firstCluster - b.firstCluster);
}

function numberOf(name: string): number {
  return Number(name.slice(1));
}
