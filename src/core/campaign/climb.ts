import type { Verdict } from '../gates/model.ts';
import { cell, cut, END, table, unbroken } from '../text/markdown.ts';
import type { GateLine } from './stage-io.ts';
import { workflowPage } from './ui-pages.ts';

/** Current Details hold 20 kB; the rung's own page has all of it. */
const MAX_REASON = 1_500;

/** A ladder's climb, pure: what became of each rung, and what that makes of the whole. */

/** A rung to be climbed, as `resolveLadder` gives it. */
export interface Rung {
  /** Unique within the ladder; part of the campaign's workflow id. */
  readonly id: string;
  readonly profile: string;
  readonly substrate: string;
  readonly overrides: Readonly<Record<string, unknown>>;
}

/** A ladder, resolved. */
export interface LadderSpec {
  readonly name: string;
  readonly rungs: readonly Rung[];
  /** How long a failed rung waits for a decision where nobody says, its profile included; 0 for scheduled climbs. */
  readonly holdMs: number;
  /** The hold that somebody typed, as a campaign's input has it: it wins over a rung profile's own. */
  readonly toldHold?: string;
  readonly trigger: 'cli' | 'ui' | 'schedule';
  /** Where the summary is written, on the queue of the host that resolved the ladder. */
  readonly hostQueue: string;
  readonly folder: string;
}

/** What a rung's campaign is started with. */
export function rungInput(
  { profile, substrate, overrides }: Rung,
  { toldHold }: Pick<LadderSpec, 'toldHold'>,
): Readonly<Record<string, unknown>> {
  return { profile, substrate, overrides, ...(toldHold === undefined ? {} : { hold: toldHold }) };
}

/** How a rung ended. Only `pass` lets the climb go on. */
export type RungEnd = Verdict | 'aborted' | 'harness-fault' | 'not-started' | 'running';

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
}

/** The climb's result, also kept as `runs/<ladder>/ladder.json`. */
export interface ClimbResult {
  readonly ladder: string;
  readonly end: RungEnd;
  readonly rungs: readonly RungLine[];
}

/** What the whole climb comes to: the end of the rung it stopped at, or pass. */
export function endOfClimb(rungs: readonly RungLine[]): RungEnd {
  return rungs.find((rung) => rung.end !== 'pass')?.end ?? 'pass';
}

/** The judged gate nearest to its bar, as "name: 82 % headroom"; empty when none has a headroom. */
export function tightestGate(gates: readonly GateLine[]): string {
  const judged = gates.filter((gate) => !gate.informational && gate.headroom !== null);
  const tightest = judged.sort((a, b) => (a.headroom ?? 0) - (b.headroom ?? 0))[0];
  return tightest === undefined ? '' : `${tightest.gate}: ${Math.round((tightest.headroom ?? 0) * 100)} % headroom`;
}

/**
 * The climb as Markdown, a line a rung, for Current Details.
 * @param namespace where the rungs' pages are; without it their ids link to nothing
 */
export function climbDetails(name: string, rungs: readonly RungLine[], namespace?: string): string {
  const rows = rungs.map(({ rung, profile, substrate, end, durationMs, tightest, workflowId }) => [
    unbroken(cell(rung)),
    unbroken(cell(profile)),
    unbroken(cell(substrate)),
    end === 'pass' ? 'pass' : `**${end}**`,
    durationMs === 0 ? '' : unbroken(`${Math.round(durationMs / 1000)} s`),
    cell(tightest),
    namespace === undefined || end === 'not-started'
      ? `\`${workflowId}\``
      : `[${unbroken(cell(workflowId))}](${workflowPage(namespace, workflowId)})`,
  ]);
  const stopped = rungs.find((rung) => !['pass', 'running', 'not-started'].includes(rung.end));
  return [
    `## Ladder ${name}: ${rungs.some((rung) => rung.end === 'running') ? 'climbing' : endOfClimb(rungs)}`,
    stopped === undefined ? '' : `Stopped at **${stopped.rung}** (${stopped.end}): ${cut(stopped.reason, MAX_REASON)}`,
    table(['rung', 'profile', 'substrate', 'end', 'took', 'tightest gate', 'campaign'], rows),
    'Each rung is a campaign with a page of its own, also under Relationships.',
    END,
  ]
    .filter((part) => part !== '')
    .join('\n\n');
}
