import type { PointSeries } from './answers.ts';
import { groupKey } from './quantile.ts';

/** One scrape target, under all the addresses that it had one after another. Moments are steps of the window, ms. */
export interface Target {
  /** The last address and its cluster, for messages. */
  readonly name: string;
  /** Value of the label `cluster`; empty where it has none. */
  readonly cluster: string;
  /** `groupKey` of the labels of each of its series. */
  readonly series: ReadonlySet<string>;
  /** Steps at which it was up, in order. */
  readonly upMs: readonly number[];
  /** Steps at which it was scraped, up or not. */
  readonly scrapedMs: ReadonlySet<number>;
}

/**
 * The targets behind `up` series. Series that differ only in `instance` and were up one after another are one target: a process
 * that came back on another port. Series that differ in another label (cluster, Pod) never are. A series that was never up is
 * a target of its own.
 *
 * @param smearMs a step may show a scrape of this age, so that an address seems to be up for so long after its last scrape
 */
export function chainTargets(up: readonly PointSeries[], smearMs: number): readonly Target[] {
  const families = Map.groupBy(up, ({ labels }) => groupKey(labels, ['instance']));
  return [...families.values()].flatMap((family) => chainFamily(family, smearMs));
}

interface Life extends Target {
  /** The last step at which it was certainly up: its last scrape may be older than the step that shows it. */
  readonly lastMs: number;
}

function chainFamily(family: readonly PointSeries[], smearMs: number): readonly Target[] {
  const lives = family
    .map((series) => lifeOf(series, smearMs))
    .sort((a, b) => (a.upMs[0] ?? Infinity) - (b.upMs[0] ?? Infinity));
  const chains: Life[] = [];
  for (const life of lives) {
    const [firstMs] = life.upMs;
    const before = firstMs === undefined ? -1 : chains.findIndex((chain) => chain.lastMs < firstMs);
    const chain = chains[before];
    if (chain === undefined) chains.push(life);
    else chains[before] = joined(chain, life);
  }
  return chains;
}

function lifeOf({ labels, points }: PointSeries, smearMs: number): Life {
  const upMs = points.filter(([, value]) => value === 1).map(([atMs]) => atMs);
  const shownMs = upMs.at(-1);
  // Where a failed scrape follows, the address was up until then. Otherwise the last step shows an older scrape.
  const failed = points.some(([atMs]) => shownMs !== undefined && atMs > shownMs);
  const cluster = labels['cluster'] ?? '';
  return {
    name: `${labels['instance'] ?? '(no instance)'}${cluster === '' ? '' : ` of ${cluster}`}`,
    cluster,
    series: new Set([groupKey(labels)]),
    upMs,
    scrapedMs: new Set(points.map(([atMs]) => atMs)),
    lastMs: shownMs === undefined ? Infinity : shownMs - (failed ? 0 : smearMs),
  };
}

function joined(chain: Life, next: Life): Life {
  return {
    ...next,
    series: new Set([...chain.series, ...next.series]),
    upMs: [...new Set([...chain.upMs, ...next.upMs])].sort((a, b) => a - b),
    scrapedMs: new Set([...chain.scrapedMs, ...next.scrapedMs]),
  };
}
