import { CLOCK_SAMPLE_PAUSE_MS, CLOCK_SAMPLES } from '../../core/plan/limits.ts';
import { clockAhead, type ClockAhead, type ClockSample } from '../../core/plan/clock-ahead.ts';
import { pause } from '../host/poll-until.ts';
import type { ClusterClient } from './client.ts';
import type { Within } from './api-request.ts';

/**
 * How much the clock of an API server is ahead of the one here, by the date of its answers. Undefined where they have none, or show
 * clocks that do not fit together.
 * @throws KubeError when it does not answer; the signal's reason
 */
export async function measureClock(client: ClusterClient, within: Within): Promise<ClockAhead | undefined> {
  const samples: ClockSample[] = [];
  // The first request also opens the connection, which would only widen the bounds.
  await client.ask({ method: 'GET', path: '/version' }, within);
  for (let count = 0; count < CLOCK_SAMPLES; count++) {
    const sentMs = Date.now();
    const { date } = await client.ask({ method: 'GET', path: '/version' }, within);
    const dateMs = Date.parse(date ?? '');
    if (Number.isFinite(dateMs)) samples.push({ sentMs, receivedMs: Date.now(), dateMs });
    await pause(CLOCK_SAMPLE_PAUSE_MS, within.signal);
  }
  return clockAhead(samples);
}
