import type { Logger } from 'pino';
import { allAtOnce } from '../adapters/host/at-once.ts';
import type { ArrivalsReport, ArrivalsRequest } from '../adapters/kube/run-arrivals.ts';
import type { ObservedCluster } from '../adapters/observe/observed-cluster.ts';
import type { Observers } from '../adapters/observe/observers.ts';
import type { StageInput, StageResult } from '../core/campaign/stage-io.ts';
import type { RampCheckpoint } from '../core/plan/checkpoints/ramp.ts';
import { LatenessHistogram } from '../core/plan/lateness-histogram.ts';
import { POD_REQUESTS_AT_ONCE, SHOW_WAITS_MS } from '../core/plan/limits.ts';
import { observedSoFar, waitingText } from './observing.ts';
import { observedClusters } from './observed-clusters.ts';
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
    const { spec } = context;
    const clusters = await context.step(['watchesOpened', 'watchesAnswered'], () =>
      observedClusters(context, adapters.observers),
    );
    let checkpoint = context.checkpoint ?? continueFrom(context.handedOver, clusters);
    context.save(checkpoint);
    const lateness = checkpoint.lateness === undefined ? undefined : new LatenessHistogram(checkpoint.lateness);
    const earlier = checkpoint.observation;
    const change = (to: Partial<RampCheckpoint>): void => {
      checkpoint = {
        ...checkpoint,
        ...to,
        ...(lateness === undefined ? {} : { lateness: lateness.counts }),
        observation: observedSoFar(clusters, earlier),
      };
      context.save(checkpoint);
    };
    const wanted = clusters.reduce((sum, cluster) => sum + cluster.load.demand.base, 0);
    const reports = await context.step(
      ['podsListed', 'arrivals', 'podsTaken', 'overload', 'lastPodReady'],
      async ({ signal, progress }) => {
        let lateMs = 0;
        const show = (): void => {
          const done = Object.values(checkpoint.lowWater).reduce((a, b) => a + b, 0);
          const bound = clusters.reduce((sum, each) => sum + each.counts().bound, 0);
          const late = lateMs > SHOWN_LATENESS_MS ? `, ${Math.round(lateMs)} ms late` : '';
          progress({
            live: `${done} of ${wanted} Pods created, ${bound} bound${late}${waitingText(clusters)}`,
            fraction: wanted === 0 ? 1 : done / wanted,
          });
        };
        const onProgress = (cluster: ObservedCluster, lowWater: number): void => {
          change({ lowWater: { ...checkpoint.lowWater, [cluster.record.name]: lowWater } });
          show();
        };
        // Nothing else reports that requests wait for their server.
        const waits = setInterval(() => {
          if (waitingText(clusters) !== '') show();
        }, SHOW_WAITS_MS);
        // All clusters at once. When one fails, the others end before the attempt does: the next one continues from its checkpoint.
        const limits = { atOnce: Math.max(1, clusters.length), signal };
        const arrivals = allAtOnce(clusters, limits, (cluster, inner) =>
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
            onProgress: (reached) => {
              lateMs = reached.lateMs;
              onProgress(cluster, reached.lowWater);
            },
          }),
        );
        return await arrivals.finally(() => {
          clearInterval(waits);
          change({});
        });
      },
    );
    return rampResult(reports, lateness?.counts, observedSoFar(clusters, earlier));
  });
}

/** A new execution keeps the pace of what is left: the first Pod that is missing is due now. */
function continueFrom(before: RampCheckpoint | undefined, clusters: readonly ObservedCluster[]): RampCheckpoint {
  if (before === undefined) return { startAtMs: Date.now(), lowWater: {}, lateness: {} };
  const reachedMs = clusters.map(({ record, load }) => load.arrivalsMs[before.lowWater[record.name] ?? 0] ?? 0);
  return { startAtMs: Date.now() - Math.min(...reachedMs), lowWater: before.lowWater, lateness: {} };
}
