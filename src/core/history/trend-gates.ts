import type { GateDefinition, GateSources, Reading } from '../gates/model.ts';
import { quantityText } from '../text/number.ts';
import type { JudgedGate } from '../verdict/judged-gate.ts';
import { judgeWithChecks } from '../verdict/judge-with-checks.ts';
import type { MetricTrend } from './metric-trends.ts';
import { TREND_DEFAULTS } from './trend/bounds.ts';
import type { Change } from './trend/model.ts';
import { changeText } from './trend-words.ts';

/** Whether a gate is read from earlier runs. */
export function isTrendGate(gate: GateDefinition): gate is GateDefinition & { readonly source: GateSources['trend'] } {
  return gate.source.kind === 'trend';
}

/**
 * The results of a campaign with those of its trend gates read from earlier runs, this campaign the latest of them.
 * @param trends of the metrics; undefined where earlier runs could not be read, with the reason
 */
export function withTrendGates(
  gates: readonly GateDefinition[],
  results: readonly JudgedGate[],
  trends: readonly MetricTrend[] | { readonly unreadable: string },
): readonly JudgedGate[] {
  return results.map((result) => {
    const gate = gates.find(({ name }) => name === result.gate);
    if (gate === undefined || !isTrendGate(gate)) return result;
    const { source } = gate;
    const of = 'unreadable' in trends ? undefined : trends.find(({ metric }) => metric === source.of);
    const { windowStartMs, windowEndMs, atMs } = result.reading;
    const base = {
      gate: gate.name,
      samples: of?.runs.length ?? 0,
      windowStartMs: of?.runs[0]?.atMs ?? windowStartMs,
      windowEndMs,
      atMs,
    };
    const read =
      'unreadable' in trends
        ? unmeasured('not-evaluated', `earlier runs could not be read: ${trends.unreadable}`)
        : valueOf(source, of);
    const { stage, execution } = result;
    const origin = { ...(stage === undefined ? {} : { stage }), ...(execution === undefined ? {} : { execution }) };
    return judgeWithChecks(gate, { ...base, ...read }, origin);
  });
}

type Value = Pick<Reading, 'value' | 'quality' | 'low' | 'high' | 'detail' | 'reason'>;

function valueOf({ of: metric, over }: GateSources['trend'], of: MetricTrend | undefined): Value {
  const latest = of?.trend.answers.at(-1);
  if (of === undefined || latest === undefined || latest.answer === 'unmeasured')
    return unmeasured('rests-on', `${metric} is not measured in this campaign`);
  if (latest.answer === 'too-little-history') {
    const earlier = of.runs.filter(({ value }) => value !== null).length - 1;
    return unmeasured(
      'too-little-history',
      `${earlier} earlier runs with the same fingerprint measured ${metric}; it takes ${TREND_DEFAULTS.minRuns}`,
    );
  }
  const recent = of.trend.changes.filter((change) => isCounted(change, of.runs.length - over));
  const open = of.trend.changes.find(({ kind, state }) => kind === 'outlier' && state === 'open');
  const settled = compound(recent);
  if (settled === undefined)
    return unmeasured('not-evaluated', `the level of ${metric} was 0, which nothing is a share of`);
  const texts = [...recent, ...(open === undefined ? [] : [open])].map((change) => changeText(of, change));
  const detail = texts.length === 0 ? {} : { detail: texts.join('; ') };
  if (open === undefined) return { ...settled, quality: 'measured', ...detail };
  // One run may be an outlier or the first of a step: the level is as before, or where this run is.
  const together = compound([...recent, open]);
  if (together === undefined)
    return unmeasured('not-evaluated', `${metric} was 0, now ${quantityText(open.after, of.unit)}`);
  const low = Math.min(settled.low, together.value);
  const high = Math.max(settled.high, together.value);
  return { value: settled.value, low, high, quality: 'measured', ...detail };
}

/** Steps and drifts that the last runs show. */
function isCounted({ kind, since, flaggedAt }: Change, first: number): boolean {
  return kind !== 'outlier' && Math.max(since, flaggedAt) >= first;
}

/** Several changes as one, from the level before the first. */
function compound(
  changes: readonly Change[],
): { readonly value: number; readonly low: number; readonly high: number } | undefined {
  let [value, low, high] = [1, 1, 1];
  for (const { size } of changes) {
    if (size.share === undefined) return undefined;
    value *= 1 + size.share;
    low *= 1 + (size.low ?? size.share);
    high *= 1 + (size.high ?? size.share);
  }
  return { value: value - 1, low: low - 1, high: high - 1 };
}

function unmeasured(reason: NonNullable<Reading['reason']>, detail: string): Value {
  return { value: null, quality: 'unmeasured', reason, detail };
}
