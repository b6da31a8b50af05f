import type { Client } from '@temporalio/client';
import { connectClient } from '../adapters/temporal/client.ts';
import type { TemporalStack } from '../adapters/temporal/dev-server.ts';
import { joinStack, leaveStack } from '../adapters/temporal/stack-users.ts';
import { uiLinks, type UiLinks } from '../adapters/temporal/ui-links.ts';
import { HarnessError } from './usage-error.ts';
import { messageOf } from '../core/text/message-of.ts';

/** A stack that is up, and a client of it. */
export interface Stack {
  readonly client: Client;
  readonly temporal: TemporalStack;
  readonly links: UiLinks | undefined;
}

/**
 * Brings up what is missing of the stack, does something with it, and leaves it as it was found: the last user of a stack that
 * nobody keeps takes it down.
 * @throws HarnessError when it cannot be brought up
 */
export async function withStack<T>(
  options: { readonly keep: boolean },
  work: (stack: Stack) => Promise<T>,
): Promise<T> {
  const { temporal } = await joinStack({ keep: options.keep, onWait: tellWait }).catch((cause: unknown) => {
    throw new HarnessError(`the stack did not come up: ${messageOf(cause)}\n"./belay doctor" shows what is missing`);
  });
  try {
    const client = await connectClient();
    try {
      return await work({ client, temporal, links: uiLinks({ uiUrl: temporal.uiUrl, namespace: temporal.namespace }) });
    } finally {
      await client.connection.close();
    }
  } finally {
    await leaveStack();
  }
}

function tellWait(elapsedMs: number): void {
  if (elapsedMs > 2_000)
    console.error(`waiting for another belay that starts or stops the stack (${Math.round(elapsedMs / 1_000)} s)`);
}
