import type { Client } from '@temporalio/client';
import { connectClient } from '../adapters/temporal/client.ts';
import type { TemporalStack } from '../adapters/temporal/dev-server.ts';
import { joinStack, leaveStack } from '../adapters/temporal/stack-users.ts';
import { uiLinks, type UiLinks } from '../adapters/temporal/ui-links.ts';
import { HarnessError } from './usage-error.ts';
import { messageOf } from '../core/text/message-of.ts';

/** A running Temporal with a worker, and a client of it. */
export interface Stack {
  readonly client: Client;
  readonly temporal: TemporalStack;
  readonly links: UiLinks | undefined;
}

/**
 * Starts Temporal and a worker unless they are running, and calls `work`. Afterwards the last user of the stack stops it, unless
 * `belay up` or `keep` keeps it.
 * @throws HarnessError when they cannot be started; the signal's reason, with what was started stopped again
 */
export async function withStack<T>(
  options: { readonly keep: boolean; readonly signal?: AbortSignal },
  work: (stack: Stack) => Promise<T>,
): Promise<T> {
  const { temporal } = await joinStack({ ...options, onWait: sayWait() }).catch((cause: unknown) => {
    options.signal?.throwIfAborted();
    throw new HarnessError(
      `Temporal and a worker did not start: ${messageOf(cause)}\n"./belay doctor" shows what is missing`,
      { cause },
    );
  });
  try {
    const client = await connectClient();
    options.signal?.throwIfAborted();
    try {
      return await work({ client, temporal, links: uiLinks({ uiUrl: temporal.uiUrl, namespace: temporal.namespace }) });
    } finally {
      await client.connection.close();
    }
  } finally {
    await leaveStack();
  }
}

/** Prints that it waits, after 2 s and then every 10 s. It is called several times a second. */
function sayWait(): (elapsedMs: number) => void {
  let dueMs = 2_000;
  return (elapsedMs) => {
    if (elapsedMs < dueMs) return;
    dueMs = elapsedMs + 10_000;
    console.error(
      `waiting for another belay command that starts or stops Temporal (${Math.round(elapsedMs / 1_000)} s)`,
    );
  };
}
