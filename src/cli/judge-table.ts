import { textTable } from './text-table.ts';
import type { ForeignVerdict } from '../core/verdict/foreign-rules-registry.ts';
import { identityLine } from '../core/identity/describe-identity.ts';
import type { SideBySide, SummaryVerdict } from '../core/verdict/judge-summary.ts';
import type { StoredSummary } from '../core/verdict/stored-summary.ts';
import { checksSentence, gateSentence, originText } from '../core/verdict/wording.ts';
import { momentText, timeOfDayText } from '../core/text/time.ts';
import { barSymbols } from '../core/text/bar.ts';
import { coloured } from './verdict-table.ts';

/** Both rules' verdicts, gate by gate. What neither judges is left out. */
export function bothTable(rows: readonly SideBySide[], belay: SummaryVerdict): string {
  const shown: string[][] = [];
  const bars = new Map(belay.results.map((result) => [result.gate, barSymbols(result.bar, result.unit)]));
  for (const row of rows) {
    if (row.informational && row.bigfleet !== 'fail') continue;
    shown.push([
      row.gate,
      row.value === null ? '–' : String(Number(row.value.toPrecision(6))),
      outcomeText(row),
      row.informational ? 'not judged' : row.belay === undefined ? 'not judged' : coloured(row.belay),
      row.belay === 'pass' ? (bars.get(row.gate) ?? '') : row.message,
    ]);
  }
  return textTable(['gate', 'value', 'bigfleet', 'belay', 'why'], shown, { right: [1] });
}

/** Belay's verdict by itself. */
export function belayTable(belay: SummaryVerdict): string {
  const rows = belay.results
    .filter(({ barKind }) => barKind !== 'informational')
    .map((result) => [result.gate, coloured(result.verdict), gateSentence(result)]);
  return textTable(['gate', 'verdict', 'message'], rows);
}

/** Where the readings of a summary come from: stage, execution and window. No line for a summary that does not say it. */
export function originLines({ results }: SummaryVerdict): readonly string[] {
  const named = results.filter(({ stage }) => stage !== undefined);
  return [...Map.groupBy(named, originText)].map(([origin, of]) => {
    const startMs = Math.min(...of.map(({ reading }) => reading.windowStartMs));
    const endMs = Math.max(...of.map(({ reading }) => reading.windowEndMs));
    return `readings of ${origin}: ${momentText(startMs).replace(' UTC', '')} to ${timeOfDayText(endMs)} UTC`;
  });
}

/** Fail-fast gates of which some checks that were due have no value, one line each. */
export function missedCheckLines({ results }: SummaryVerdict): readonly string[] {
  return results.flatMap(({ gate, checks }) =>
    checks === undefined || checks.measured === checks.due ? [] : [`checks of ${gate}: ${checksSentence(checks)}`],
  );
}

/** Upstream's verdict by itself, in its order. */
export function bigfleetTable(bigfleet: ForeignVerdict): string {
  const rows = [...bigfleet.gates, bigfleet.reclaims].map((gate) => {
    const outcome = gate.outcome === 'skipped' ? 'skipped' : coloured(gate.outcome);
    return [gate.key, gate.value === null ? '–' : String(gate.value), gate.bar, outcome];
  });
  return textTable(['gate', 'value', 'bar', 'outcome'], rows);
}

/** Upstream's verdict in a line, with what it did not measure. */
export function bigfleetLine(bigfleet: ForeignVerdict): string {
  const judged = [...bigfleet.gates, bigfleet.reclaims].some((gate) => gate.outcome !== 'skipped');
  if (!judged && bigfleet.pass) return `bigfleet: ${coloured('pass')}, because none of its gates is in this summary`;
  const verdict = bigfleet.pass ? coloured('pass') : `${coloured('fail')}: ${bigfleet.reason}`;
  const unmeasured =
    bigfleet.unmeasured.length === 0 ? '' : ` (unmeasured, passed over: ${bigfleet.unmeasured.join(', ')})`;
  return `bigfleet: ${verdict}${unmeasured}`;
}

/** What the readings of a summary were taken with, in a line. No line for a summary that does not say it. */
export function identityLines(recorded: StoredSummary['identity']): readonly string[] {
  return recorded === undefined ? [] : [identityLine(recorded.identity, recorded.fingerprint)];
}

/** Belay's verdict in a line. */
export function belayLine(belay: SummaryVerdict): string {
  const [first, ...others] = belay.reasons;
  const more = others.length === 0 ? '' : ` (and ${others.length} more)`;
  return `belay: ${coloured(belay.verdict)}${first === undefined ? '' : `: ${first}${more}`}`;
}

function outcomeText(row: SideBySide): string {
  if (row.bigfleet === 'fail') return coloured('fail');
  if (row.passedUnmeasured) return coloured('unmeasured', 'passed unmeasured');
  if (row.bigfleet === 'pass') return coloured('pass');
  return row.bigfleet;
}
