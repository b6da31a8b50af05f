import type { Client } from '@temporalio/client';
import { setTimeout as sleep } from 'node:timers/promises';
import { connectClient } from '../../src/adapters/temporal/client.ts';
import { queryStatus } from '../../src/cli/follow-campaign.ts';

/**
 * Prints the status of a campaign, one JSON text a line, whenever it has changed, until it is ended: a client for networks that the
 * test is not in.
 */
const id = process.argv[2] ?? '';
let client: Client | undefined;
for (let shown = ''; ; await sleep(300)) {
  // A machine without CPU answers late.
  client ??= await connectClient().catch(() => undefined);
  const status =
    client === undefined ? undefined : await queryStatus(client.workflow.getHandle(id)).catch(() => undefined);
  const text = status === undefined ? shown : JSON.stringify(status);
  if (text !== shown) process.stdout.write(`${text}\n`);
  shown = text;
}
