import type { Client } from '@temporalio/client';
import { Command } from 'commander';
import { findAbandoned, type FoundCampaign } from '../adapters/temporal/abandoned-campaigns.ts';
import { listHosts } from '../adapters/temporal/hosts.ts';
import { externalTarget } from '../adapters/temporal/target.ts';
import { runningDevServer } from '../adapters/temporal/dev-server.ts';
import { abandonedHere } from './abandoned-text.ts';
import { queryStatus } from './follow-campaign.ts';
import type { HostLine } from '../core/campaign/host-list.ts';
import { momentText } from '../core/text/time.ts';
import { hostsJson, hostsTable } from './host-table.ts';
import { isJson } from './options.ts';
import { textTable } from './text-table.ts';
import { coloured } from './verdict-table.ts';
import { withClient } from './with-client.ts';

const SHOWN = 20;

interface Line {
  readonly workflowId: string;
  readonly type: string;
  readonly status: string;
  /** Empty when it has ended. */
  readonly stage: string;
  /** When the hold ends, ISO 8601; null if it does not hold. */
  readonly holdsUntil: string | null;
  readonly verdict: string;
  /** What it left on this host, if it is abandoned. */
  readonly abandoned: { readonly since: string; readonly why: string; readonly usdPerHour: number | null } | null;
  /** ISO 8601. */
  readonly started: string;
}

/** `belay status`: campaigns and ladders, newest first. */
export function statusCommand(): Command {
  return new Command('status')
    .description(
      'List campaigns and ladders, newest first: which run, which hold and until when, how the others ended, and what abandoned ones left on this host; and the hosts whose workers serve this Temporal.',
    )
    .option('-o, --output <format>', 'table or json', 'table')
    .option('--hosts', 'only the hosts')
    .action(async (options: { readonly output: string; readonly hosts?: true }) => {
      const json = isJson(options);
      if (externalTarget() === undefined && runningDevServer() === undefined) {
        print(json ? '[]' : 'Temporal is not running; "./belay up" starts it with its earlier campaigns.');
        if (!json) printUnlessEmpty(await abandonedHere(undefined));
        return;
      }
      if (options.hosts === true) {
        const all = await withClient(listHosts);
        print(json ? JSON.stringify(hostsJson(all), null, 2) : hostsText(all));
        return;
      }
      const { lines, hosts, left } = await withClient(async (client) => ({
        lines: await listLines(client),
        // The output for programs is a list of campaigns.
        hosts: json ? [] : await listHosts(client),
        left: json ? '' : await abandonedHere(client),
      }));
      if (json) {
        print(JSON.stringify(lines, null, 2));
        return;
      }
      if (lines.length === 0) {
        print('No campaign yet. ./belay run profiles/quickstart.yaml starts one.');
        print(hostsText(hosts));
        printUnlessEmpty(left);
        return;
      }
      const rows = lines.map((line) => [
        line.workflowId,
        line.type,
        line.status,
        line.holdsUntil === null ? line.stage : `${line.stage} until ${shortTime(line.holdsUntil)}`,
        coloured(line.verdict),
        shortTime(line.started),
      ]);
      print(textTable(['campaign', 'type', 'status', 'stage', 'verdict', 'started (UTC)'], rows));
      if (lines.length === SHOWN) print(`the newest ${SHOWN}; the Temporal UI lists all`);
      print(hostsText(hosts));
      printUnlessEmpty(left);
    });
}

function hostsText(hosts: readonly HostLine[]): string {
  return hosts.length === 0 ? 'No worker serves this Temporal.' : hostsTable(hosts, Date.now());
}

async function listLines(client: Client): Promise<readonly Line[]> {
  const left = await findAbandoned(client);
  const lines: Line[] = [];
  const query = "WorkflowType IN ('campaign', 'ladder', 'comparison')";
  for await (const found of client.workflow.list({ query, pageSize: SHOWN })) {
    const attribute = (name: string): string => String(found.searchAttributes[name]?.[0] ?? '');
    const running = found.status.name === 'RUNNING';
    const status =
      running && found.type === 'campaign'
        ? await queryStatus(client.workflow.getHandle(found.workflowId, found.runId))
        : undefined;
    const holdEndsAtMs = status?.holdEndsAtMs ?? null;
    lines.push({
      workflowId: found.workflowId,
      type: found.type,
      status: holdEndsAtMs === null ? found.status.name.toLowerCase() : 'holds',
      stage: running ? attribute('BelayStage') : '',
      holdsUntil: holdEndsAtMs === null ? null : new Date(holdEndsAtMs).toISOString(),
      verdict: attribute('BelayVerdict'),
      abandoned: abandonedOf(left, found.workflowId, found.runId),
      started: found.startTime.toISOString(),
    });
    if (lines.length === SHOWN) break;
  }
  return lines;
}

function abandonedOf(left: readonly FoundCampaign[], workflowId: string, runId: string): Line['abandoned'] {
  const own = left.find(({ ledger }) => ledger.workflowId === workflowId && ledger.runId === runId);
  if (own?.abandonment.abandoned !== 'yes') return null;
  const { sinceMs, why } = own.abandonment;
  return { since: new Date(sinceMs).toISOString(), why, usdPerHour: own.usdPerHour ?? null };
}

/** An ISO time without its zone, in UTC: `2026-11-24 10:33:12`. */
function shortTime(iso: string): string {
  return momentText(Date.parse(iso)).replace(' UTC', '');
}

function printUnlessEmpty(text: string): void {
  if (text !== '') print(text);
}

function print(text: string): void {
  process.stdout.write(`${text}\n`);
}
