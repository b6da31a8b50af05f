import { BELAY_JOB } from '../../core/gates/model.ts';
import { SAMPLES_ANSWER_MS, SAMPLES_POLL_MS } from '../../core/plan/limits.ts';
import { pollUntil } from '../host/poll-until.ts';
import type { CallBounds, PrometheusClient } from './client.ts';
import { QueryError } from './query-error.ts';

/** Which samples are waited for. */
export interface ArrivalRequest extends CallBounds {
  /** Number of hosts that send theirs. */
  readonly hosts: number;
  /** The moment up to which the samples are wanted, ms since 1970. */
  readonly atMs: number;
}

/**
 * Waits until the samples of every host up to a moment have arrived at the campaign's Prometheus. The other hosts send them in
 * batches, and after an outage all at once: a reading that did not wait would find their targets stale. A host is taken by its
 * worker, which is scraped as often as everything else there.
 * @returns whether they have arrived within the budget; a reading without them says what is missing
 * @throws the signal's reason
 */
export async function samplesArrived(
  client: PrometheusClient,
  { hosts, atMs, signal, budgetMs }: ArrivalRequest,
): Promise<boolean> {
  const query = `count(timestamp(up{job="${BELAY_JOB}"}) >= ${atMs / 1_000})`;
  const arrived = await pollUntil({ everyMs: SAMPLES_POLL_MS, budgetMs, signal }, async () => {
    const bounds = { signal, budgetMs: Math.min(budgetMs, SAMPLES_ANSWER_MS) };
    return (await countOf(client, query, bounds)) >= hosts || undefined;
  });
  return arrived === true;
}

/** What a query counts; 0 without an answer. */
async function countOf(client: PrometheusClient, query: string, bounds: CallBounds): Promise<number> {
  try {
    const [sample] = await client.query(query, Date.now(), bounds);
    return sample?.value ?? 0;
  } catch (cause) {
    if (cause instanceof QueryError) return 0;
    throw cause;
  }
}
