import { Command } from 'commander';
import { COMPARED_PAIRS } from '../core/plan/limits.ts';
import { FALSE_ALARM_SHARE } from '../core/history/compare-metric.ts';
import type { CompareOptions } from '../core/history/compare-runs.ts';
import { SELECTOR_KEYS } from '../core/history/select-runs.ts';
import { collect, oneOf, wholeNumber } from './options.ts';
import { UsageError } from './usage-error.ts';

interface Options {
  readonly baseline: readonly string[];
  readonly branch: readonly string[];
  readonly metric: readonly string[];
  readonly sameWithin?: string;
  readonly run?: string;
  readonly pairs: string;
  readonly output: string;
}

/** `belay compare`: whether one version is slower than another, by how much, and how sure that is. */
export function compareCommand(): Command {
  return new Command('compare')
    .description(
      `Compare stored runs metric by metric: better, worse, same or cannot tell. A side is an id, a folder, or a selector such as profile=dev-50,version=1.2,last=5 (keys: ${SELECTOR_KEYS.join(', ')}).`,
    )
    .argument('[baseline]', 'the runs to compare with')
    .argument('[branch]', 'the runs to compare')
    .option('--baseline <runs...>', 'runs to compare with, instead of the first argument', [])
    .option('--branch <runs...>', 'runs to compare, instead of the second argument', [])
    .option(
      '--run <profile>',
      'run new campaigns of this profile, both sides in turn; the sides are then what each changes of it',
    )
    .option('-n, --pairs <count>', 'with --run: campaigns of each side, unless the answer is clear before', '5')
    .option('--metric <name>', 'only this metric; can be repeated', collect, [])
    .option(
      '--same-within <share>',
      'differences up to this share count as none, e.g. 5%; without it nothing is "same"',
    )
    .option('-o, --output <format>', 'table, markdown or json', 'table')
    .action(async (first: string | undefined, second: string | undefined, options: Options) => {
      const output = oneOf('--output', options.output, ['table', 'markdown', 'json']);
      const pairs = wholeNumber('--pairs', options.pairs, 1, COMPARED_PAIRS);
      const { baseline, branch } = sidesOf(first, second, options);
      const { metric: names, sameWithin } = options;
      const levels: CompareOptions = {
        alpha: FALSE_ALARM_SHARE,
        sameWithin: sameWithin === undefined ? undefined : shareOf('--same-within', sameWithin),
        names: names.length === 0 ? undefined : names,
      };
      if (options.run !== undefined) {
        const { compareByRunning } = await import('./compare-run.ts');
        process.exitCode = await compareByRunning({ profile: options.run, baseline, branch, pairs, levels, output });
        return;
      }
      const { compareStored } = await import('./compare-stored.ts');
      const { comparisonOutput, exitCodeOfComparison } = await import('./compare-table.ts');
      const compared = compareStored(baseline, branch, levels);
      process.exitCode = exitCodeOfComparison(compared.metrics);
      process.stdout.write(`${comparisonOutput(compared, levels, output)}\n`);
    });
}

function sidesOf(
  first: string | undefined,
  second: string | undefined,
  options: Options,
): { readonly baseline: readonly string[]; readonly branch: readonly string[] } {
  const named = [first, second].filter((side) => side !== undefined);
  const baseline = options.baseline.length > 0 ? options.baseline : named.splice(0, 1);
  const branch = options.branch.length > 0 ? options.branch : named.splice(0, 1);
  if (baseline.length === 0 || branch.length === 0 || named.length > 0)
    throw new UsageError(
      `found ${foundSides(baseline, branch, named)}; allowed: compare A B, or --baseline RUNS --branch RUNS`,
    );
  return { baseline, branch };
}

/** What there is instead of two sides. @param more what is neither */
function foundSides(baseline: readonly string[], branch: readonly string[], more: readonly string[]): string {
  if (more.length > 0) return `not two sides: "${more.join(' ')}" beside a baseline and a branch`;
  if (baseline.length > 0) return `not two sides: only the baseline "${baseline.join(' ')}"`;
  return branch.length > 0 ? `not two sides: only the branch "${branch.join(' ')}"` : 'no runs';
}

/** A share such as `5%` or `0.05`. @throws UsageError unless it is above 0 and below 100 % */
function shareOf(option: string, found: string): number {
  const [, digits, percent] = /^(\d+(?:\.\d+)?)\s*(%?)$/.exec(found) ?? [];
  const share = digits === undefined ? NaN : Number(digits) / (percent === '%' ? 100 : 1);
  if (share > 0 && share < 1) return share;
  throw new UsageError(`${option}: found "${found}"; allowed: a share above 0 and below 1, such as 5% or 0.05`);
}
