import { Worker } from 'node:worker_threads';
import { keepReport } from '../evidence/report.ts';

/**
 * As `writeRunReport`, drawn in a thread of its own. Loading the chart library and drawing take seconds of CPU. In the worker's own
 * thread they would keep it from serving the metrics of its other campaigns, whose gates would then be unmeasured.
 * @param throwIfSuperseded asked before the report is written
 * @throws the signal's reason when it aborts; what `throwIfSuperseded` throws; Error as `writeRunReport`, or when the thread ends without an answer
 */
export async function writeReportInThread(
  folder: string,
  signal: AbortSignal,
  throwIfSuperseded: () => void,
): Promise<string> {
  signal.throwIfAborted();
  const thread = new Worker(new URL('report-thread.ts', import.meta.url), { workerData: folder });
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const onAbort = (): void => reject(signal.reason);
  signal.addEventListener('abort', onAbort, { once: true });
  thread.once('message', (html: string) => resolve(html));
  thread.once('error', reject);
  thread.once('exit', (code) => reject(new Error(`the thread that writes the report ended with code ${code}`)));
  try {
    const html = await promise;
    throwIfSuperseded();
    return keepReport(folder, html);
  } finally {
    signal.removeEventListener('abort', onAbort);
    await thread.terminate();
  }
}
