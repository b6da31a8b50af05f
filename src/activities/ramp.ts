import type { Logger } from 'pino';
import { runArrivals } from '../adapters/kube/run-arrivals.ts';
import { parseRampCheckpoint, type RampCheckpoint } from '../core/plan/checkpoints/ramp.ts';
import type { StageInput, StageResult } from '../core/campaign/stage-io.ts';
import { bounded } from './bounded.ts';
import type { ObservedCluster } from '../adapters/observe/observed-cluster.ts';
import type { Observers } from '../adapters/observe/observers.ts';
import { rampResult } from './ramp-result.ts';
import { stageActivity } from './stage-activity.ts';

/** Requests of one kind under way at once in a cluster. */
export const PARALLEL_REQUESTS = 64;

/** Creates the Pods of every cluster at their intended moments, open loop. Resumed, it fills what is empty: exactly N, no duplicates. */
export function createRamp(log: Logger, observers: Observers): (input: StageInput) => Promise<StageResult> {
  return stageActivity('ramp', log, async (context) => {
    const { spec, owner } = context;
    const { budgets, stages } = spec.deadlines;
    const clusters = await bounded('watch Pods', { budgetMs: 3 * budgets.apiCallMs }, () =>
      observers.of(spec, context.clusters(), owner, 'ramp'),
    );
    let checkpoint =
      parseRampCheckpoint(context.checkpoint) ?? goOnFrom(parseRampCheckpoint(context.handedOver), clusters);
    context.save(checkpoint);
    const wanted = clusters.reduce((sum, cluster) => sum + cluster.load.demand.base, 0);
    const reports = await bounded(
      'ramp',
      { budgetMs: stages.ramp.attemptMs, stallMs: stages.ramp.attemptMs },
      (signal, progress) =>
        Promise.all(
          clusters.map((cluster) =>
            runArrivals({
              place: {
                client: cluster.client,
                namespace: cluster.load.namespace,
                labelSelector: cluster.load.labelSelector,
              },
              pods: cluster.load,
              offsetsMs: cluster.load.arrivalsMs,
              startAtMs: checkpoint.startAtMs,
              fromIndex: checkpoint.lowWater[cluster.record.name] ?? 0,
              parallel: PARALLEL_REQUESTS,
              callBudgetMs: budgets.apiCallMs,
              signal,
              onLate: cluster.onLate,
              onProgress: ({ lowWater, lateMs }) => {
                checkpoint = { ...checkpoint, lowWater: { ...checkpoint.lowWater, [cluster.record.name]: lowWater } };
                context.save(checkpoint);
                const done = Object.values(checkpoint.lowWater).reduce((a, b) => a + b, 0);
                const bound = clusters.reduce((sum, each) => sum + each.counts().bound, 0);
                progress({
                  live: `${done} of ${wanted} Pods created, ${bound} bound${lateMs > 500 ? `, ${Math.round(lateMs)} ms late` : ''}`,
                  fraction: wanted === 0 ? 1 : done / wanted,
                  checkpoint,
                });
              },
            }),
          ),
        ),
    );
    return rampResult(reports);
  });
}

/** A new execution paces what is left as it was meant: the first Pod that is missing is due now. */
function goOnFrom(before: RampCheckpoint | undefined, clusters: readonly ObservedCluster[]): RampCheckpoint {
  if (before === undefined) return { startAtMs: Date.now(), lowWater: {} };
  const reachedMs = clusters.map(({ record, load }) => load.arrivalsMs[before.lowWater[record.name] ?? 0] ?? 0);
  return { startAtMs: Date.now() - Math.min(...reachedMs), lowWater: before.lowWater };
}
