import type { InfrastructureGap, PointSeries, Sample } from '../../core/gates/answers.ts';
import { gapsFromSeries } from '../../core/gates/gap-series.ts';
import { HOST_BUSY_SHARE, KNOWN_SHARE, type HostSample } from '../../core/gates/host-saturation.ts';
import { BELAY_JOB } from '../../core/gates/model.ts';
import type { TimeSpan } from '../../core/gates/window.ts';
import { IDLE_LOOK_BACK_MS } from '../../core/plan/limits.ts';
import { promDuration } from '../../core/promql/placeholders.ts';
import type { CallBounds, PrometheusClient } from './client.ts';
import { QueryError } from './query-error.ts';

/** Series of the other hosts: their agents label what they send. */
const OF_OTHERS = `job="${BELAY_JOB}",group!=""`;

/** What the lead of a campaign needs to know of its other hosts, and asks the campaign's Prometheus. */
export interface OtherHosts {
  /** Gaps of their infrastructure. Where they are not known, there is one over all of the time. */
  gaps(time: TimeSpan): Promise<readonly InfrastructureGap[]>;
  /** Share of a time in which one of them had no CPU left, of the worst one; undefined where that is not known. */
  hostBusy(time: TimeSpan): Promise<number | undefined>;
  /** Samples of each of them over the last minutes before a moment, as far as they were scraped. */
  samples(atMs: number): Promise<readonly (readonly HostSample[])[]>;
}

/** The other hosts of a campaign. @param count how many there are */
export function otherHosts(
  client: PrometheusClient,
  { campaign, count, scrapeIntervalMs, bounds }: OtherHostsRequest,
): OtherHosts {
  const raw = (selector: string, lengthMs: number, atMs: number): Promise<readonly PointSeries[] | undefined> =>
    answered(() => client.queryRaw(`${selector}[${promDuration(lengthMs)}]`, atMs, bounds));
  const grown = (counter: string, { startMs, endMs }: TimeSpan): Promise<readonly Sample[] | undefined> => {
    const span = promDuration(Math.max(2 * scrapeIntervalMs, endMs - startMs));
    return answered(() => client.query(`sum by (group) (increase(${counter}{${OF_OTHERS}}[${span}]))`, endMs, bounds));
  };
  return {
    async gaps(time) {
      const of = `campaign=${JSON.stringify(campaign)},group!=""`;
      const lengthMs = time.endMs - time.startMs + 2 * scrapeIntervalMs;
      const [starts, ends] = await Promise.all([
        raw(`belay_infrastructure_gap_start_seconds{${of}}`, lengthMs, time.endMs),
        raw(`belay_infrastructure_gap_end_seconds{${of}}`, lengthMs, time.endMs),
      ]);
      if (starts !== undefined && ends !== undefined) return gapsFromSeries(starts, ends);
      return [{ ...time, component: 'prometheus' }];
    },
    async hostBusy(time) {
      const [without, sampled] = await Promise.all([
        grown('belay_host_without_cpu_seconds_total', time),
        grown('belay_host_sampled_seconds_total', time),
      ]);
      const lengthS = (time.endMs - time.startMs) / 1_000;
      const known = (sampled ?? []).filter(({ value }) => value >= KNOWN_SHARE * lengthS);
      const groups = new Set(known.map(({ labels }) => labels['group']));
      const busy = (without ?? [])
        .filter(({ labels }) => groups.has(labels['group']))
        .map(({ value }) => value / lengthS);
      const worst = Math.round(Math.min(1, Math.max(0, ...busy)) * 1_000) / 1_000;
      // A busy host is enough. That none is busy has to be known of each.
      return worst > HOST_BUSY_SHARE || (groups.size >= count && lengthS > 0) ? worst : undefined;
    },
    async samples(atMs) {
      const names = ['cpu_used_share', 'cpu_pressure_share', 'tasks_per_core'] as const;
      const [used = [], pressure = [], tasks = []] = await Promise.all(
        names.map((name) => raw(`belay_host_${name}{${OF_OTHERS}}`, IDLE_LOOK_BACK_MS, atMs)),
      );
      return used.map((series) => samplesOf(series, alike(series, pressure), alike(series, tasks), scrapeIntervalMs));
    },
  };
}

/** Whose other hosts are asked about, and how. */
interface OtherHostsRequest {
  readonly campaign: string;
  readonly count: number;
  readonly scrapeIntervalMs: number;
  /** Of each question. */
  readonly bounds: CallBounds;
}

/** An answer; undefined where there is none. */
async function answered<T>(ask: () => Promise<T>): Promise<T | undefined> {
  try {
    return await ask();
  } catch (cause) {
    if (cause instanceof QueryError) return undefined;
    throw cause;
  }
}

/** Values of the series of the same host, by their times. */
function alike({ labels }: PointSeries, others: readonly PointSeries[]): ReadonlyMap<number, number> {
  const found = others.find((other) => other.labels['instance'] === labels['instance']);
  return new Map(found?.points ?? []);
}

/** What was scraped of a host as samples: each counts for the time since the one before. */
function samplesOf(
  { points }: PointSeries,
  pressure: ReadonlyMap<number, number>,
  tasks: ReadonlyMap<number, number>,
  scrapeIntervalMs: number,
): readonly HostSample[] {
  return points.map(([atMs, cpuUsedShare], index): HostSample => {
    const [cpuPressureShare, tasksPerCore] = [pressure.get(atMs), tasks.get(atMs)];
    const sinceMs = atMs - (points[index - 1]?.[0] ?? atMs - scrapeIntervalMs);
    return {
      atMs,
      forMs: Math.min(sinceMs, 2 * scrapeIntervalMs),
      cpuUsedShare,
      ...(cpuPressureShare === undefined ? {} : { cpuPressureShare }),
      ...(tasksPerCore === undefined ? {} : { tasksPerCore }),
      memoryAvailableBytes: 0,
      swapUsedBytes: 0,
    };
  });
}
