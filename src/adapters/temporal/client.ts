import { Client, Connection, defaultGrpcRetryOptions, makeGrpcRetryInterceptor } from '@temporalio/client';
import type { ConnectionOptions } from '@temporalio/client';
import { messageOf, rootMessageOf } from '../../core/text/message-of.ts';
import { TEMPORAL_CALL_MS, TEMPORAL_CONNECT_MS, TEMPORAL_LONG_POLL_MS } from '../../core/plan/limits.ts';
import { endedCall, type GrpcInterceptor } from './ended-call.ts';
import { hostAndPort, temporalTarget } from './target.ts';
import type { TemporalTarget } from './target.ts';

/** `ServingStatus.SERVING` of gRPC's health protocol. */
const SERVING = 1;
const LONG_POLLS =
  /\/(GetWorkflowExecutionHistory|PollWorkflowExecutionUpdate|UpdateWorkflowExecution|QueryWorkflow|ExecuteMultiOperation)$/;

/**
 * A client of the Temporal that is meant: the one named by TEMPORAL_*, else this checkout's dev server. Every call has a
 * deadline: the SDK itself would wait for ever. Close it by `client.connection.close()`.
 * @throws Error when there is no server, or it does not answer within 5 s
 */
export async function connectClient(target: TemporalTarget = temporalTarget()): Promise<Client> {
  return new Client({ connection: await connect(target), namespace: target.namespace });
}

/** A connection whose calls have deadlines. @throws Error naming the address when it does not answer within `connectMs` */
export async function connect(target: TemporalTarget, connectMs: number = TEMPORAL_CONNECT_MS): Promise<Connection> {
  const connection = Connection.lazy({
    ...connectionOptions(target),
    connectTimeout: connectMs,
    // Retries on the outside: each attempt gets a deadline of its own.
    interceptors: [makeGrpcRetryInterceptor(defaultGrpcRetryOptions({ maxAttempts: 5 })), withDeadline],
  });
  try {
    await connection.ensureConnected();
    return connection;
  } catch (cause) {
    await connection.close();
    const through = target.proxy === undefined ? '' : ` through the proxy ${target.proxy.address}`;
    throw new Error(`the Temporal server at ${target.address} does not answer${through}: ${rootMessageOf(cause)}`, {
      cause,
    });
  }
}

/** Whether the server is up and serves, by its health service, asked once within `deadlineMs`. */
export async function isHealthy(target: TemporalTarget, deadlineMs: number): Promise<boolean> {
  const connection = Connection.lazy({ ...connectionOptions(target), interceptors: [] });
  try {
    const service = 'temporal.api.workflowservice.v1.WorkflowService';
    const { status: answer } = await connection.withDeadline(Date.now() + deadlineMs, () =>
      connection.healthService.check({ service }),
    );
    const status: number = answer;
    return status === SERVING;
  } catch {
    return false;
  } finally {
    await connection.close();
  }
}

/**
 * How gRPC for Node gets to a server. Left alone, it would read the proxy out of the environment by itself: also for a server on
 * loopback, and other than the worker, whose core reads none.
 */
function connectionOptions({ connection, proxy }: TemporalTarget): ConnectionOptions {
  const direct = { 'grpc.enable_http_proxy': 0 };
  if (proxy === undefined) return { ...connection, channelArgs: direct };
  const { host, port } = hostAndPort(connection.address ?? '');
  const server = `${host.includes(':') ? `[${host}]` : host}:${port}`;
  const channelArgs = {
    ...direct,
    'grpc.http_connect_target': `dns:${server}`,
    'grpc.default_authority': server,
    ...(proxy.user === undefined ? {} : { 'grpc.http_connect_creds': `${proxy.user}:${proxy.password ?? ''}` }),
  };
  return { ...connection, address: proxy.address, channelArgs };
}

/** Gives each attempt of a call a deadline. One on a connection that is closed ends with that reason. */
const withDeadline: GrpcInterceptor = (options, nextCall) => {
  const limitMs = LONG_POLLS.test(options.method_definition.path) ? TEMPORAL_LONG_POLL_MS : TEMPORAL_CALL_MS;
  try {
    return nextCall({ ...options, deadline: options.deadline ?? Date.now() + limitMs }) as ReturnType<GrpcInterceptor>;
  } catch (cause) {
    return endedCall(messageOf(cause));
  }
};
