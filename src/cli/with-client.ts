import type { Client } from '@temporalio/client';
import { connectClient } from '../adapters/temporal/client.ts';
import { HarnessError } from './usage-error.ts';
import { messageOf } from '../core/text/message-of.ts';

/**
 * Calls `work` with a client of the running Temporal, and closes the client. It starts nothing.
 * @throws HarnessError when no Temporal can be reached
 */
export async function withClient<T>(work: (client: Client) => Promise<T>): Promise<T> {
  const client = await connectClient().catch((cause: unknown) => {
    throw new HarnessError(messageOf(cause), { cause });
  });
  try {
    return await work(client);
  } finally {
    await client.connection.close();
  }
}
