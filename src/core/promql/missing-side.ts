import type { Dependence } from './dependence.ts';

/** The side of a bar on which a value misses it. */
export type MissingSide = 'above' | 'below';

/** Comparisons that drop what is large, and what is small. */
export const DROPS: Readonly<Record<MissingSide, ReadonlySet<string>>> = {
  above: new Set(['Lss', 'Lte', 'Neq']),
  below: new Set(['Gtr', 'Gte', 'Neq']),
};
/** Each comparison with its sides exchanged. */
export const MIRRORED: Readonly<Record<string, string>> = {
  Lss: 'Gtr',
  Lte: 'Gte',
  Gtr: 'Lss',
  Gte: 'Lte',
  Neq: 'Neq',
  Eql: 'Eql',
};
/** Functions that make what is large small, and what is small large. */
export const LIMITS: Readonly<Record<MissingSide, ReadonlySet<string>>> = {
  above: new Set(['clamp', 'clamp_max']),
  below: new Set(['clamp', 'clamp_min']),
};
/** Aggregations that leave out series that are large, and that are small. */
export const SELECTS: Readonly<Record<MissingSide, ReadonlySet<string>>> = {
  above: new Set(['bottomk', 'limitk', 'limit_ratio']),
  below: new Set(['topk', 'limitk', 'limit_ratio']),
};
/** The side on which what is divided by a value, or subtracted from one, misses its bar. */
export function otherSide(side: MissingSide): MissingSide {
  return side === 'above' ? 'below' : 'above';
}

/** Whether what follows a value in this way leaves out what is beyond a bar on that side. */
export function drops({ rises, falls }: Dependence, side: MissingSide): boolean {
  return side === 'above' ? falls : rises;
}
