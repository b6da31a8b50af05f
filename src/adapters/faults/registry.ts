import { parametersOf, type ParametersOf, type RunnableFault } from '../../core/faults/registry.ts';
import type { BoundEffect, FaultEffect } from './effect.ts';
import { failNode } from './fail-node.ts';

/** The effect of every fault that Belay injects. */
const EFFECTS: { readonly [Name in RunnableFault]: FaultEffect<ParametersOf<Name>> } = {
  'fail-node': failNode,
};

/** The effect that an action asks for; undefined when this version cannot inject it. */
export function effectOf(action: string): BoundEffect | undefined {
  const names = Object.keys(EFFECTS) as RunnableFault[];
  return names.map((name) => bind(name, EFFECTS[name], action)).find((effect) => effect !== undefined);
}

function bind<Name extends RunnableFault>(
  name: Name,
  effect: FaultEffect<ParametersOf<Name>>,
  action: string,
): BoundEffect | undefined {
  const parameters = parametersOf(name, action);
  if (parameters === undefined) return undefined;
  return { ...effect, choose: (site, taken, within) => effect.choose(parameters, site, taken, within) };
}
