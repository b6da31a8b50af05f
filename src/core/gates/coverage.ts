import type { PointSeries } from './answers.ts';
import { groupKey } from './quantile.ts';
import type { TimeSpan } from './window.ts';

/** A target must have been up in at least this share of the window's scrapes. */
const COVER_SHARE = 0.5;

/** How well the targets of a job were scraped in a window. */
export interface Coverage {
  readonly state: 'covered' | 'down' | 'stale' | 'absent';
  /** Scrapes that found the worst covered target up. */
  readonly samples: number;
  readonly detail: string;
}

/**
 * Judges a job by its `up` series, read at every `stepMs` of the window (a step without a fresh sample is missing).
 * Every target must be up in half of the steps. Targets that differ only in `instance` and follow each other in time
 * count as one: a process that came back on another port is the same target.
 */
export function jobCoverage(
  job: string,
  up: readonly PointSeries[],
  window: TimeSpan,
  stepMs: number,
  scrapeIntervalMs: number,
): Coverage {
  if (up.length === 0) {
    return { state: 'absent', samples: 0, detail: `no target of job "${job}" was scraped in the window` };
  }
  const steps = Math.floor((window.endMs - window.startMs) / stepMs) + 1;
  const chains = chainTargets(up);
  const worst = chains.reduce((a, b) => (b.upSteps < a.upSteps ? b : a));
  const samples = Math.round((worst.upSteps * stepMs) / scrapeIntervalMs);
  if (worst.upSteps >= steps * COVER_SHARE) return { state: 'covered', samples, detail: '' };
  const state = worst.downSteps >= worst.upSteps && worst.downSteps > 0 ? 'down' : 'stale';
  const share = Math.round((worst.upSteps / steps) * 100);
  const what = state === 'down' ? 'was down' : 'was not scraped';
  return {
    state,
    samples,
    detail: `target ${worst.name} of job "${job}" ${what}: up in ${share} % of the window, ${COVER_SHARE * 100} % are needed`,
  };
}

interface Chain {
  readonly name: string;
  readonly upSteps: number;
  readonly downSteps: number;
}

function chainTargets(up: readonly PointSeries[]): readonly Chain[] {
  const families = Map.groupBy(up, ({ labels }) => groupKey({ ...labels, instance: '' }));
  return [...families.values()].flatMap((family) => chainFamily(family));
}

/** Puts targets that were up one after another, never at once, into one chain; one never up is a chain of its own. */
function chainFamily(family: readonly PointSeries[]): readonly Chain[] {
  const lives = family
    .map((series) => {
      const ups = series.points.filter(([, value]) => value === 1);
      return {
        name: nameOf(series),
        firstMs: ups[0]?.[0] ?? Infinity,
        lastMs: ups.at(-1)?.[0] ?? Infinity,
        upSteps: ups.length,
        downSteps: series.points.length - ups.length,
      };
    })
    .sort((a, b) => a.firstMs - b.firstMs);
  const chains: (typeof lives)[number][] = [];
  for (const life of lives) {
    const before = chains.findIndex((chain) => chain.lastMs < life.firstMs && life.upSteps > 0);
    const chain = chains[before];
    if (chain === undefined) chains.push(life);
    else
      chains[before] = {
        ...life,
        upSteps: chain.upSteps + life.upSteps,
        downSteps: Math.max(chain.downSteps, life.downSteps),
      };
  }
  return chains;
}

function nameOf(series: PointSeries): string {
  const { instance, cluster } = series.labels;
  const where = cluster === undefined || cluster === '' ? '' : ` of ${cluster}`;
  return `${instance ?? '(no instance)'}${where}`;
}
