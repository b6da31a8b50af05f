import { parseComparisonLook, type ComparedCampaign } from '../core/campaign/comparison.ts';
import { compareInTurn } from '../core/history/sequential-compare.ts';
import type { MetricsOfRun } from '../core/history/compare-runs.ts';
import { metricOfLine } from '../core/history/stored-metric.ts';
import { FALSE_ALARM_SHARE } from '../core/history/compare-metric.ts';
import type { ComparisonActivities } from './contract.ts';
import { read } from './read-input.ts';

/** Decides whether a comparison goes on. It calculates only; as an activity, so that its answer is recorded. */
export function createComparison(): ComparisonActivities {
  return {
    async lookAtComparison(request) {
      const { spec, campaigns } = read(parseComparisonLook, request);
      const { pairs, metrics, sameWithin } = spec;
      const { stop } = compareInTurn(sideOf(campaigns, 'baseline'), sideOf(campaigns, 'branch'), pairs, {
        alpha: FALSE_ALARM_SHARE,
        sameWithin: sameWithin === 0 ? undefined : sameWithin,
        names: metrics.length === 0 ? undefined : metrics,
      });
      return { stop };
    },
  };
}

function sideOf(campaigns: readonly ComparedCampaign[], side: ComparedCampaign['side']): readonly MetricsOfRun[] {
  return campaigns.filter((one) => one.side === side).map(({ gates }) => ({ metrics: gates.map(metricOfLine) }));
}
