import type { GateReader, GateReadRequest } from '../../src/adapters/prometheus/gate-reader.ts';
import { judgeGate } from '../../src/core/gates/judge.ts';
import type { GateDefinition } from '../../src/core/gates/model.ts';

/** A reader of gates that a test scripts, with everything that was asked of it. */
export interface ScriptedGates {
  readonly requests: Omit<GateReadRequest, 'signal'>[];
  readonly open: () => GateReader;
}

/** Reads every gate as the value that `valueOf` gives for a request; null is a query without an answer. */
export function scriptedGates(
  gates: readonly GateDefinition[],
  valueOf: (request: GateReadRequest, gate: GateDefinition) => number | null | Promise<number>,
): ScriptedGates {
  const requests: Omit<GateReadRequest, 'signal'>[] = [];
  const read: GateReader['read'] = async (request) => {
    const { signal: _, ...asked } = request;
    requests.push(asked);
    const { only, settleEndMs, atMs } = request;
    return await Promise.all(
      gates
        .filter(({ failFast }) => only === 'all' || failFast)
        .map(async (gate) => {
          const value = await valueOf(request, gate);
          const window = { samples: 9, windowStartMs: settleEndMs, windowEndMs: atMs, atMs };
          return judgeGate(gate, {
            gate: gate.name,
            value,
            ...(value === null ? { quality: 'unmeasured', reason: 'query-error' } : { quality: 'measured' }),
            ...window,
          });
        }),
    );
  };
  return { requests, open: () => ({ read, close: () => Promise.resolve() }) };
}
