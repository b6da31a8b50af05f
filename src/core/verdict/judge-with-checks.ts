import { judgeGate } from '../gates/judge.ts';
import type { GateDefinition, GateResult, Reading } from '../gates/model.ts';
import { quantityText } from '../text/number.ts';
import { hasEnoughChecks } from './check-counts.ts';
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
  const judged = judgeGate(definition, checks === undefined ? reading : withValue(reading));
  const isLowered = checks !== undefined && !hasEnoughChecks(checks) && judged.verdict === 'pass' && counts(judged);
  const result = isLowered
    ? judgeGate(definition, withoutValue(judged.reading, definition.unit, checksSentence(checks)))
    : judged;
  return {
    ...result,
    ...(stage === undefined ? {} : { stage }),
    ...(execution === undefined ? {} : { execution }),
    ...(checks === undefined ? {} : { checks }),
  };
}

/** A reading whose checks were missed, as it was read. Its checks are judged again. */
function withValue(reading: Reading): Reading {
  const { reason, detail: _, estimate, ...rest } = reading;
  return reason === 'checks-missed' && estimate !== undefined
    ? { ...rest, value: estimate, quality: 'measured' }
    : reading;
}

/** A measured reading as an unmeasured one. It keeps what was read: by another bar it may be a failure. */
function withoutValue({ value, ...reading }: Reading, unit: string, detail: string): Reading {
  const read = value === null ? {} : { estimate: value };

  return {
    ...reading,
    value: null,
    quality: 'unmeasured',
    reason: 'checks-missed',
    detail: value === null ? detail : `${detail}; read at the end: ${quantityText(value, unit)}`,
    ...read,
  };
}

function counts(result: GateResult): boolean {
  return result.counts !== false;
}
