import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  askNext,
  atBeginning,
  groupLines,
  inState,
  leadOf,
  notPlaced,
  placed,
  presentGroups,
  takesPart,
  through,
  unplacedCount,
  unplacedGroups,
  withoutStage,
  workOf,
  type Groups,
} from '../../../src/core/campaign/groups.ts';
import type { PlaceResult } from '../../../src/core/campaign/placement.ts';
import { isClosing, STAGES, type Stage } from '../../../src/core/model/stages.ts';

const LEAD = { host: 'h0', endpointUrl: '', prometheusUrl: '', certificatePem: '' };
/** The stages that run on groups before the campaign closes. */
const WORK = STAGES.filter((stage) => stage !== 'resolve' && !isClosing(stage));

/** Places all clusters: each host takes what `takes` says, the first one is the lead. */
function placeAll(before: Groups, takes: (host: number) => number): Groups {
  let groups = before;
  for (let next = askNext(groups, 100); next !== undefined; next = askNext(groups, 100)) {
    const { asked } = next;
    const isLead = leadOf(groups) === undefined;
    const clusterCount = Math.min(asked.clusterCount, Math.max(isLead ? 0 : 1, takes(next.groups.named - 1)));
    groups = placed(next.groups, asked, resultOf(asked.group, asked.firstCluster, clusterCount, isLead));
  }
  return groups;
}

function resultOf(group: string, firstCluster: number, clusterCount: number, isLead: boolean): PlaceResult {
  const host = group.replace('g', 'h');
  const queues = { hostQueue: `host-${host}`, loadQueue: `load-${host}` };
  return { group, host, ...queues, address: '', firstCluster, clusterCount, ...(isLead ? { lead: LEAD } : {}) };
}

/** Indices of the clusters that the groups of a campaign have now. */
function clusters(groups: Groups): readonly number[] {
  return presentGroups(groups)
    .flatMap(({ firstCluster, clusterCount }) => Array.from({ length: clusterCount }, (_, at) => firstCluster + at))
    .toSorted((a, b) => a - b);
}

/** One execution of a stage in which `fails` and `loses` name the groups that do not succeed. */
function execute(
  before: Groups,
  stage: Stage,
  repeats: boolean,
  bad: { readonly fails: ReadonlySet<string>; readonly loses: ReadonlySet<string> },
): { readonly groups: Groups; readonly ran: ReadonlyMap<string, readonly Stage[]> } {
  let groups = atBeginning(before, STAGES, stage, repeats);
  if (unplacedCount(groups) > 0) groups = placeAll(groups, () => 100);
  const work = workOf(groups, STAGES, stage);
  for (const { group, stages } of work) {
    if (bad.loses.has(group.group)) groups = inState(groups, group.group, 'lost');
    else if (bad.fails.has(group.group)) groups = inState(groups, group.group, 'failed');
    else for (const each of stages) groups = through(groups, group.group, each);
  }
  return { groups, ran: new Map(work.map(({ group, stages }) => [group.group, stages])) };
}

const NOTHING_BAD = { fails: new Set<string>(), loses: new Set<string>() };

describe('a placement', () => {
  test('gives every cluster one group, however few clusters each host takes', () => {
    const sizes = fc.array(fc.nat({ max: 7 }), { minLength: 1, maxLength: 30 });
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 300 }), sizes, (clusterCount, takes) => {
        const groups = placeAll(unplacedGroups(clusterCount), (host) => takes[host % takes.length] ?? 1);
        expect(clusters(groups)).toEqual(Array.from({ length: clusterCount }, (_, index) => index));
        expect(unplacedCount(groups)).toBe(0);
        const names = groups.groups.map(({ group }) => group);
        expect(new Set(names).size).toBe(names.length);
        expect(names[0]).toBe('g0');
        expect(groups.lead).toEqual(LEAD);
        for (const { group, clusterCount: count } of groups.groups) expect(count > 0 || group === 'g0').toBe(true);
      }),
    );
  });

  test('asks for at most so many clusters of one host, and for no cluster twice', () => {
    const first = askNext(unplacedGroups(250), 100);
    expect(first?.asked).toEqual({ group: 'g0', firstCluster: 0, clusterCount: 100 });
    const second = askNext(first?.groups ?? unplacedGroups(0), 100);
    expect(second?.asked).toEqual({ group: 'g1', firstCluster: 100, clusterCount: 100 });
    const third = askNext(second?.groups ?? unplacedGroups(0), 100);
    expect(third?.asked).toEqual({ group: 'g2', firstCluster: 200, clusterCount: 50 });
    expect(askNext(third?.groups ?? unplacedGroups(0), 100)).toBeUndefined();
  });

  test('that no host takes is asked again under another name', () => {
    const next = askNext(unplacedGroups(4), 100);
    if (next === undefined) throw new Error('nothing was asked');
    const again = askNext(notPlaced(next.groups, next.asked), 100);
    expect(again?.asked).toEqual({ group: 'g1', firstCluster: 0, clusterCount: 4 });
  });
});

describe('an execution of a stage', () => {
  const three = placeAll(unplacedGroups(6), () => 2);

  test('runs on every group, each stage once, when nothing fails', () => {
    let groups = three;
    for (const stage of WORK) {
      const { groups: after, ran } = execute(groups, stage, false, NOTHING_BAD);
      expect(Object.fromEntries(ran)).toEqual({ g0: [stage], g1: [stage], g2: [stage] });
      groups = after;
    }
    expect(groupLines(groups)).toEqual(
      ['g0', 'g1', 'g2'].map((group) => ({ group, host: group.replace('g', 'h'), clusters: 2, state: 'idle' })),
    );
  });

  test('repeats exactly the groups that failed', () => {
    const names = fc.subarray(['g0', 'g1', 'g2']);
    fc.assert(
      fc.property(fc.constantFrom(...WORK.filter((stage) => stage !== 'soak')), fc.array(names), (stage, failing) => {
        let groups = three;
        for (const each of WORK.slice(0, WORK.indexOf(stage))) ({ groups } = execute(groups, each, false, NOTHING_BAD));
        let left: readonly string[] = ['g0', 'g1', 'g2'];
        for (const [index, fails] of failing.entries()) {
          if (left.length === 0) break;
          const { groups: after, ran } = execute(groups, stage, index > 0, { ...NOTHING_BAD, fails: new Set(fails) });
          expect([...ran.keys()]).toEqual(left);
          left = left.filter((group) => fails.includes(group));
          groups = after;
        }
      }),
    );
  });

  test('of a soak, and of the proof of steadiness before it, runs on all groups again', () => {
    let groups = three;
    for (const stage of WORK.slice(0, -1)) ({ groups } = execute(groups, stage, false, NOTHING_BAD));
    ({ groups } = execute(groups, 'soak', false, { ...NOTHING_BAD, fails: new Set(['g1']) }));
    const steady = execute(groups, 'steady', false, NOTHING_BAD);
    expect([...steady.ran.keys()]).toEqual(['g0', 'g1', 'g2']);
    const soak = execute(steady.groups, 'soak', true, NOTHING_BAD);
    expect([...soak.ran]).toEqual(['g0', 'g1', 'g2'].map((group) => [group, ['soak']]));
  });

  test('places the clusters of lost groups again; the new groups do all that the others have behind them', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...WORK),
        fc.subarray(['g1', 'g2'], { minLength: 1 }),
        fc.integer({ min: 1, max: 3 }),
        (stage, lost, size) => {
          let groups = three;
          for (const each of WORK.slice(0, WORK.indexOf(stage)))
            ({ groups } = execute(groups, each, false, NOTHING_BAD));
          ({ groups } = execute(groups, stage, false, { ...NOTHING_BAD, loses: new Set(lost) }));
          const begun = placeAll(atBeginning(groups, STAGES, stage, true), () => size);
          expect(clusters(begun)).toEqual([0, 1, 2, 3, 4, 5]);
          const work = new Map(workOf(begun, STAGES, stage).map(({ group, stages }) => [group.group, stages]));
          const upTo = WORK.slice(0, WORK.indexOf(stage) + 1);
          const added = presentGroups(begun).filter(({ group }) => !['g0', 'g1', 'g2'].includes(group));
          expect(added.reduce((sum, { clusterCount }) => sum + clusterCount, 0)).toBe(2 * lost.length);
          for (const { group } of added) expect(work.get(group)).toEqual(upTo);
          for (const group of lost) {
            expect(work.has(group)).toBe(false);
            expect(groupLines(begun).find((line) => line.group === group)?.state).toBe('moved');
          }
        },
      ),
    );
  });

  test('in which only the lead exists runs what needs no clusters', () => {
    const empty = placeAll(unplacedGroups(4), (host) => (host === 0 ? 0 : 4));
    expect(workOf(empty, STAGES, 'provision').map(({ group }) => group.group)).toEqual(['g0', 'g1']);
    const { groups } = execute(empty, 'provision', false, NOTHING_BAD);
    expect(workOf(groups, STAGES, 'install').map(({ group }) => group.group)).toEqual(['g1']);
    const lead = leadOf(groups);
    if (lead === undefined) throw new Error('no lead');
    expect(STAGES.filter((stage) => takesPart(lead, stage))).toEqual(['provision', 'snapshot', 'judge', 'teardown']);
  });

  test('after a skip catches up with nothing that was skipped', () => {
    let groups = three;
    for (const stage of ['provision', 'install', 'seed', 'ramp'] as const)
      ({ groups } = execute(groups, stage, false, NOTHING_BAD));
    ({ groups } = execute(groups, 'steady', false, { ...NOTHING_BAD, fails: new Set(['g2']) }));
    const { ran } = execute(withoutStage(groups, STAGES, 'steady'), 'soak', false, NOTHING_BAD);
    expect([...ran.values()]).toEqual([['soak'], ['soak'], ['soak']]);
  });
});
