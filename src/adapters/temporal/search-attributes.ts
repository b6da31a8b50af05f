import type { Connection } from '@temporalio/client';
import { isGrpcServiceError } from '@temporalio/client';
import { messageOf } from '../../core/text/message-of.ts';

/** The search attributes of a campaign, with their types in Temporal's words. The workflows set the same ones. */
export const SEARCH_ATTRIBUTES = {
  BelayProfile: 'Keyword',
  BelayTarget: 'Keyword',
  BelayStage: 'Keyword',
  BelayVerdict: 'Keyword',
  BelayTrigger: 'Keyword',
  BelayFleetSize: 'Int',
} as const;

/** Values of `IndexedValueType` in Temporal's API. */
const INDEXED_VALUE_TYPE = { Keyword: 2, Int: 3 } as const;

/** gRPC's status for what is not there. */
const NOT_FOUND = 5;

/** Names of the search attributes that a namespace lacks. @throws ServiceError when the server does not answer */
export async function missingSearchAttributes(connection: Connection, namespace: string): Promise<readonly string[]> {
  const { customAttributes } = await connection.operatorService.listSearchAttributes({ namespace });
  return Object.keys(SEARCH_ATTRIBUTES).filter((name) => !(name in customAttributes));
}

/**
 * Registers what a namespace lacks.
 * @throws Error with the command to run by hand when there is no such namespace, or the server does not let us
 */
export async function registerSearchAttributes(connection: Connection, namespace: string): Promise<void> {
  let missing: readonly string[] = Object.keys(SEARCH_ATTRIBUTES);
  try {
    missing = await missingSearchAttributes(connection, namespace);
    if (missing.length === 0) return;
    const searchAttributes = Object.fromEntries(
      Object.entries(SEARCH_ATTRIBUTES)
        .filter(([name]) => missing.includes(name))
        .map(([name, type]) => [name, INDEXED_VALUE_TYPE[type]]),
    );
    await connection.operatorService.addSearchAttributes({ namespace, searchAttributes });
  } catch (cause) {
    const status: number | undefined = isGrpcServiceError(cause) ? cause.code : undefined;
    if (status === NOT_FOUND) {
      throw new Error(
        `the server has no namespace ${namespace}; TEMPORAL_NAMESPACE names another, or make it:\n  ` +
          `temporal operator namespace create --namespace ${namespace}`,
        { cause },
      );
    }
    const reason = isGrpcServiceError(cause) ? cause.details : messageOf(cause);
    throw new Error(
      `the search attributes of namespace ${namespace} cannot be seen to (${reason}); register them once, as its administrator:\n  ` +
        registerCommand(namespace, missing),
      { cause },
    );
  }
}

/** The command by which an administrator registers search attributes. */
export function registerCommand(namespace: string, missing: readonly string[]): string {
  const types: Readonly<Record<string, string>> = SEARCH_ATTRIBUTES;
  const pairs = missing.map((name) => `--name ${name} --type ${types[name] ?? 'Keyword'}`);
  return `temporal operator search-attribute create --namespace ${namespace} ${pairs.join(' ')}`;
}
