import { selectorsOf } from '../promql/needs.ts';
import { filledForParsing } from '../promql/check.ts';
import { keptUnit } from '../promql/kept-unit.ts';
import { isFree } from './free-expression.ts';
import { gateKind } from './kinds/registry.ts';
import type { GateSource } from './model.ts';

/** Units by what they measure, with the words of metrics' names and of gates. */
const UNITS: readonly Readonly<Record<string, readonly string[]>>[] = [
  {
    ns: ['ns', 'nanosecond', 'nanoseconds'],
    µs: ['us', 'µs', 'μs', 'microsecond', 'microseconds'],
    ms: ['ms', 'millisecond', 'milliseconds'],
    s: ['s', 'second', 'seconds'],
    min: ['min', 'minute', 'minutes'],
    h: ['h', 'hour', 'hours'],
  },
  {
    bytes: ['b', 'byte', 'bytes'],
    kB: ['kb', 'kib', 'kilobyte', 'kilobytes', 'kibibytes'],
    MB: ['mb', 'mib', 'megabyte', 'megabytes', 'mebibytes'],
    GB: ['gb', 'gib', 'gigabyte', 'gigabytes', 'gibibytes'],
  },
  { ratio: ['ratio'], percent: ['%', 'percent', 'percents', 'pct'] },
];

/** Kinds whose value has a unit of its own, whatever is counted. */
const UNIT_OF_KIND: Readonly<Record<string, string>> = { share: 'ratio', idle: 's' };

/** Kinds whose value has the unit of what is counted: nothing multiplies it. */
const UNIT_OF_METRIC: ReadonlySet<string> = new Set(['quantile', 'delta']);

/**
 * Why the unit of a gate is not that of its value, as far as it is known: a bar of 500 ms is always met by a value in seconds.
 * Undefined where it is the same, or not known.
 */
export function unitProblem(source: GateSource, unit: string): string | undefined {
  const asked = unitOf(unit.toLowerCase());
  const found = valueUnit(source);
  if (asked === undefined || found === undefined) return undefined;
  const { of } = found;
  if (of.among !== asked.among || of.name === asked.name) return undefined;
  return `found "${unit}", but the value is in ${of.name === 'ratio' ? 'shares of 1' : of.name}, as ${found.by} says; write the bar in that unit`;
}

interface Unit {
  readonly name: string;
  /** Index of what it measures. */
  readonly among: number;
}

function valueUnit(source: GateSource): { readonly of: Unit; readonly by: string } | undefined {
  const fixed = unitOf(UNIT_OF_KIND[source.kind] ?? '');
  if (fixed !== undefined) return { of: fixed, by: `the kind ${source.kind}` };
  const promqls = gateKind(source)
    .expressions(source)
    .map(({ promql }) => filledForParsing(promql));
  if (isFree({ source })) {
    const whole = promqls.map((promql) => `(${promql})`).join(' / ');
    const kept = keptUnit(whole);
    const share = kept === 'share' ? unitOf('ratio') : undefined;
    if (share !== undefined) return { of: share, by: 'the division' };
    return typeof kept === 'object' ? unitOfMetric(kept.metric) : undefined;
  }
  if (!UNIT_OF_METRIC.has(source.kind) || ('perSecond' in source && source.perSecond)) return undefined;
  const [name] = selectorsOf(promqls[0] ?? '').flatMap((selector) => selector.name ?? []);
  return name === undefined ? undefined : unitOfMetric(name);
}

function unitOfMetric(name: string): { readonly of: Unit; readonly by: string } | undefined {
  const word = /_([a-z]+)(?:_total|_sum|_bucket)?$/.exec(name)?.[1];
  // A metric that ends in _min is a minimum.
  const of = word === undefined || word.length < 3 || word === 'min' ? undefined : unitOf(word);
  return of === undefined ? undefined : { of, by: name };
}

function unitOf(word: string): Unit | undefined {
  for (const [among, units] of UNITS.entries()) {
    const name = Object.keys(units).find((one) => units[one]?.includes(word) === true);
    if (name !== undefined) return { name, among };
  }
  return undefined;
}
