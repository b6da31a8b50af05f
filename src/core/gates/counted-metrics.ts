import { isFree } from './free-expression.ts';
import { gateKind } from './kinds/registry.ts';
import type { GateDefinition, GateSource } from './model.ts';
import { isCounter, plainSelectors } from '../promql/counter-names.ts';
import { lifelongUses } from '../promql/lifelong.ts';
import { ratesOf } from '../promql/rates.ts';
import { substitute } from '../promql/placeholders.ts';
import { selectorsOf, type Selector } from '../promql/needs.ts';

/** Kinds whose value is growth, or the time since it. */
const COUNT: ReadonlySet<GateSource['kind']> = new Set(['delta', 'share', 'idle', 'quantile']);

/** Belay serves counts that a new worker continues as gauges. They only grow. */
const OWN = 'belay_';

/** Names of the metrics whose growth a gate counts. @param selectors of the gate */
export function countedNames({ source }: GateDefinition, selectors: readonly Selector[]): readonly string[] {
  return COUNT.has(source.kind) ? namesIn(selectors) : [];
}

/** A metric that a gate reads. */
interface ReadMetric {
  readonly metric: string;
  /** What it must not be, as its target says, and why. Where no target says what it is, the gate is read by its name. */
  readonly mustNotBe: 'gauge' | 'counter';
  readonly because: string;
  readonly gate: string;
}

/** The metrics of a job whose types decide how gates are read. For a job whose types are not known when gates are read. */
export function typesThatMatter(gates: readonly GateDefinition[], job: string): readonly ReadMetric[] {
  return gates.flatMap((gate): readonly ReadMetric[] => {
    const promqls = gateKind(gate.source)
      .expressions(gate.source)
      .map(({ promql }) => substitute(promql, { windowMs: 60_000, campaign: 'a', execution: 1 }));
    const ofJob = promqls.flatMap(selectorsOf).filter((selector) => (selector.job ?? gate.job ?? job) === job);
    const counted = [...new Set(countedNames(gate, ofJob))].map((metric): ReadMetric => ({
      metric,
      mustNotBe: 'gauge',
      because: 'it may fall, so its growth counts nothing; allowed: a counter',
      gate: gate.name,
    }));
    if (!isFree(gate) || gate.barKind === 'informational') return counted;
    // `rate()` and the like read every metric as a counter, whatever it is.
    const byType =
      gate.absentIs === undefined ? new Set(promqls.flatMap(readByType).map(({ text }) => text)) : undefined;
    const unlike = ofJob.filter((selector) => !isCounter(selector) && (byType?.has(selector.text) ?? true));
    return [...new Set(namesIn(unlike))].map((metric): ReadMetric => ({
      metric,
      mustNotBe: 'counter',
      because: 'its name does not show it; allowed: the kind delta or share, or a counter whose name ends in _total',
      gate: gate.name,
    }));
  });
}

/** The selectors of an expression that are read in one way as counters and in another one as gauges. */
function readByType(promql: string): readonly Selector[] {
  return [
    ...lifelongUses(promql).map(({ selector }) => selector),
    ...plainSelectors(promql),
    ...ratesOf(promql).flatMap(({ ofGauges = [] }) => ofGauges),
  ];
}

function namesIn(selectors: readonly Selector[]): readonly string[] {
  return selectors.flatMap(({ name }) => (name === undefined || name.startsWith(OWN) ? [] : [name]));
}
