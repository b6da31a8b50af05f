import type { GateDefinition } from './model.ts';

/** Whether the expressions of a gate may be any PromQL. Those of the other kinds are selectors, and sums of them. */
export function isFree({ source }: Pick<GateDefinition, 'source'>): boolean {
  return source.kind === 'query' || source.kind === 'ratio';
}
