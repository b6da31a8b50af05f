import { request } from 'undici';
import { PROCESS_POLL_MS, WORKER_ANSWER_MS, WORKER_ANSWERS_WITHIN_MS } from '../../core/plan/limits.ts';
import { directAgent } from '../host/direct-agent.ts';
import { pollUntil } from '../host/poll-until.ts';
import { isAlive } from '../host/processes.ts';
import type { WorkerAnnouncement } from './worker-record.ts';

/**
 * Whether a worker answers. A process that was killed exists for some ms, and longer the more memory it has; one that is frozen
 * exists as well. Neither of them carries out anything.
 */
export async function doesAnswer(worker: WorkerAnnouncement, signal: AbortSignal): Promise<boolean> {
  const limits = { everyMs: PROCESS_POLL_MS, budgetMs: WORKER_ANSWERS_WITHIN_MS, signal };
  const answer = await pollUntil(limits, async () => {
    if (!isAlive(worker)) return false;
    return (await isAnswered(worker, signal)) || undefined;
  });
  return answer === true;
}

/** Any answer counts: it comes from the worker's event loop. */
async function isAnswered({ metricsPort }: WorkerAnnouncement, signal: AbortSignal): Promise<boolean> {
  try {
    const limited = AbortSignal.any([signal, AbortSignal.timeout(WORKER_ANSWER_MS)]);
    const { body } = await request(`http://127.0.0.1:${metricsPort}/`, {
      dispatcher: directAgent,
      signal: limited,
      reset: true,
    });
    await body.dump();
    return true;
  } catch {
    return false;
  }
}
