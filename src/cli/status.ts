import type { Client } from '@temporalio/client';
import { Command } from 'commander';
import { externalTarget } from '../adapters/temporal/target.ts';
import { runningDevServer } from '../adapters/temporal/dev-server.ts';
import { queryStatus } from './follow-campaign.ts';
import { oneOf } from './options.ts';
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
  /** ISO 8601. */
  readonly started: string;
}

/** `belay status`: campaigns and ladders, newest first. */
export function statusCommand(): Command {
  return new Command('status')
    .description(
      'List campaigns and ladders, newest first: which run, which hold and until when, and how the others ended.',
    )
    .option('--output <format>', 'table or json', 'table')
    .action(async (options: { readonly output: string }) => {
      const output = oneOf('--output', options.output, ['table', 'json']);
      if (externalTarget() === undefined && runningDevServer() === undefined) {
        console.log(
          output === 'json' ? '[]' : 'Temporal is not running; "./belay up" starts it with its earlier campaigns.',
        );
        return;
      }
      const lines = await withClient(listLines);
      if (output === 'json') {
        console.log(JSON.stringify(lines, null, 2));
        return;
      }
      if (lines.length === 0) {
        console.log('No campaign yet. ./belay run profiles/quickstart.yaml starts one.');
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
      console.log(textTable(['campaign', 'type', 'status', 'stage', 'verdict', 'started (UTC)'], rows));
      if (lines.length === SHOWN) console.log(`the newest ${SHOWN}; the Temporal UI lists all`);
    });
}

async function listLines(client: Client): Promise<readonly Line[]> {
  const lines: Line[] = [];
  const query = "WorkflowType IN ('campaign', 'ladder')";
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
      started: found.startTime.toISOString(),
    });
    if (lines.length === SHOWN) break;
  }
  return lines;
}

/** An ISO time without its zone, in UTC: `2026-11-24 10:33:12`. */
function shortTime(iso: string): string {
  return iso.slice(0, 19).replace('T', ' ');
}
