import type { PointSeries } from '../gates/answers.ts';
import { endLimitMs } from '../gates/coverage.ts';
import { counted } from '../text/counted.ts';
import { formatDuration } from '../text/duration.ts';
import { federationSelector, type Federation } from './federation.ts';

/** By how much the time between two samples may differ from what the substrate says, as a share. */
const INTERVAL_SHARE = 0.25;

/** Targets that a message names. */
const NAMED = 4;

/**
 * What keeps a campaign from measuring by the targets that an existing Prometheus has of a job, as field, value found, and what is
 * allowed; undefined where nothing does.
 * @param up samples of the series `up` that the labels of the job select, until `nowMs` of that Prometheus
 * @param jobs names of the jobs that it has, for the message
 */
export function federationProblem(
  federation: Federation,
  up: readonly PointSeries[],
  { nowMs, jobs }: { readonly nowMs: number; readonly jobs: readonly string[] },
): string | undefined {
  const { job, targets, scrapeIntervalMs } = federation;
  const field = `kubeconfig.prometheus.jobs.${job}`;
  const selector = `up${federationSelector(federation, undefined)}`;
  if (up.length === 0)
    return `${field}.labels: found no series ${selector}; its jobs: ${jobs.slice(0, 20).join(', ') || 'none'}`;
  const known = up.map((series) => ({ ...series, everyMs: spacing(series) }));
  const living = known.filter(
    ({ points, everyMs = 0 }) => nowMs - newest(points) <= endLimitMs(Math.max(everyMs, scrapeIntervalMs)),
  );
  if (living.length === 0)
    return `${field}.labels: found series ${selector} only until ${formatDuration(round(nowMs - Math.max(...up.map(({ points }) => newest(points)))))} ago; allowed: a job that is scraped`;
  const names = living.map(instanceOf);
  const list = `${names.slice(0, NAMED).join(', ')}${names.length > NAMED ? ` and ${names.length - NAMED} more` : ''}`;
  const apart = clusterLabel(living);
  if (apart !== undefined) {
    const values = [...new Set(living.map(({ labels }) => labels[apart] ?? ''))].slice(0, NAMED);
    return `${field}.labels: found targets of several clusters: label ${apart} is ${values.map((value) => JSON.stringify(value)).join(', ')}; allowed: labels that select those of one, in labels or in clusters`;
  }
  if (living.length !== targets)
    return `${field}.targets: found ${counted(living.length, 'target')}: ${list}; allowed: ${living.length}, or labels that select ${targets}`;
  const down = living.findIndex(({ points }) => points.at(-1)?.[1] !== 1);
  if (down !== -1) return `${field}: found target ${names[down]} down; allowed: targets that are up`;
  for (const [index, { everyMs, points }] of living.entries()) {
    const name = names[index];
    if (everyMs === undefined)
      return `${field}.scrapeInterval: how often ${name} is scraped is not known yet: found ${counted(points.length, 'sample')}; allowed: two or more`;
    if (Math.abs(everyMs - scrapeIntervalMs) > INTERVAL_SHARE * scrapeIntervalMs)
      return `${field}.scrapeInterval: found ${formatDuration(scrapeIntervalMs)}, and a sample of ${name} every ${formatDuration(round(everyMs))}; allowed: ${formatDuration(round(everyMs))}`;
  }
  return undefined;
}

/** The time between two samples, ms: the one in the middle of all. Undefined for fewer than two. */
function spacing({ points }: PointSeries): number | undefined {
  const gaps = points.slice(1).map(([atMs], index) => atMs - (points[index]?.[0] ?? atMs));
  return gaps.toSorted((a, b) => a - b)[Math.floor(gaps.length / 2)];
}

function newest(points: PointSeries['points']): number {
  return points.at(-1)?.[0] ?? -Infinity;
}

/** To whole seconds, which intervals are in. */
function round(ms: number): number {
  return Math.round(ms / 1_000) * 1_000;
}

/** The label that says of which cluster a target is, if the targets differ in it. */
function clusterLabel(series: readonly PointSeries[]): string | undefined {
  const names = new Set(series.flatMap(({ labels }) => Object.keys(labels).filter((name) => /cluster/i.test(name))));
  return [...names].find((name) => new Set(series.map(({ labels }) => labels[name])).size > 1);
}

function instanceOf({ labels }: PointSeries): string {
  return labels['instance'] ?? '(no instance)';
}
