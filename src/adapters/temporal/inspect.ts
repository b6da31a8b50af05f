import type { Connection } from '@temporalio/client';
import { connect } from './client.ts';
import { missingSearchAttributes } from './search-attributes.ts';
import { devServerTarget, externalTarget } from './target.ts';
import type { TemporalTarget } from './target.ts';
import { runningDevServer } from './dev-server.ts';
import { messageOf } from '../../core/text/message-of.ts';

/** What a look at Temporal finds. */
export interface TemporalInspection {
  /** Undefined = no server is named and none is up here. */
  readonly target: Pick<TemporalTarget, 'external' | 'address' | 'namespace'> | undefined;
  /** Why the server cannot be used; undefined = it answers. */
  readonly unreachable: string | undefined;
  readonly serverVersion: string | undefined;
  readonly missingAttributes: readonly string[];
  readonly retentionHours: number | undefined;
}

/** Looks at the Temporal that is meant, without starting or changing anything, for a few seconds at most. */
export async function inspectTemporal(): Promise<TemporalInspection> {
  const nothing = {
    unreachable: undefined,
    serverVersion: undefined,
    missingAttributes: [],
    retentionHours: undefined,
  };
  let target: TemporalTarget | undefined;
  try {
    target = externalTarget() ?? (runningDevServer() === undefined ? undefined : devServerTarget());
    if (target === undefined) return { ...nothing, target: undefined };
    const connection = await connect(target, 3_000);
    try {
      return { ...nothing, target: publicPart(target), ...(await look(connection, target.namespace)) };
    } finally {
      await connection.close();
    }
  } catch (cause) {
    return { ...nothing, target: target && publicPart(target), unreachable: messageOf(cause) };
  }
}

async function look(
  connection: Connection,
  namespace: string,
): Promise<Pick<TemporalInspection, 'serverVersion' | 'missingAttributes' | 'retentionHours'>> {
  const { serverVersion } = await connection.workflowService.getSystemInfo({});
  const { config } = await connection.workflowService.describeNamespace({ namespace });
  const seconds = config?.workflowExecutionRetentionTtl?.seconds;
  return {
    serverVersion: serverVersion ?? undefined,
    missingAttributes: await missingSearchAttributes(connection, namespace),
    retentionHours: seconds === undefined || seconds === null ? undefined : Number(seconds) / 3_600,
  };
}

/** Without what connects to it: that holds secrets. */
function publicPart({
  external,
  address,
  namespace,
}: TemporalTarget): Pick<TemporalTarget, 'external' | 'address' | 'namespace'> {
  return { external, address, namespace };
}
