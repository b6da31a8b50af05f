import { Worker } from 'node:worker_threads';

/**
 * As `writeReport`, in a thread of its own. Loading the chart library and drawing take seconds of CPU. In the worker's own
 * thread they would keep it from serving the metrics of its other campaigns, whose gates would then be unmeasured.
 * @throws the signal's reason when it aborts; Error as `writeReport`, or when the thread ends without an answer
 */
export async function writeReportInThread(folder: string, signal: AbortSignal): Promise<string> {
  signal.throwIfAborted();
  const thread = new Worker(new URL('report-thread.ts', import.meta.url), { workerData: folder });
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const onAbort = (): void => reject(signal.reason);
  signal.addEventListener('abort', onAbort, { once: true });
  thread.once('message', (path: string) => resolve(path));
  thread.once('error', reject);
  thread.once('exit', (code) => reject(new Error(`the thread that writes the report ended with code ${code}`)));
  try {
    return await promise;
  } finally {
    signal.removeEventListener('abort', onAbort);
    await thread.terminate();
  }
}
