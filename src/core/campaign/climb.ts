import { recordedFields, recordedText } from '../files/recorded-fields.ts';
import { narrowestHeadroom } from '../gates/headroom.ts';
import { headroomText } from '../text/number.ts';
import { cell, code, END, paragraph, table, unbroken } from '../text/markdown.ts';
import { parseRungAgain, type RungAgain } from './rung-again.ts';
import { RUNG_ENDS, type RungEnd } from './rung-end.ts';
import type { GateLine } from './stage-io.ts';
import { workflowPage } from './ui-pages.ts';

/** Changes of a rung that the details of its climb list, and their bytes. */
const LISTED_CHANGES = 5;
const MAX_CHANGE = 200;

/** Metrics of second runs that the details list. */
const LISTED_OUTCOMES = 20;

/** Current Details hold 20 kB; the rung's own page has all of it. */
const MAX_REASON = 1_500;

/** A climb of a ladder, pure: how each rung ended, and how the whole climb did. */

/** A rung to climb, as `resolveLadder` returns it. */
export interface Rung {
  /** Unique within the ladder; part of the campaign's workflow id. */
  readonly id: string;
  readonly profile: string;
  readonly substrate: string;
  readonly overrides: Readonly<Record<string, unknown>>;
  /** The existing clusters that it uses, as the command line has found them. */
  readonly targets?: Readonly<Record<string, unknown>>;
  /** The same for its second run: a record of kubeconfigs goes with the campaign that used it. */
  readonly targetsAgain?: Readonly<Record<string, unknown>>;
}

/** A ladder, resolved. */
export interface LadderSpec {
  readonly name: string;
  readonly rungs: readonly Rung[];
  /** How long a failed rung holds if neither the input nor its profile sets a hold; 0 for scheduled climbs. */
  readonly holdMs: number;
  /** The hold of the input, written as a campaign's input has it. It takes precedence over a rung profile's own. */
  readonly inputHold?: string;
  readonly trigger: 'cli' | 'ui' | 'schedule';
  /** A rung that is flagged by its trend runs once more. */
  readonly runAgain?: boolean;
  /** Where the summary is written, on the queue of the host that resolved the ladder. */
  readonly hostQueue: string;
  readonly folder: string;
}

/** The input of a rung's campaign. */
export function rungInput(
  { profile, substrate, overrides, targets }: Rung,
  { inputHold }: Pick<LadderSpec, 'inputHold'>,
): Readonly<Record<string, unknown>> {
  return {
    profile,
    substrate,
    overrides,
    ...(targets === undefined ? {} : { targets }),
    ...(inputHold === undefined ? {} : { hold: inputHold }),
  };
}

/** A rung as it runs the second time; undefined where it has clusters that only one campaign can use. */
export function rungAgain({ targets, targetsAgain, ...rung }: Rung): Rung | undefined {
  if (targets === undefined) return rung;
  return targetsAgain === undefined ? undefined : { ...rung, targets: targetsAgain };
}

/**
 * Reads what `resolveLadder` recorded. The first version called the hold of the input `toldHold`.
 * @throws UnreadableRecord naming the field
 */
export function parseLadder(value: unknown): LadderSpec {
  const fields = recordedFields('ladder', value);
  const inputHold = fields.text('inputHold', fields.text('toldHold', ''));
  return {
    name: fields.text('name'),
    rungs: fields.list('rungs', (item, where) => {
      const rung = recordedFields(where, item);
      return {
        id: rung.text('id'),
        profile: rung.text('profile'),
        substrate: rung.text('substrate'),
        overrides: rung.map('overrides', {}),
        ...(rung.has('targets') ? { targets: rung.map('targets', {}) } : {}),
        ...(rung.has('targetsAgain') ? { targetsAgain: rung.map('targetsAgain', {}) } : {}),
      };
    }),
    holdMs: fields.count('holdMs'),
    ...(inputHold === '' ? {} : { inputHold }),
    trigger: fields.oneOf('trigger', ['cli', 'ui', 'schedule']),
    ...(fields.flag('runAgain', false) ? { runAgain: true } : {}),
    hostQueue: fields.text('hostQueue'),
    folder: fields.text('folder'),
  };
}

/** One line of the climb's summary. */
export interface RungLine {
  readonly rung: string;
  readonly profile: string;
  readonly substrate: string;
  readonly workflowId: string;
  readonly end: RungEnd;
  /** Why it ended so, in a sentence; empty for a pass. */
  readonly reason: string;
  /** The gate that broke or had least headroom. */
  readonly tightest: string;
  readonly durationMs: number;
  /** What changed over the latest comparable runs, a sentence each. Absent = nothing is known to have. */
  readonly changes?: readonly string[];
  /** Its second run. Absent = it ran once. */
  readonly again?: RungAgain;
}

/** The result of a climb, also kept as `runs/<ladder>/ladder.json`. */
export interface ClimbResult {
  readonly ladder: string;
  readonly end: RungEnd;
  readonly rungs: readonly RungLine[];
}

/** Reads the argument of the activity `writeClimb`. @throws UnreadableRecord naming the field */
export function parseClimbSummary(value: unknown): { readonly folder: string; readonly result: ClimbResult } {
  const fields = recordedFields('summary of a climb', value);
  const result = fields.object('result');
  return {
    folder: fields.object('spec').name('folder'),
    result: {
      ladder: result.text('ladder'),
      end: result.oneOf('end', RUNG_ENDS),
      rungs: result.list('rungs', parseRungLine),
    },
  };
}

function parseRungLine(value: unknown, where: string): RungLine {
  const rung = recordedFields(where, value);
  return {
    rung: rung.text('rung'),
    profile: rung.text('profile'),
    substrate: rung.text('substrate'),
    workflowId: rung.text('workflowId'),
    end: rung.oneOf('end', RUNG_ENDS),
    reason: rung.text('reason', ''),
    tightest: rung.text('tightest', ''),
    durationMs: rung.number('durationMs', 0),
    ...(rung.has('changes') ? { changes: rung.list('changes', recordedText) } : {}),
    ...(rung.has('again') ? { again: parseRungAgain(rung.map('again'), `${where}: again`) } : {}),
  };
}

/** How the whole climb ended: as the rung did at which it stopped, or pass. */
export function endOfClimb(rungs: readonly RungLine[]): RungEnd {
  return rungs.find((rung) => rung.end !== 'pass')?.end ?? 'pass';
}

/** The judged gate nearest to its bar, as "name: 82 % headroom"; empty when none has a headroom. */
export function tightestGate(gates: readonly GateLine[]): string {
  const tightest = narrowestHeadroom(gates.filter((gate) => !gate.informational));
  return tightest === undefined ? '' : `${tightest.gate}: ${headroomText(tightest.headroom)} headroom`;
}

/** What second runs showed, rung by rung: empty where none ran. */
function againSection(rungs: readonly RungLine[]): string {
  const lines = rungs.flatMap(({ rung, again }) =>
    (again?.outcomes ?? []).map(({ outcome, text }) => `- ${rung}: **${outcome}**: ${paragraph(text, MAX_CHANGE)}`),
  );
  return lines.length === 0 ? '' : ['### Run again', lines.slice(0, LISTED_OUTCOMES).join('\n')].join('\n\n');
}

/** What changed, rung by rung: empty where nothing did. */
function changedSection(rungs: readonly RungLine[]): string {
  const lines = rungs.flatMap(({ rung, changes = [] }) =>
    changes.slice(0, LISTED_CHANGES).map((change) => `- ${rung}: ${paragraph(change, MAX_CHANGE)}`),
  );
  return lines.length === 0 ? '' : ['### Changed over the latest comparable runs', lines.join('\n')].join('\n\n');
}

/**
 * The climb as Markdown, one line per rung, for Current Details.
 * @param namespace of the rungs' pages; without it their ids are no links
 */
export function climbDetails(name: string, rungs: readonly RungLine[], namespace?: string): string {
  const rows = rungs.flatMap((line) => [
    detailsRow(line, namespace),
    ...(line.again === undefined
      ? []
      : [detailsRow({ ...line, ...line.again, rung: `${line.rung}, again`, tightest: '' }, namespace)]),
  ]);
  const stopped = rungs.find((rung) => !['pass', 'running', 'not-started'].includes(rung.end));
  return [
    `## Ladder ${name}: ${rungs.some((rung) => rung.end === 'running') ? 'climbing' : endOfClimb(rungs)}`,
    stopped === undefined
      ? ''
      : `Stopped at **${stopped.rung}** (${stopped.end}): ${paragraph(stopped.reason, MAX_REASON)}`,
    table(['rung', 'profile', 'substrate', 'end', 'took', 'tightest gate', 'campaign'], rows),
    againSection(rungs),
    changedSection(rungs),
    'Each rung is a campaign with a page of its own, also under Relationships.',
    END,
  ]
    .filter((part) => part !== '')
    .join('\n\n');
}

function detailsRow(line: RungLine, namespace: string | undefined): readonly string[] {
  const { rung, profile, substrate, end, durationMs, tightest, workflowId } = line;
  return [
    unbroken(cell(rung)),
    unbroken(cell(profile)),
    unbroken(cell(substrate)),
    end === 'pass' ? 'pass' : `**${end}**`,
    durationMs === 0 ? '' : unbroken(`${Math.round(durationMs / 1000)} s`),
    cell(tightest),
    namespace === undefined || end === 'not-started'
      ? code(workflowId)
      : `[${unbroken(cell(workflowId))}](${workflowPage(namespace, workflowId)})`,
  ];
}
