import { expect, test } from 'vitest';
import { OWN_CURVES } from '../../../src/adapters/evidence/series.ts';
import { availableNames, findProfile, findSystem } from '../../../src/adapters/files/find.ts';
import { repositoryFolder } from '../../../src/adapters/host/folders.ts';
import { formatFileErrors } from '../../../src/core/files/file-error.ts';
import type { AnyAnswer, Question } from '../../../src/core/gates/asking.ts';
import { gateKind, kindsIn } from '../../../src/core/gates/kinds/registry.ts';
import type { GateDefinition } from '../../../src/core/gates/model.ts';
import { namesNeeded } from '../../../src/core/gates/names-needed.ts';
import { readGate } from '../../../src/core/gates/read-gate.ts';
import { resolveGates } from '../../../src/core/gates/resolve.ts';
import type { GatePatch } from '../../../src/core/model/gate-patch.ts';
import { selectorsOf } from '../../../src/core/promql/needs.ts';
import { substitute } from '../../../src/core/promql/placeholders.ts';

const FOLDERS = [repositoryFolder];
const SCALE = { machines: 1_000, pods: 10_000, clusters: 2 };
const CAMPAIGN = { campaign: 'campaign-1', execution: 1 };

test('what the gates of the systems and profiles that come with Belay ask for is sent', () => {
  const systems = new Map(
    availableNames('systems', FOLDERS).map((name) => {
      const system = findSystem(name, FOLDERS);
      if (!system.ok) throw new Error(formatFileErrors(system.errors));
      return [name, system.value.gates];
    }),
  );
  const profiles = availableNames('profiles', FOLDERS).map((name) => {
    const profile = findProfile(name, FOLDERS);
    if (!profile.ok) throw new Error(formatFileErrors(profile.errors));
    return [systems.get(profile.value.system) ?? {}, profile.value.gates] as const;
  });
  // Most profiles only change bars, which no question depends on.
  const own = profiles.filter(([, changes]) => Object.values(changes).some((patch) => kindsIn(patch).length > 0));
  const all = [...[...systems.values()].map((gates) => [gates, {}] as const), ...own];
  const gates = all.flatMap(([system, profile]) => resolveGates(system, profile, SCALE));
  const different = new Map(gates.map((gate) => [JSON.stringify([gate.source, gate.job, gate.absentIs]), gate]));
  expect(different.size).toBeGreaterThan(20);
  for (const gate of different.values()) expectKept(gate);
});

test('what Belay asks for itself is sent, whatever the gates are', () => {
  const own = OWN_CURVES.flatMap(({ queries }) => queries.map(({ promql }) => promql));
  const needed = namesNeeded([]);
  for (const name of own.flatMap(namesOf)) expect(name).toMatch(whole(needed));
  for (const name of [
    'up',
    'process_start_time_seconds',
    'belay_infrastructure_gap_end_seconds',
    'scrape_samples_scraped',
  ])
    expect(name).toMatch(whole(needed));
  for (const name of ['upper', 'warm_up', 'go_threads', 'scrape_', 'not_belay_x'])
    expect(name).not.toMatch(whole(needed));
});

test.each<[GatePatch, readonly string[], readonly string[]]>([
  [{ query: 'sum(a) or absent(b{c="d"})' }, ['a', 'b'], ['c', 'd', 'ab']],
  [{ query: '{__name__="a.b"}' }, ['a.b'], ['aXb']],
  [
    { query: 'histogram_quantile(0.9, sum by (le) (rate(a_bucket[$window])))' },
    ['a_bucket', 'a_sum', 'a_count'],
    ['a'],
  ],
  [{ ratio: { numerator: 'a{campaign="$campaign"}', denominator: 'b' } }, ['a', 'b'], ['campaign']],
  [{ delta: { counter: 'a_total' }, absentIs: 0, job: 'x' }, ['a_total'], ['x']],
  [{ query: 'sum(a_count)' }, ['a_count', 'a_sum'], ['a_bucket', 'a']],
  [{ idle: { counter: 'a_count' } }, ['a_count'], ['a_sum']],
])('%j needs %j', (patch, kept, dropped) => {
  const gates = gatesOf(patch);
  gates.forEach(expectKept);
  for (const name of kept) expect(name).toMatch(whole(namesNeeded(gates)));
  for (const name of dropped) expect(name).not.toMatch(whole(namesNeeded(gates)));
});

test.each([
  'sum({__name__=~"a_.*"})',
  'sum({job="a"})',
  'a + {__name__!="b",job="a"}',
  '{__name__="a_$campaign"}',
  '{__name__="a_$execution"}',
])('%s may need any series', (query) => {
  expect(namesNeeded(gatesOf({ query }))).toBeUndefined();
  expect(namesNeeded([...gatesOf({ query: 'a' }), ...gatesOf({ query })])).toBeUndefined();
});

function gatesOf(patch: GatePatch): readonly GateDefinition[] {
  return resolveGates({ g: { max: 1, ...patch } }, {}, SCALE);
}

/** Every series that a reading or the curve of a gate asks for has a name that is sent. */
function expectKept(gate: GateDefinition): void {
  const needed = whole(namesNeeded([gate]));
  const curve = substitute(gateKind(gate.source).curve(gate.source)?.promql ?? '', { windowMs: 60_000, ...CAMPAIGN });
  const asked = new Set([curve, ...questionsOf(gate, []), ...questionsOf(gate, [1, 2])]);
  expect(asked.size).toBeGreaterThan(4);
  for (const name of new Set([...asked].flatMap(namesOf))) expect(name, gate.name).toMatch(needed);
}

/** Everything that a reading of a gate asks, where each answer is one series, or none, with these values. */
function questionsOf(gate: GateDefinition, values: readonly number[]): readonly string[] {
  const window = { startMs: 0, endMs: 120_000 };
  const reading = readGate(gate, window, window.endMs, {
    ...CAMPAIGN,
    campaignStartMs: 0,
    scrapeIntervalMs: 2_000,
    gaps: [],
    expected: {},
    watchLimitMs: 30_000,
  });
  const asked: string[] = [];
  let answers: readonly AnyAnswer[] = [];
  for (;;) {
    const step = reading.next(answers);
    if (step.done === true) return asked;
    asked.push(...step.value.map(textOf));
    answers = step.value.map((question): AnyAnswer => {
      const labels = { __name__: selectorsOf(textOf(question))[0]?.name ?? '', job: 'j', instance: 'i', le: '1' };
      const points = values.map((value, index) => [60_000 * index, value] as const);
      return question.kind === 'raw' || question.kind === 'range'
        ? { ok: true, series: values.length === 0 ? [] : [{ labels, points }] }
        : { ok: true, series: values.slice(0, 1).map((value) => ({ labels, value })) };
    });
  }
}

function textOf(question: Question): string {
  if (question.kind === 'type') return `{__name__=${JSON.stringify(question.metric)}}`;
  return question.kind === 'seen' ? question.selector : question.promql;
}

function namesOf(promql: string): readonly string[] {
  return selectorsOf(promql).map(({ name, text }) => name ?? `no name: ${text}`);
}

/** As Prometheus reads it: it matches whole names. */
function whole(regex: string | undefined): RegExp {
  return new RegExp(`^(?:${regex ?? '.*'})$`);
}
