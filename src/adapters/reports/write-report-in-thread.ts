import { keepReport } from '../evidence/report.ts';
import { threadAnswer } from '../host/thread-answer.ts';

/**
 * As `writeRunReport`, drawn in a thread of its own: loading the chart library and drawing take seconds of CPU.
 * @param throwIfSuperseded asked before the report is written
 * @throws the signal's reason when it aborts; what `throwIfSuperseded` throws; Error as `writeRunReport`, or when the thread ends without an answer
 */
export async function writeReportInThread(
  folder: string,
  signal: AbortSignal,
  throwIfSuperseded: () => void,
): Promise<string> {
  const html = await threadAnswer(new URL('report-thread.ts', import.meta.url), 'writes the report', folder, signal);
  throwIfSuperseded();
  return keepReport(folder, String(html));
}
