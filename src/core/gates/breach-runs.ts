import type { GateDefinition, GateResult } from './model.ts';

/**
 * Counts the readings of fail-fast gates that are beyond their bars in a row. A gate is breached when as many readings in a row are
 * beyond its bar as its `for` asks for, which is one where it has none. An unmeasured reading, or one that was not made, neither
 * counts nor ends a row: a target that comes and goes must not hide a breach. A measured reading within the bar ends it.
 */
export class BreachRuns {
  readonly #needed: ReadonlyMap<string, number>;
  readonly #inRow = new Map<string, number>();

  constructor(gates: readonly GateDefinition[]) {
    const judged = gates.filter(({ failFast, barKind }) => failFast && barKind !== 'informational');
    this.#needed = new Map(judged.map(({ name, forReadings }) => [name, forReadings ?? 1]));
  }

  /**
   * Takes a reading into account. Readings of one execution come in the order in which they were taken.
   * @returns the breach that it completes; its message says how many readings it took, if more than one
   */
  add(result: GateResult): GateResult | undefined {
    const { gate, verdict } = result;
    const needed = this.#needed.get(gate);
    if (needed === undefined || verdict === 'unmeasured') return undefined;
    const inRow = verdict === 'fail' ? (this.#inRow.get(gate) ?? 0) + 1 : 0;
    this.#inRow.set(gate, inRow);
    if (inRow < needed) return undefined;
    return needed === 1 ? result : { ...result, message: `${result.message}, ${inRow} readings in a row` };
  }
}
