import type { GateDefinition, GateResult } from './model.ts';
import { misses } from './beyond-bar.ts';
import { judgeGate } from './judge.ts';

/** The gates that are read when some are asked for: those, and what they rest on, directly or through others. */
export function withRests(
  gates: readonly GateDefinition[],
  asked: readonly GateDefinition[],
): readonly GateDefinition[] {
  const wanted = new Set<GateDefinition>(asked);
  // The set grows while it is gone through.
  for (const gate of wanted) {
    for (const other of gates) if (gate.restsOn?.includes(other.name) === true) wanted.add(other);
  }
  return gates.filter((gate) => wanted.has(gate));
}

/**
 * Makes a gate unmeasured whose value rests on another gate that is not measured within its bar, directly or through others: a latency
 * over Pods of which some were not observed says nothing about those.
 */
export function applyRests(gates: readonly GateDefinition[], results: readonly GateResult[]): readonly GateResult[] {
  const byName = new Map(results.map((result) => [result.gate, result]));
  const definitions = new Map(gates.map((gate) => [gate.name, gate]));
  const brokenUnder = (name: string): GateResult | undefined => {
    // The set grows while it is gone through, and has each gate once: gates may rest on each other.
    const below = new Set(definitions.get(name)?.restsOn);
    for (const other of below) {
      const result = other === name ? undefined : byName.get(other);
      if (result !== undefined && !isMet(result)) return result;
      for (const deeper of definitions.get(other)?.restsOn ?? []) below.add(deeper);
    }
    return undefined;
  };
  return results.map((result) => {
    const gate = definitions.get(result.gate);
    const broken = brokenUnder(result.gate);
    if (gate === undefined || broken === undefined || result.reading.value === null) return result;
    const { value: _value, low: _low, high: _high, ...reading } = result.reading;
    return judgeGate(gate, {
      ...reading,
      value: null,
      quality: 'unmeasured',
      reason: 'rests-on',
      detail: `it rests on ${broken.message}`,
    });
  });
}

/** Whether a result is measured and within its bar, also where the gate is informational. */
function isMet({ reading: { value }, bar }: GateResult): boolean {
  return value !== null && !misses(value, bar);
}
