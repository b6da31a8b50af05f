import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { styleText } from 'node:util';
import { summaryInFolder } from '../adapters/evidence/write-summary.ts';
import { readJsonFile } from '../adapters/host/atomic-file.ts';
import { runsFolder } from '../adapters/host/folders.ts';
import { endingOf, healedExecutions } from '../core/campaign/ending.ts';
import type { GateLine } from '../core/campaign/stage-io.ts';
import { exitCodeOf, EXIT } from '../core/verdict/exit-codes.ts';
import { healedSentence } from '../core/verdict/wording.ts';
import type { CampaignEnd } from './follow-campaign.ts';
import { listItem } from './list-item.ts';
import { coloured, verdictTable } from './verdict-table.ts';

/** Where a campaign ran, and what is known about it besides its end. */
export interface EndWhere {
  readonly workflowId: string;
  readonly pageUrl: string | undefined;
  readonly stackStays: boolean;
  /** The command that runs it again; undefined if this command did not start it. */
  readonly again: string | undefined;
}

/** The result of a campaign for programs. */
export function closingFacts(
  { result, status, message }: CampaignEnd,
  where: EndWhere,
): {
  readonly message: string;
  readonly reasons: readonly string[];
  readonly gates: readonly GateLine[];
  readonly leftovers: readonly string[];
  readonly evidence: string | null;
  readonly report: string | null;
  readonly page: string | null;
} {
  const folder = join(runsFolder(), status?.campaign ?? result?.campaign ?? where.workflowId);
  const report = join(folder, 'report.html');
  return {
    message,
    reasons: result?.reasons ?? [],
    gates: result?.gates ?? gatesOnDisk(folder),
    leftovers: result?.leftovers ?? [],
    evidence: existsSync(folder) ? folder : null,
    report: existsSync(report) ? report : null,
    page: where.pageUrl ?? null,
  };
}

/** The result of a campaign for a terminal: gates, verdict with its reasons, where the evidence is, what to do next. */
export function closingWords(campaignEnd: CampaignEnd, where: EndWhere): string {
  const { end, result, status, message } = campaignEnd;
  const campaign = status?.campaign ?? result?.campaign ?? where.workflowId;
  const folder = join(runsFolder(), campaign);
  const gates = result?.gates ?? gatesOnDisk(folder);
  const lines: string[] = [''];
  if (gates.length > 0) lines.push(verdictTable(gates), '');
  lines.push(
    `${styleText('bold', 'verdict')}  ${coloured(end, end.toUpperCase())}${message === '' ? '' : listItem(message, '  ')}`,
  );
  for (const reason of result?.reasons ?? []) lines.push(listItem(reason));
  for (const healed of status === undefined ? [] : healedExecutions(status.state))
    lines.push(listItem(healedSentence(healed)));
  for (const change of result?.changes ?? []) lines.push(listItem(change, `  ${styleText('bold', 'changed')} `));
  for (const leftover of result?.leftovers ?? []) lines.push(styleText('red', listItem(leftover, '  ! left behind: ')));
  lines.push('');
  if (existsSync(folder)) lines.push(`evidence  ${folder}`, `report    ${join(folder, 'report.html')}`);
  if (where.pageUrl !== undefined)
    lines.push(`page      ${where.pageUrl}${where.stackStays ? '' : '  (after ./belay up)'}`);
  lines.push(
    `next      ${nextCommand(end, where.again ?? `./belay run ${profileOnDisk(folder)}`, where.workflowId, status === undefined ? 'completed' : endingOf(status.state))}`,
  );
  if (end === 'unmeasured') lines.push(...withoutUnmeasured(gates, where.again));
  return lines.join('\n');
}

/**
 * How a campaign in a borrowed cluster runs without the gates that could not be measured: parts of a cluster that only its own host
 * reaches are never measured there, however often it runs. None where the clusters were Belay's.
 */
function withoutUnmeasured(gates: readonly GateLine[], again: string | undefined): readonly string[] {
  if (again === undefined || !/ --(?:context|kubeconfig) /.test(again)) return [];
  const allowed = gates
    .filter(({ verdict, informational }) => verdict === 'unmeasured' && !informational)
    .map(({ gate }) => `--set gates.${gate}.unmeasured=allow`)
    .filter((option) => !again.includes(option));
  if (allowed.length === 0) return [];
  return [
    'or        where this cluster cannot show it, leave it out of the verdict:',
    `          ${again} ${allowed.join(' ')}`,
  ];
}

/** The exit code of a campaign's end. */
export function exitCodeOfEnd(campaignEnd: CampaignEnd): number {
  return campaignEnd.end === 'invalid' ? EXIT.usage : exitCodeOf(campaignEnd.end);
}

function nextCommand(end: CampaignEnd['end'], again: string, workflowId: string, ending: string): string {
  switch (end) {
    case 'pass':
      return `./belay climb ladders/nightly.yaml   to climb to larger sizes`;
    case 'fail':
      return `open the report; then ${again} --hold 30m   to hold at the failure and retry the stage on the same clusters`;
    case 'unmeasured':
      return `./belay doctor   and the reasons above: a gate that was not measured never passes`;
    case 'aborted':
      return again;
    case 'invalid':
      return `fix that, then ${again}`;
    default:
      return ending === 'harness-fault' || end === 'harness-fault'
        ? `./belay doctor   and the worker's log; the campaign was ${workflowId}`
        : './belay --help';
  }
}

function profileOnDisk(folder: string): string {
  try {
    const spec = readJsonFile(join(folder, 'spec.json')) as { profile?: { metadata?: { name?: string } } } | undefined;
    return spec?.profile?.metadata?.name ?? 'PROFILE';
  } catch {
    return 'PROFILE';
  }
}

/** The gates of a campaign whose result is not known; none if it has no summary that can be read. */
function gatesOnDisk(folder: string): readonly GateLine[] {
  try {
    return summaryInFolder(folder)?.gateLines ?? [];
  } catch {
    return [];
  }
}
