import type { StoredRun } from '../../core/history/stored-run.ts';
import { threadAnswer } from '../host/thread-answer.ts';

/**
 * The latest stored runs of a profile on this host, newest first, for a campaign that is judged. A thread of its own reads them: the index
 * may be locked by another process, or has to be made of thousands of folders.
 * @throws as `threadAnswer`
 */
export async function earlierRuns(profile: string, signal: AbortSignal): Promise<readonly StoredRun[]> {
  const thread = new URL('earlier-runs-thread.ts', import.meta.url);
  return (await threadAnswer(thread, 'reads earlier runs', profile, signal)) as readonly StoredRun[];
}
