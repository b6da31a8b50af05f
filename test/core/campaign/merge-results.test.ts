import { readdirSync, readFileSync } from 'node:fs';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { mergeFacts, mergeResults, type GroupResult } from '../../../src/core/campaign/merge-results.ts';
import { STAGES, type Stage } from '../../../src/core/model/stages.ts';
import { STAGE_DESCRIPTORS } from '../../../src/core/plan/stages/registry.ts';
import type { FactRule } from '../../../src/core/plan/stages/stage-descriptor.ts';
import { parseHistory } from '../../workflows/history.ts';

type Facts = GroupResult['result']['facts'];

function rulesOf(stage: Stage): Readonly<Record<string, FactRule>> {
  return STAGE_DESCRIPTORS[stage].facts;
}

/** Facts that a group may report about a stage: whole numbers, and some of them missing. */
function factsOf(stage: Stage): fc.Arbitrary<Facts> {
  const rules = Object.entries(rulesOf(stage));
  return fc
    .tuple(
      ...rules.map(([name, rule]) => {
        const values: fc.Arbitrary<number | string> =
          rule === 'join' ? fc.constantFrom('a', 'b', 'c,d') : fc.integer({ min: 0, max: 1_000_000 });
        return fc.option(values).map((value): Facts => (value === null ? {} : { [name]: value }));
      }),
    )
    .map((parts) => Object.assign({}, ...parts) as Facts);
}

const groups = fc
  .constantFrom(...STAGES)
  .chain((stage) => fc.tuple(fc.constant(stage), fc.array(factsOf(stage), { minLength: 1, maxLength: 8 })));

function result(group: string, facts: Facts, events: readonly string[] = []): GroupResult {
  return { group, host: group.replace('g', 'h'), result: { detail: '', facts, infrastructureEvents: events } };
}

describe('facts of several groups', () => {
  test('do not depend on the order of the groups', () => {
    fc.assert(
      fc.property(groups, fc.infiniteStream(fc.nat()), ([stage, all], random) => {
        const shuffled = all
          .map((facts) => [random.next().value as number, facts] as const)
          .toSorted((a, b) => a[0] - b[0])
          .map(([, facts]) => facts);
        expect(mergeFacts(stage, shuffled)).toEqual(mergeFacts(stage, all));
      }),
    );
  });

  test('are the same whether they are merged at once or part by part', () => {
    fc.assert(
      fc.property(groups, fc.nat(), ([stage, all], at) => {
        // A rate that one group lacks is missing in its part, and a quantile's bound too: that has to be so in the whole.
        const cut = at % (all.length + 1);
        const parts = [all.slice(0, cut), all.slice(cut)].filter((part) => part.length > 0);
        const merged = mergeFacts(
          stage,
          parts.map((part) => mergeFacts(stage, part)),
        );
        const quantiles = Object.entries(rulesOf(stage)).flatMap(([name, rule]) =>
          rule === 'upperBound' ? [name] : [],
        );
        const without = (facts: Facts): Facts =>
          Object.fromEntries(Object.entries(facts).filter(([name]) => !quantiles.includes(name)));
        expect(without(merged)).toEqual(without(mergeFacts(stage, all)));
      }),
    );
  });

  test('of counts are exact totals', () => {
    fc.assert(
      fc.property(groups, ([stage, all]) => {
        const merged = mergeFacts(stage, all);
        for (const [name, rule] of Object.entries(rulesOf(stage))) {
          if (rule !== 'sum') continue;
          const total = all.reduce((sum, facts) => sum + Number(facts[name] ?? 0), 0);
          expect(merged[name] ?? 0).toBe(total);
        }
      }),
    );
  });

  test('of a rate are left out when one group does not know its own', () => {
    const known = { podsWanted: 10, achievedPerSec: 2.5 };
    expect(mergeFacts('ramp', [known, known])).toEqual({ podsWanted: 20, achievedPerSec: 5 });
    expect(mergeFacts('ramp', [known, { podsWanted: 10 }])).toEqual({ podsWanted: 20 });
  });

  test('of a quantile are its bounds over all groups, if each group has one', () => {
    const merged = mergeFacts('ramp', [
      { sentLateP99LowMs: 5, sentLateP99Ms: 10 },
      { sentLateP99LowMs: 50, sentLateP99Ms: 100 },
      // It has sent nothing.
      {},
    ]);
    expect(merged).toEqual({ sentLateP99LowMs: 5, sentLateP99Ms: 100 });
    expect(mergeFacts('ramp', [{ sentLateP99LowMs: 5, sentLateP99Ms: 10 }, { sentLateP99LowMs: 60_000 }])).toEqual({
      sentLateP99LowMs: 5,
    });
  });

  test('are joined where they are texts, and left out where they are not what their rule is for', () => {
    expect(mergeFacts('provision', [{ clusterUids: 'b,a' }, { clusterUids: 'a,c' }])).toEqual({ clusterUids: 'a,b,c' });
    expect(mergeFacts('seed', [{ nodes: 'many' }, { nodes: 3, other: 4 }])).toEqual({});
  });

  test('have a rule for everything that recorded campaigns report', () => {
    const folder = new URL('../../histories/recorded/', import.meta.url);
    const seen = new Set<string>();
    for (const file of readdirSync(folder).filter((name) => name.startsWith('real-'))) {
      const events = parseHistory(readFileSync(new URL(file, folder), 'utf8'));
      for (const { type, attributes } of events) {
        if (type !== 'ActivityTaskCompleted') continue;
        const scheduled = events[Number(attributes['scheduledEventId']) - 1]?.attributes['activityType'];
        const stage = STAGES.find((each) => each === (scheduled as { readonly name: string }).name);
        const [payload] = (attributes['result'] as { payloads?: { data?: string }[] } | undefined)?.payloads ?? [];
        if (stage === undefined || payload?.data === undefined) continue;
        const { facts } = JSON.parse(Buffer.from(payload.data, 'base64').toString('utf8')) as { readonly facts: Facts };
        for (const name of Object.keys(facts)) {
          seen.add(name);
          expect(Object.keys(rulesOf(stage)), `${file}: ${stage}`).toContain(name);
        }
      }
    }
    expect(seen.size).toBeGreaterThan(20);
  });
});

describe('the result of a stage over several groups', () => {
  test('is one line on all groups, with the events of each host', () => {
    const merged = mergeResults('seed', [
      result('g10', { nodes: 4 }, ['etcd restarted']),
      result('g2', { nodes: 3 }, ['kwok restarted']),
    ]);
    expect(merged).toEqual({
      detail: '7 Nodes Ready, on 2 hosts',
      facts: { nodes: 7 },
      infrastructureEvents: ['host h2: kwok restarted', 'host h10: etcd restarted'],
    });
  });

  test('names some events and counts the others', () => {
    const all = Array.from({ length: 200 }, (_, index) => result(`g${index}`, { nodes: 1 }, ['etcd restarted']));
    const { infrastructureEvents } = mergeResults('seed', all);
    expect(infrastructureEvents).toHaveLength(21);
    expect(infrastructureEvents.at(-1)).toBe('and 180 more, see summary.json');
  });

  test.for<[Stage, Facts, string]>([
    ['provision', { clusters: 4 }, '4 clusters up, on 1 host'],
    ['install', { system: 'kube-scheduler' }, 'kube-scheduler is ready, on 1 host'],
    [
      'ramp',
      { podsCreated: 3, podsExisting: 1, podsWanted: 4, achievedPerSec: 2, sentLateP99Ms: 12 },
      '4 of 4 Pods created, 2.0 a second, sent at most 12 ms late (p99), on 1 host',
    ],
    ['steady', { podsBound: 4, steadySeconds: 6.25 }, '4 Pods bound, steady after 6.3 s, on 1 host'],
    ['soak', { podsReplaced: 2, podsLost: 1 }, '2 Pods replaced, 1 lost and replaced, on 1 host'],
    ['snapshot', { partsKept: 9, partsMissing: 1 }, '9 parts kept, 1 missing, on 1 host'],
    ['teardown', { clustersRemoved: 4, leftovers: 2 }, '4 clusters removed, 2 LEFT BEHIND, on 1 host'],
  ])('of %s says what the groups did together', ([stage, facts, detail]) => {
    expect(mergeResults(stage, [result('g0', facts)]).detail).toBe(detail);
  });
});
