import { Command } from 'commander';
import { externalTarget } from '../adapters/temporal/target.ts';
import { runningDevServer } from '../adapters/temporal/dev-server.ts';
import { connectClient } from '../adapters/temporal/client.ts';
import { queryStatus } from './follow-campaign.ts';
import { textTable } from './text-table.ts';
import { coloured } from './verdict-table.ts';

const SHOWN = 20;

interface Line {
  readonly workflowId: string;
  readonly type: string;
  readonly status: string;
  readonly stage: string;
  readonly verdict: string;
  readonly started: string;
}

/** `belay status`: campaigns and ladders, newest first. */
export function statusCommand(): Command {
  return new Command('status')
    .description(
      'Lists campaigns and ladders, newest first: what runs, what holds and until when, how the last ones ended.',
    )
    .option('--output <format>', 'table or json', 'table')
    .action(async (options: { readonly output: string }) => {
      if (externalTarget() === undefined && runningDevServer() === undefined) {
        console.log(
          options.output === 'json'
            ? '[]'
            : 'Temporal is not up; "./belay up" starts it, and what ran before is there again.',
        );
        return;
      }
      const lines = await listLines();
      if (options.output === 'json') {
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
        line.stage,
        coloured(line.verdict),
        line.started,
      ]);
      console.log(textTable(['campaign', 'type', 'status', 'stage', 'verdict', 'started'], rows));
    });
}

async function listLines(): Promise<readonly Line[]> {
  const client = await connectClient();
  try {
    const lines: Line[] = [];
    const query = "WorkflowType IN ('campaign', 'ladder')";
    for await (const found of client.workflow.list({ query, pageSize: SHOWN })) {
      const attribute = (name: string): string => String(found.searchAttributes[name]?.[0] ?? '');
      const running = found.status.name === 'RUNNING';
      const status =
        running && found.type === 'campaign'
          ? await queryStatus(client.workflow.getHandle(found.workflowId, found.runId))
          : undefined;
      const holds =
        status?.holdEndsAtMs === null || status?.holdEndsAtMs === undefined
          ? ''
          : ` until ${new Date(status.holdEndsAtMs).toLocaleTimeString()}`;
      lines.push({
        workflowId: found.workflowId,
        type: found.type,
        status: found.status.name.toLowerCase(),
        stage: running ? `${attribute('BelayStage')}${holds}` : '',
        verdict: attribute('BelayVerdict'),
        started: found.startTime.toISOString().slice(0, 19).replace('T', ' '),
      });
      if (lines.length === SHOWN) break;
    }
    return lines;
  } finally {
    await client.connection.close();
  }
}
