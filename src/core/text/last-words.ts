/** Lines that report an error, in the formats of Kubernetes (klog), etcd and other JSON logs, Prometheus (logfmt) and the Go runtime. */
const ERROR_LINE =
  /^[EF]\d{4} |"level":"(?:error|fatal|d?panic)"|\blevel=(?:error|fatal|panic)\b|^(?:panic|fatal error|runtime): |^[\w.]*(?:error|exception): /i;
const MOST_CHARACTERS = 240;

/**
 * Why a process ended, as far as the end of its log says it, on one line: its last error, otherwise how the log ends, so that the end of
 * a process that was killed is not mistaken for an error of its own.
 *
 * @param tail the last lines of the log
 */
export function lastWords(tail: string): string {
  const lines = tail.split('\n').filter((line) => line.trim() !== '');
  const error = lines.findLast((line) => ERROR_LINE.test(line.trim()));
  if (error !== undefined) return `the last error in its log: ${clipped(error)}`;
  const last = lines.at(-1);
  return last === undefined ? 'its log is empty' : `its log ends without an error: ${clipped(last)}`;
}

function clipped(line: string): string {
  const text = line.trim();
  return text.length <= MOST_CHARACTERS ? text : `${text.slice(0, MOST_CHARACTERS - 2)} …`;
}
