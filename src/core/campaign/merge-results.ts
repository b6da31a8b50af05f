import type { Stage } from '../model/stages.ts';
import { STAGE_DESCRIPTORS } from '../plan/stages/registry.ts';
import type { FactRule } from '../plan/stages/stage-descriptor.ts';
import { counted } from '../text/counted.ts';
import type { StageResult } from './stage-io.ts';

/** The result of a stage for one group, or for a part of it. */
export interface GroupResult {
  readonly group: string;
  readonly host: string;
  readonly result: StageResult;
}

type Facts = StageResult['facts'];

/** As many as one host reports. */
const MAX_EVENTS = 20;

/**
 * The result of a stage over all its groups: facts by the rules of the stage, one line, and what happened to the infrastructure,
 * with the hosts. The order of the groups does not matter.
 */
export function mergeResults(stage: Stage, results: readonly GroupResult[]): StageResult {
  const ordered = results.toSorted((a, b) => numberOf(a.group) - numberOf(b.group));
  const facts = mergeFacts(
    stage,
    ordered.map(({ result }) => result.facts),
  );
  const hosts = new Set(ordered.map(({ host }) => host)).size;
  const events = ordered.flatMap(({ host, result }) =>
    result.infrastructureEvents.map((event) => `host ${host}: ${event}`),
  );
  const more = events.length - MAX_EVENTS;
  return {
    detail: `${detailOf(stage, facts)}, on ${counted(hosts, 'host')}`,
    facts,
    infrastructureEvents: [...events.slice(0, MAX_EVENTS), ...(more > 0 ? [`and ${more} more, see summary.json`] : [])],
  };
}

/**
 * Merges the facts that groups report about one stage. Facts without a rule are left out: a worker of a later version may report
 * them. A fact whose values do not fit its rule is left out as well.
 */
export function mergeFacts(stage: Stage, all: readonly Facts[]): Facts {
  const rules: Readonly<Record<string, FactRule>> = STAGE_DESCRIPTORS[stage].facts;
  return Object.fromEntries(
    Object.entries(rules).flatMap(([name, rule]) => {
      const values = all.flatMap((facts) => (facts[name] === undefined ? [] : [facts[name]]));
      const needed =
        rule === 'upperBound' ? all.filter((facts) => facts[lowName(name)] !== undefined).length : all.length;
      const merged = values.length === 0 ? undefined : merge(rule, values, needed);
      return merged === undefined ? [] : [[name, merged] as const];
    }),
  );
}

/** @param needed how many groups must report a value of which none may be missing */
function merge(rule: FactRule, values: readonly (number | string)[], needed: number): number | string | undefined {
  if (rule === 'join') return [...new Set(values.flatMap((value) => String(value).split(',')))].toSorted().join(',');
  const numbers = values.filter((value) => typeof value === 'number');
  if (numbers.length === 0 || numbers.length < values.length) return undefined;
  switch (rule) {
    case 'sum':
      return sum(numbers);
    case 'sumOfAll':
      return numbers.length < needed ? undefined : sum(numbers);
    case 'upperBound':
      return numbers.length < needed ? undefined : Math.max(...numbers);
    case 'max':
      return Math.max(...numbers);
    case 'min':
      return Math.min(...numbers);
  }
}

/** The fact with the lower bound of a quantile. */
function lowName(name: string): string {
  return name.replace(/Ms$/, 'LowMs');
}

/** Smallest first: a sum of fractions depends on its order. */
function sum(numbers: readonly number[]): number {
  return numbers.toSorted((a, b) => a - b).reduce((total, each) => total + each, 0);
}

/** A stage's line, from its merged facts: the lines of the groups cannot be added. */
function detailOf(stage: Stage, facts: Facts): string {
  const count = (name: string): number => Number(facts[name] ?? 0);
  const measured = (name: string, text: (value: number) => string): readonly string[] => {
    const fact = facts[name];
    return typeof fact === 'number' ? [text(fact)] : [];
  };
  switch (stage) {
    case 'provision':
      return `${counted(count('clusters'), 'cluster')} up`;
    case 'install':
      return `${facts['system'] ?? 'the system'} is ready`;
    case 'seed':
      return `${counted(count('nodes'), 'Node')} Ready`;
    case 'ramp':
      return [
        `${count('podsCreated') + count('podsExisting')} of ${counted(count('podsWanted'), 'Pod')} created`,
        ...measured('achievedPerSec', (rate) => `${rate.toFixed(1)} a second`),
        ...measured('sentLateP99Ms', (ms) => `sent at most ${Math.round(ms)} ms late (p99)`),
      ].join(', ');
    case 'steady':
      return [
        `${counted(count('podsBound'), 'Pod')} bound`,
        ...measured('steadySeconds', (seconds) => `steady after ${seconds.toFixed(1)} s`),
      ].join(', ');
    case 'soak':
      return [`${counted(count('podsReplaced'), 'Pod')} replaced`, `${count('podsLost')} lost and replaced`].join(', ');
    case 'snapshot':
      return `${counted(count('partsKept'), 'part')} kept, ${count('partsMissing')} missing`;
    case 'teardown':
      return [
        `${counted(count('clustersRemoved'), 'cluster')} removed`,
        ...(count('leftovers') === 0 ? [] : [`${count('leftovers')} LEFT BEHIND`]),
      ].join(', ');
    default:
      return Object.entries(facts)
        .map(([name, fact]) => `${name} ${fact}`)
        .join(', ');
  }
}

function numberOf(group: string): number {
  return Number(group.slice(1));
}
