import type { TemporalIdentity } from '../../core/identity/identity-schema.ts';
import { connect } from '../temporal/client.ts';
import { readStackRecord } from '../temporal/stack-record.ts';
import { temporalTarget } from '../temporal/target.ts';
import { toolIdentities } from './tool-identity.ts';

/**
 * The Temporal server that this worker polls: its version, and the sha256 of its program if Belay started it.
 * @throws Error when it does not answer, or its program is gone
 */
export async function temporalIdentity(): Promise<TemporalIdentity> {
  const target = temporalTarget();
  const connection = await connect(target);
  try {
    const { serverVersion } = await connection.workflowService.getSystemInfo({});
    const path = target.external ? undefined : readStackRecord()?.server.file;
    const [program] = path === undefined ? [] : await toolIdentities(new Map([['temporal', { path }]]));
    return { version: serverVersion ?? 'unknown', sha256: program?.sha256 ?? null };
  } finally {
    await connection.close();
  }
}
