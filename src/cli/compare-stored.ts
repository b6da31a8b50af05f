import type { ComparedMetric } from '../core/history/compare-metric.ts';
import { compareRuns, type CompareOptions } from '../core/history/compare-runs.ts';
import type { RunIndex } from '../adapters/index/run-index.ts';
import { comparisonWarnings, expectedDifferences } from '../core/history/comparison-warnings.ts';
import { isSelector, parseSelector, selectRuns } from '../core/history/select-runs.ts';
import type { StoredRun } from '../core/history/stored-run.ts';
import { nearest } from '../core/text/nearest.ts';
import { storedRun, withStoredRuns } from './stored-runs.ts';
import { UsageError } from './usage-error.ts';

/** Two sets of stored runs, compared. */
export interface StoredComparison {
  readonly baseline: readonly StoredRun[];
  readonly branch: readonly StoredRun[];
  /** What keeps the two from being compared fairly. */
  readonly warnings: readonly string[];
  readonly metrics: readonly ComparedMetric[];
}

/**
 * Compares the runs that two sides name.
 * @throws UsageError for a side without runs, and for a metric that none of them has
 */
export function compareStored(
  baselineNames: readonly string[],
  branchNames: readonly string[],
  options: CompareOptions,
): StoredComparison {
  const [first, second] = [textsOf(baselineNames), textsOf(branchNames)];
  const both = (index?: RunIndex): readonly [readonly StoredRun[], readonly StoredRun[]] => [
    runsOf('baseline', first, index),
    runsOf('branch', second, index),
  ];
  // A run that is named is read from its folder. Only a selector needs all of them.
  const [baseline, branch] = [...first, ...second].some(isSelector) ? withStoredRuns(both) : both();
  requireMetrics([...baseline, ...branch], options.names ?? []);
  return {
    baseline,
    branch,
    warnings: comparisonWarnings(baseline, branch, expectedDifferences([...baseline, ...branch])),
    metrics: compareRuns(baseline, branch, options),
  };
}

/** Selectors, and ids and folders one by one. */
function textsOf(names: readonly string[]): readonly string[] {
  return names.flatMap((name) => (isSelector(name) ? [name] : name.split(',').filter((part) => part !== '')));
}

/** The runs of ids, folders and selectors, each once. */
function runsOf(side: string, texts: readonly string[], index: RunIndex | undefined): readonly StoredRun[] {
  const found = texts.flatMap((text) =>
    index !== undefined && isSelector(text) ? selected(index, side, text) : [storedRun(text)],
  );
  return [...new Map(found.map((run) => [run.folder, run])).values()];
}

function selected(index: RunIndex, side: string, text: string): readonly StoredRun[] {
  const parsed = parseSelector(text);
  if (!parsed.ok) throw new UsageError(`${side} "${text}": ${parsed.error}`);
  const { selector } = parsed;
  const { profile, nightsOnly } = selector;
  const runs = selectRuns(selector, index.each({ nightsOnly, ...(profile === undefined ? {} : { profile }) }));
  if (runs.length > 0) return runs;
  throw new UsageError(
    `${side} "${text}": no stored run is like that; ${profileHint(index, profile)}"./belay list" lists them`,
  );
}

/** The profiles with runs, where the one that was asked for has none. */
function profileHint(index: RunIndex, profile: string | undefined): string {
  const known = index.profiles();
  if (profile === undefined || known.length === 0 || known.includes(profile)) return '';
  const meant = nearest(profile, known);
  return `${meant === undefined ? '' : `did you mean profile=${meant}? `}allowed as profile: ${known.join(', ')}; `;
}

function requireMetrics(runs: readonly StoredRun[], names: readonly string[]): void {
  const known = [...new Set(runs.flatMap(({ metrics }) => metrics.map(({ name }) => name)))];
  for (const name of names) {
    if (known.includes(name)) continue;
    const meant = nearest(name, known);
    const hint = meant === undefined ? '' : `did you mean ${meant}? `;
    throw new UsageError(`--metric: found "${name}"; ${hint}allowed: ${known.join(', ')}`);
  }
}
