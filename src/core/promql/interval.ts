/** The numbers that an expression can give. `low` above `high`: it never gives one. */
export interface Interval {
  readonly low: number;
  readonly high: number;
}

export const ALL: Interval = { low: -Infinity, high: Infinity };
export const NONE: Interval = { low: Infinity, high: -Infinity };
export const NOT_NEGATIVE: Interval = { low: 0, high: Infinity };
export const TRUTH: Interval = { low: 0, high: 1 };

/** The interval of one number. NaN is no reading, so it counts as no number at all. */
export function only(value: number): Interval {
  return Number.isNaN(value) ? NONE : { low: value, high: value };
}

/** Whether at most one number is possible. */
export function isFixed({ low, high }: Interval): boolean {
  return low >= high;
}

/** Everything that one of two expressions can give. */
export function hull(a: Interval, b: Interval): Interval {
  return { low: Math.min(a.low, b.low), high: Math.max(a.high, b.high) };
}

function isEmpty({ low, high }: Interval): boolean {
  return low > high;
}

/** Arithmetic of PromQL on what its operands can give. An operator without a rule here can give every number. */
export function arithmetic(operator: string, a: Interval, b: Interval): Interval {
  if (isEmpty(a) || isEmpty(b)) return NONE;
  switch (operator) {
    case '+':
      return ends([a.low + b.low, a.high + b.high]);
    case '-':
      return ends([a.low - b.high, a.high - b.low]);
    case '*':
      return ends([a.low, a.high].flatMap((left) => [b.low, b.high].map((right) => times(left, right))));
    case '/':
      return divided(a, b);
    case '%':
      return remainder(a, b);
    case '^':
      if ((isFixed(b) && b.low === 0) || (isFixed(a) && a.low === 1)) return only(1);
      if (!(isFixed(a) && isFixed(b)) && a.low >= 0 && a.high <= 1 && b.low >= 0) return TRUTH;
      break;
    default:
  }
  if (!isFixed(a) || !isFixed(b)) return ALL;
  return only(operator === '^' ? a.low ** b.low : Math.atan2(a.low, b.low));
}

/** What a comparison with `bool` gives: 1, 0, or either. */
export function compared(operator: string, a: Interval, b: Interval): Interval {
  if (isEmpty(a) || isEmpty(b)) return NONE;
  switch (operator) {
    case '<':
      return decided(a.high < b.low, a.low >= b.high);
    case '<=':
      return decided(a.high <= b.low, a.low > b.high);
    case '>':
      return decided(a.low > b.high, a.high <= b.low);
    case '>=':
      return decided(a.low >= b.high, a.high < b.low);
    case '==':
      return decided(isFixed(a) && isFixed(b) && a.low === b.low, a.high < b.low || a.low > b.high);
    default:
      return decided(a.high < b.low || a.low > b.high, isFixed(a) && isFixed(b) && a.low === b.low);
  }
}

/** What is left of `a` where it is compared with `b` without `bool`. */
export function filtered(operator: string, a: Interval, b: Interval): Interval {
  if (compared(operator, a, b).high <= 0) return NONE;
  if (operator === '==') return { low: Math.max(a.low, b.low), high: Math.min(a.high, b.high) };
  if (operator.startsWith('<')) return { low: a.low, high: Math.min(a.high, b.high) };
  return operator.startsWith('>') ? { low: Math.max(a.low, b.low), high: a.high } : a;
}

/** The sum of at least one number, of which there may be any count. */
export function summed({ low, high }: Interval): Interval {
  if (low > high) return NONE;
  return { low: low >= 0 ? low : -Infinity, high: high <= 0 ? high : Infinity };
}

/**
 * A value kept between two limits. A limit above the other leaves nothing. `least` and `most` are what the limits can be.
 */
export function clamped(a: Interval, [least, most]: readonly [Interval, Interval]): Interval {
  if (isEmpty(a) || least.low > most.high) return NONE;
  return { low: within(a.low, least.low, most.low), high: within(a.high, least.high, most.high) };
}

/** A function of one argument, applied to a number; rising functions and those without a rule, to an interval. */
export function applied(name: string, a: Interval): Interval {
  if (isEmpty(a)) return NONE;
  const rising = RISING[name];
  if (rising !== undefined) return ends([rising(a.low), rising(a.high)]);
  if (name === 'abs')
    return a.low >= 0 ? a : { low: a.high <= 0 ? -a.high : 0, high: Math.max(Math.abs(a.low), Math.abs(a.high)) };
  return ALL;
}

const RISING: Readonly<Record<string, (value: number) => number>> = {
  ceil: Math.ceil,
  exp: Math.exp,
  floor: Math.floor,
  sgn: Math.sign,
};

/** The smallest interval of the given numbers; NaN among them = nothing is known. */
function ends(values: readonly number[]): Interval {
  return values.some(Number.isNaN) ? ALL : { low: Math.min(...values), high: Math.max(...values) };
}

/** 0 times infinity is NaN, which is no reading: the finite numbers before it give 0. */
function times(left: number, right: number): number {
  return left === 0 || right === 0 ? 0 : left * right;
}

function divided(a: Interval, b: Interval): Interval {
  if (isFixed(b) && b.low === 0) return isFixed(a) ? only(a.low / 0) : ALL;
  if (isFixed(a) && a.low === 0) return only(0);
  if (b.low <= 0 && b.high >= 0) return ALL;
  return ends([a.low, a.high].flatMap((left) => [b.low, b.high].map((right) => left / right)));
}

/** The remainder has the sign of what is divided, and is smaller than the divisor. */
function remainder(a: Interval, b: Interval): Interval {
  if (isFixed(a) && isFixed(b)) return only(a.low % b.low);
  const most = Math.max(Math.abs(b.low), Math.abs(b.high));
  return { low: a.low >= 0 ? 0 : -most, high: a.high <= 0 ? 0 : most };
}

function within(value: number, low: number, high: number): number {
  return Math.min(Math.max(value, low), high);
}

function decided(always: boolean, never: boolean): Interval {
  return always ? only(1) : never ? only(0) : TRUTH;
}
