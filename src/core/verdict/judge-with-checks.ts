import { asTaken, lowered } from '../gates/believed.ts';
import { judgeGate } from '../gates/judge.ts';
import type { GateDefinition, GateResult, Reading } from '../gates/model.ts';
import { quantityText } from '../text/number.ts';
import { hasEnoughChecks, type CheckCounts } from './check-counts.ts';
import type { JudgedGate } from './judged-gate.ts';
import { checksSentence } from './wording.ts';

/**
 * Judges a gate on the reading at the end of the soak, live and in a stored summary alike. A gate that most checks of the soak
 * could not measure is unmeasured: a breach may have gone unseen. A reading beyond its bar is a failure nevertheless.
 */
export function judgeWithChecks(
  definition: GateDefinition,
  reading: Reading,
  { stage, execution, checks }: Pick<JudgedGate, 'stage' | 'execution' | 'checks'>,
): JudgedGate {
  const judged = judgeGate(definition, checks === undefined ? reading : asTaken(reading, ['checks-missed']));
  const isLowered = checks !== undefined && !hasEnoughChecks(checks) && judged.verdict === 'pass' && counts(judged);
  const result = isLowered
    ? judgeGate(definition, lowered(judged.reading, 'checks-missed', missedText(judged, checks)))
    : judged;
  return {
    ...result,
    ...(stage === undefined ? {} : { stage }),
    ...(execution === undefined ? {} : { execution }),
    ...(checks === undefined ? {} : { checks }),
  };
}

function missedText({ reading: { value }, unit }: GateResult, checks: CheckCounts): string {
  const read = value === null ? '' : `; read at the end: ${quantityText(value, unit)}`;
  return `${checksSentence(checks)}${read}`;
}

function counts(result: GateResult): boolean {
  return result.counts !== false;
}
