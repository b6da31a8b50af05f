import {
  WorkflowFailedError,
  WorkflowNotFoundError,
  type Client,
  type WorkflowExecutionDescription,
  type WorkflowHandle,
} from '@temporalio/client';
import { pause } from '../adapters/host/poll-until.ts';
import { messageOf } from '../core/text/message-of.ts';
import { StopRequest } from './stop-request.ts';
import { isUnreachable } from './unreachable.ts';

/** Time without an answer after which Temporal and a worker are started again. Also the limit of one call. */
export const SILENCE_MS = 3_000;

/** How to follow a workflow, and the callbacks. */
export interface FollowOptions<Status> {
  readonly client: Client;
  readonly workflowId: string;
  /** Pause between two looks, ms. */
  readonly everyMs: number;
  /** Printed when it is asked to stop. */
  readonly stopping: string;
  /** Aborted: it was asked to stop while it was started. */
  readonly stop?: AbortSignal | undefined;
  /** Called with each answer to its query, the last time when it is closed. Returns false to stop following. */
  readonly onStatus: (status: Status, seen: WorkflowExecutionDescription) => Promise<boolean> | boolean;
  /** Called when Temporal or the workers have not answered for a while. Starts what is missing. */
  readonly onSilence: () => Promise<unknown>;
}

/** How a workflow closed. */
export interface WorkflowEnd<Status> {
  /** Temporal's name of it: COMPLETED, FAILED, CANCELLED, TERMINATED, TIMED_OUT. */
  readonly closed: string;
  /** The last answer to its query. */
  readonly status: Status | undefined;
  /** What it returned, or the error with which it failed. */
  readonly outcome: { readonly result: unknown } | { readonly cause: unknown };
}

/**
 * Follows a workflow by its query `status` until it has closed, also when the server or a worker is away for a while, at whichever
 * call. The first Ctrl-C or SIGTERM asks it to stop, until the server has taken that; the second one stops following.
 * @returns how it closed; undefined when a second Ctrl-C or `onStatus` stopped it. The workflow goes on then
 * @throws what the server refuses, e.g. an id that it does not know
 */
export async function followWorkflow<Status>(options: FollowOptions<Status>): Promise<WorkflowEnd<Status> | undefined> {
  const { client, workflowId, everyMs, onStatus, onSilence } = options;
  const handle = client.workflow.getHandle(workflowId);
  const leave = new AbortController();
  const stopRequest = stopRequestOf(handle);
  const onInterrupt = (): void => {
    if (stopRequest.isAsked) leave.abort(new Error('left by a second Ctrl-C'));
    else console.error(`\nstopping: ${options.stopping}; Ctrl-C again leaves it running`);
    stopRequest.ask();
  };
  process.on('SIGINT', onInterrupt);
  process.on('SIGTERM', onInterrupt);
  if (options.stop?.aborted === true) onInterrupt();
  let status: Status | undefined;
  try {
    for (let answeredAtMs = Date.now(); !leave.signal.aborted;) {
      stopRequest.repeat();
      try {
        const seen = await inTime(client, () => handle.describe());
        const fresh = await queryInTime<Status>(handle);
        if (fresh !== undefined) {
          status = fresh;
          answeredAtMs = Date.now();
          if (!(await onStatus(fresh, seen))) return undefined;
          answeredAtMs = Date.now();
        }
        const closed = seen.status.name;
        if (closed !== 'RUNNING') return { closed, status, outcome: await outcomeOf(client, handle) };
      } catch (error) {
        if (!isUnreachable(error)) throw error;
      }
      if (Date.now() - answeredAtMs > SILENCE_MS) {
        await onSilence().catch((cause: unknown) =>
          console.error(`cannot start Temporal and a worker: ${messageOf(cause)}`),
        );
        answeredAtMs = Date.now();
      }
      await pause(everyMs, leave.signal).catch(() => undefined);
    }
    return undefined;
  } finally {
    process.off('SIGINT', onInterrupt);
    process.off('SIGTERM', onInterrupt);
  }
}

/**
 * The answer of a workflow to its query `status`; undefined when no worker gives it within `limitMs`. The server would wait much
 * longer than it takes to start one.
 */
export async function queryInTime<Status>(handle: WorkflowHandle, limitMs = SILENCE_MS): Promise<Status | undefined> {
  try {
    return await handle.client.withDeadline(Date.now() + limitMs, () => handle.query<Status>('status'));
  } catch {
    // There is no worker at the moment, or the first workflow task has not run yet.
    return undefined;
  }
}

async function outcomeOf(client: Client, handle: WorkflowHandle): Promise<WorkflowEnd<never>['outcome']> {
  try {
    return { result: await inTime(client, () => handle.result()) };
  } catch (error) {
    if (isUnreachable(error)) throw error;
    return { cause: error instanceof WorkflowFailedError ? error.cause : error };
  }
}

function inTime<Answer>(client: Client, call: () => Promise<Answer>): Promise<Answer> {
  return client.withDeadline(Date.now() + SILENCE_MS, call);
}

/** Prints the first reason for which the server did not take the request. */
function stopRequestOf(handle: WorkflowHandle): StopRequest {
  let isPrinted = false;
  return new StopRequest(async () => {
    try {
      await handle.cancel();
    } catch (error) {
      // It has closed by itself.
      if (error instanceof WorkflowNotFoundError) return;
      if (!isPrinted) console.error(`the request to stop failed and is made again: ${messageOf(error)}`);
      isPrinted = true;
      throw error;
    }
  });
}
