import type { Logger } from 'pino';
import { allAtOnce } from '../adapters/host/at-once.ts';
import type { ArrivalsReport, ArrivalsRequest } from '../adapters/kube/run-arrivals.ts';
import type { ObservedCluster } from '../adapters/observe/observed-cluster.ts';
import type { Observers } from '../adapters/observe/observers.ts';
import type { StageInput, StageResult } from '../core/campaign/stage-io.ts';
import type { RampCheckpoint } from '../core/plan/checkpoints/ramp.ts';
import { LatenessHistogram } from '../core/plan/lateness-histogram.ts';
import { POD_REQUESTS_AT_ONCE } from '../core/plan/limits.ts';
import { rampResult } from './ramp-result.ts';
import { scopeOf } from './soak-load.ts';
import { stageActivity } from './stage-activity.ts';

/** What the stage works with. */
export interface RampAdapters {
  readonly observers: Pick<Observers, 'of'>;
  runArrivals(request: ArrivalsRequest): Promise<ArrivalsReport>;
}

/** Lateness of the last Pod that is worth showing, ms. */
const SHOWN_LATENESS_MS = 500;

/**
 * Creates the Pods of every cluster at their intended moments, open loop. A resumed ramp fills the slots that are empty: exactly
 * N Pods, no duplicates.
 */
export function createRamp(log: Logger, adapters: RampAdapters): (input: StageInput) => Promise<StageResult> {
  return stageActivity('ramp', log, async (context) => {
    const { spec, owner } = context;
    const clusters = await context.step('watchesOpened', () =>
      adapters.observers.of(spec, context.clusters(), owner, { stage: 'ramp', execution: context.input.execution }),
    );
    let checkpoint = context.checkpoint ?? continueFrom(context.handedOver, clusters);
    context.save(checkpoint);
    const lateness = checkpoint.lateness === undefined ? undefined : new LatenessHistogram(checkpoint.lateness);
    const wanted = clusters.reduce((sum, cluster) => sum + cluster.load.demand.base, 0);
    const reports = await context.step(
      ['podsListed', 'arrivals', 'podsTaken', 'lastPodReady'],
      ({ signal, progress }) => {
        const onProgress = (cluster: ObservedCluster, lowWater: number, lateMs: number): void => {
          checkpoint = {
            ...checkpoint,
            lowWater: { ...checkpoint.lowWater, [cluster.record.name]: lowWater },
            ...(lateness === undefined ? {} : { lateness: lateness.counts }),
          };
          context.save(checkpoint);
          const done = Object.values(checkpoint.lowWater).reduce((a, b) => a + b, 0);
          const bound = clusters.reduce((sum, each) => sum + each.counts().bound, 0);
          const late = lateMs > SHOWN_LATENESS_MS ? `, ${Math.round(lateMs)} ms late` : '';
          progress({
            live: `${done} of ${wanted} Pods created, ${bound} bound${late}`,
            fraction: wanted === 0 ? 1 : done / wanted,
          });
        };
        // All clusters at once. When one fails, the others end before the attempt does: the next one continues from its checkpoint.
        return allAtOnce(clusters, { atOnce: Math.max(1, clusters.length), signal }, (cluster, inner) =>
          adapters.runArrivals({
            scope: scopeOf(cluster),
            pods: cluster.load,
            offsetsMs: cluster.load.arrivalsMs,
            startAtMs: checkpoint.startAtMs,
            fromIndex: checkpoint.lowWater[cluster.record.name] ?? 0,
            parallel: POD_REQUESTS_AT_ONCE,
            callBudgetMs: spec.deadlines.budgets.apiCallMs,
            signal: inner,
            onLate: (ms) => {
              cluster.onLate(ms);
              lateness?.add(ms);
            },
            onProgress: ({ lowWater, lateMs }) => onProgress(cluster, lowWater, lateMs),
          }),
        );
      },
    );
    return rampResult(reports, lateness?.counts);
  });
}

/** A new execution keeps the pace of what is left: the first Pod that is missing is due now. */
function continueFrom(before: RampCheckpoint | undefined, clusters: readonly ObservedCluster[]): RampCheckpoint {
  if (before === undefined) return { startAtMs: Date.now(), lowWater: {}, lateness: {} };
  const reachedMs = clusters.map(({ record, load }) => load.arrivalsMs[before.lowWater[record.name] ?? 0] ?? 0);
  return { startAtMs: Date.now() - Math.min(...reachedMs), lowWater: before.lowWater, lateness: {} };
}
