import type { GateDefinition, GateResult } from '../gates/model.ts';

/**
 * Counts in how many checks in a row each fail-fast gate was beyond its bar. A check in which the gate was not measured is no news:
 * it neither counts nor ends the row.
 */
export class BreachCount {
  readonly #needed: ReadonlyMap<string, number>;
  readonly #inARow = new Map<string, number>();

  constructor(gates: readonly GateDefinition[]) {
    const ending = gates.filter((gate) => gate.failFast && gate.barKind !== 'informational');
    this.#needed = new Map(ending.map(({ name, inARow = 1 }) => [name, inARow]));
  }

  /** Takes the results of a check, or some of them. @returns the first gate that has been beyond its bar for long enough */
  take<Result extends GateResult>(results: readonly Result[]): Result | undefined {
    let breach: Result | undefined;
    for (const result of results) {
      const needed = this.#needed.get(result.gate);
      if (needed === undefined || result.verdict === 'unmeasured') continue;
      const inARow = result.verdict === 'fail' ? (this.#inARow.get(result.gate) ?? 0) + 1 : 0;
      this.#inARow.set(result.gate, inARow);
      if (inARow >= needed) breach ??= result;
    }
    return breach;
  }
}
