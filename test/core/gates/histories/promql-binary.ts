import type { Sample } from '../../../../src/core/gates/answers.ts';
import { keyOfSome, onlyLabels, PromqlError, withoutLabels, type Labels } from './promql-labels.ts';

type Value = number | readonly Sample[];

interface Matching {
  readonly on: boolean;
  /** Several series on the left may match one on the right, and keep their labels. */
  readonly manyToOne: boolean;
  readonly names: readonly string[];
}

/** Arithmetic by the name of its node; undefined for another operator. */
export function calculate(operator: string, a: number, b: number): number | undefined {
  switch (operator) {
    case 'Add':
      return a + b;
    case 'Sub':
      return a - b;
    case 'Mul':
      return a * b;
    case 'Div':
      return a / b;
    case 'Mod':
      return a % b;
    case 'Pow':
      return a ** b;
    default:
      return undefined;
  }
}

/** A comparison by the name of its node. @throws PromqlError for another operator */
export function compare(operator: string, a: number, b: number): boolean {
  switch (operator) {
    case 'Eql':
      return a === b;
    case 'Neq':
      return a !== b;
    case 'Gtr':
      return a > b;
    case 'Gte':
      return a >= b;
    case 'Lss':
      return a < b;
    case 'Lte':
      return a <= b;
    default:
      throw new PromqlError(`${operator} is not known here`);
  }
}

/** A binary operation with a vector on at least one side. @throws PromqlError */
export function combine(operator: string, a: Value, b: Value, matching: Matching, bool: boolean): readonly Sample[] {
  if (typeof a !== 'number' && typeof b !== 'number') {
    if (operator === 'And' || operator === 'Or' || operator === 'Unless') return set(operator, a, b, matching);
    return oneToOne(operator, a, b, matching, bool);
  }
  const samples = typeof a === 'number' ? (b as readonly Sample[]) : a;
  return samples.flatMap(({ labels, value }) => {
    const [left, right] = typeof a === 'number' ? [a, value] : [value, b as number];
    const result = calculate(operator, left, right);
    if (result !== undefined) return [{ labels: withoutLabels(labels, ['__name__']), value: result }];
    const holds = compare(operator, left, right);
    if (bool) return [{ labels: withoutLabels(labels, ['__name__']), value: Number(holds) }];
    return holds ? [{ labels, value }] : [];
  });
}

function signature(labels: Labels, { on, names }: Matching): string {
  return keyOfSome(labels, (name) => (on ? names.includes(name) : name !== '__name__' && !names.includes(name)));
}

function set(
  operator: 'And' | 'Or' | 'Unless',
  a: readonly Sample[],
  b: readonly Sample[],
  matching: Matching,
): readonly Sample[] {
  const other = new Set((operator === 'Or' ? a : b).map(({ labels }) => signature(labels, matching)));
  if (operator === 'Or') return [...a, ...b.filter(({ labels }) => !other.has(signature(labels, matching)))];
  return a.filter(({ labels }) => other.has(signature(labels, matching)) === (operator === 'And'));
}

function oneToOne(
  operator: string,
  a: readonly Sample[],
  b: readonly Sample[],
  matching: Matching,
  bool: boolean,
): readonly Sample[] {
  if (a.length === 0 || b.length === 0) return [];
  const right = new Map<string, Sample>();
  for (const sample of b) {
    const key = signature(sample.labels, matching);
    if (right.has(key)) throw new PromqlError('found duplicate series for the match group on the right side');
    right.set(key, sample);
  }
  const used = new Set<string>();
  return a.flatMap((sample) => {
    const key = signature(sample.labels, matching);
    const other = right.get(key);
    if (other === undefined) return [];
    const result = calculate(operator, sample.value, other.value);
    const holds = result !== undefined || compare(operator, sample.value, other.value);
    if (result === undefined && !bool && !holds) return [];
    if (used.has(key) && !matching.manyToOne)
      throw new PromqlError('multiple matches for labels: many-to-one matching must be explicit');
    used.add(key);
    const dropsName = result !== undefined || bool;
    const named = dropsName ? withoutLabels(sample.labels, ['__name__']) : sample.labels;
    if (matching.manyToOne) return [{ labels: named, value: result ?? (bool ? Number(holds) : sample.value) }];
    const labels = matching.on ? onlyLabels(named, matching.names) : withoutLabels(named, matching.names);
    return [{ labels, value: result ?? (bool ? Number(holds) : sample.value) }];
  });
}
