import { Worker } from 'node:worker_threads';

/**
 * What a thread of its own answers. Work that takes seconds of CPU, or waits without giving the thread back, would keep the worker's own
 * thread from serving the metrics of its other campaigns, whose gates would then be unmeasured.
 * @param file the module of the thread; it posts one message, its answer
 * @param what the thread does, as the end of a sentence, e.g. `writes the report`
 * @param data what it is given, as `workerData`
 * @throws the signal's reason when it aborts; Error of the thread, or when it ends without an answer
 */
export async function threadAnswer(file: URL, what: string, data: unknown, signal: AbortSignal): Promise<unknown> {
  signal.throwIfAborted();
  const thread = new Worker(file, { workerData: data });
  const { promise, resolve, reject } = Promise.withResolvers<unknown>();
  const onAbort = (): void => reject(signal.reason);
  signal.addEventListener('abort', onAbort, { once: true });
  thread.once('message', resolve);
  thread.once('error', reject);
  thread.once('exit', (code) => reject(new Error(`the thread that ${what} ended with code ${code}`)));
  try {
    return await promise;
  } finally {
    signal.removeEventListener('abort', onAbort);
    await thread.terminate();
  }
}
