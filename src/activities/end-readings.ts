import type { GateResult } from '../core/gates/model.ts';

/**
 * Reads gates for a moment that is over. Gates whose questions were not answered are read once more: the moment stays the same,
 * so a later answer is the same reading, and one slow query does not cost the verdict of a whole soak.
 */
export async function readOver(read: () => Promise<readonly GateResult[]>): Promise<readonly GateResult[]> {
  const first = await read();
  if (!first.some(isUnanswered)) return first;
  const second = new Map((await read()).map((result) => [result.gate, result]));
  return first.map((result) => (mayChange(result) ? (second.get(result.gate) ?? result) : result));
}

function isUnanswered({ reading }: GateResult): boolean {
  return reading.reason === 'query-error';
}

/** A gate that rests on one that was not answered may have a value too. */
function mayChange(result: GateResult): boolean {
  return isUnanswered(result) || result.reading.reason === 'rests-on';
}
