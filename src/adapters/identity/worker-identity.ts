import type { WorkerFinding } from '../../core/identity/identity-schema.ts';
import { messageOf } from '../../core/text/message-of.ts';
import { repositoryFolder } from '../host/folders.ts';
import { codeIdentity } from './code-identity.ts';
import { hostClass } from './host-class.ts';

let found: WorkerFinding | undefined;

/**
 * Code and host of this process. The first call looks; a worker makes it when it starts, because its code is the one that it has
 * loaded then.
 */
export function workerIdentity(): WorkerFinding {
  found ??= look();
  return found;
}

function look(): WorkerFinding {
  const host = hostClass();
  try {
    return { kind: 'worker', code: codeIdentity(repositoryFolder), host, unknown: [] };
  } catch (error) {
    return { kind: 'worker', host, unknown: [{ part: 'code', why: messageOf(error) }] };
  }
}
