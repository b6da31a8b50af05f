import Table from 'cli-table3';
import { COMPACT } from './text-table.ts';
import type { ForeignVerdict } from '../core/verdict/foreign-rules-registry.ts';
import type { SideBySide, SummaryVerdict } from '../core/verdict/judge-summary.ts';
import { barSymbols } from '../core/text/bar.ts';
import { coloured } from './verdict-table.ts';

/** Both rules' verdicts, gate by gate. What neither judges is left out. */
export function bothTable(rows: readonly SideBySide[], belay: SummaryVerdict): string {
  const table = new Table({
    head: ['gate', 'value', 'bigfleet', 'belay', 'why'],
    ...COMPACT,
    colWidths: [null, null, null, null, 72],
    colAligns: ['left', 'right', 'left', 'left', 'left'],
    wordWrap: true,
  });
  const bars = new Map(belay.results.map((result) => [result.gate, barSymbols(result.bar, result.unit)]));
  for (const row of rows) {
    if (row.informational && row.bigfleet !== 'fail') continue;
    table.push([
      row.gate,
      row.value === null ? '–' : String(Number(row.value.toPrecision(6))),
      outcomeText(row),
      row.informational ? 'not judged' : row.belay === undefined ? 'not judged' : coloured(row.belay),
      row.belay === 'pass' ? (bars.get(row.gate) ?? '') : row.message,
    ]);
  }
  return table.toString();
}

/** Belay's verdict by itself. */
export function belayTable(belay: SummaryVerdict): string {
  const table = new Table({ head: ['gate', 'verdict', 'message'], ...COMPACT });
  for (const result of belay.results) {
    if (result.barKind !== 'informational') table.push([result.gate, coloured(result.verdict), result.message]);
  }
  return table.toString();
}

/** Upstream's verdict by itself, in its order. */
export function bigfleetTable(bigfleet: ForeignVerdict): string {
  const table = new Table({ head: ['gate', 'value', 'bar', 'outcome'], ...COMPACT });
  for (const gate of [...bigfleet.gates, bigfleet.reclaims]) {
    const outcome = gate.outcome === 'skipped' ? 'skipped' : coloured(gate.outcome);
    table.push([gate.key, gate.value === null ? '–' : String(gate.value), gate.bar, outcome]);
  }
  return table.toString();
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
