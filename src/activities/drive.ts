import type { Logger } from 'pino';
import type { BoundEffect } from '../adapters/faults/effect.ts';
import type { Observers } from '../adapters/observe/observers.ts';
import type { DriveInput, DriveResult } from '../core/campaign/stage-io.ts';
import type { SoakCheckpoint } from '../core/plan/checkpoints/soak.ts';
import type { LiveDetails } from './bounded.ts';
import { continuesElsewhere, whyCancelled } from './cancellation.ts';
import { isLeaseLost } from './why-halted.ts';
import { KeptCheckpoint } from './kept-checkpoint.ts';
import { observedClusters } from './observed-clusters.ts';
import { SoakClock } from './soak-clock.ts';
import { Drive } from './soak-drive.ts';
import { driveActivity, type BodyResult } from './stage-activity.ts';

/** The adapters of a drive. */
export interface DriveAdapters {
  readonly observers: Pick<Observers, 'of'>;
  readonly effectOf: (action: string) => BoundEffect | undefined;
}

/**
 * Drives the clusters of one group through a soak that has several: churn and changes of demand at their intended moments, faults,
 * and the replacement of lost Pods, by the clock that all groups have in common. It ends when the last Pods of this group had
 * their time. Whether a gate is breached is not its matter: the campaign then cancels it.
 */
export function createDrive(log: Logger, adapters: DriveAdapters): (input: DriveInput) => Promise<DriveResult> {
  return driveActivity(log, async (context) => {
    const { spec, input } = context;
    const clusters = await context.step(['watchesOpened', 'watchesAnswered'], () =>
      observedClusters(context, adapters.observers),
    );
    const first = context.checkpoint ?? { startAtMs: input.startAtMs, lowWater: {}, actions: {} };
    const kept = new KeptCheckpoint<SoakCheckpoint>(first, (next) => context.save(next));
    const clock = new SoakClock(spec, input.startAtMs);
    const { effectOf } = adapters;
    const drive = new Drive({ context, clock, kept, clusters, effectOf, onTick: () => kept.report() });
    try {
      if (kept.now.ended === undefined) {
        await context.step(['podsListed', 'podsAnswered'], ({ signal }) => drive.begin(signal));
        await context.step(DRIVE_STEPS, async ({ signal, progress }) => {
          kept.reportTo(() => progress(detailsOf(clock, drive)));
          const { settledAtMs, result } = await drive.toTheEnd(signal, signal);
          kept.change({ ended: { settledAtMs, ...result } });
        });
      }
      return endOf(kept.now);
    } catch (error) {
      // After a requested cancel no attempt follows that could send or undo anything.
      if (whyCancelled() === 'requested') drive.countNeverSent(Math.min(Date.now(), clock.endAtMs));
      if (!continuesElsewhere() && !isLeaseLost(error)) {
        await drive.undoFaults().catch((cause: unknown) => log.warn({ err: cause }, 'a fault could not be undone'));
      }
      throw error;
    } finally {
      drive.keepObservation();
    }
  });
}

/** The steps of a drive that run side by side, or follow one another without a pause. */
const DRIVE_STEPS = [
  'startAwaited',
  'settle',
  'soak',
  'burstPods',
  'overload',
  'lastPodReady',
  'faultsInjected',
  'faultEffectSeen',
  'longestFault',
  'faultUndoingSeen',
] as const;

function endOf({ ended }: SoakCheckpoint): BodyResult<DriveResult> {
  if (ended === undefined) throw new Error('the drive ended without a result');
  const { detail, facts, settledAtMs } = ended;
  return { detail, facts, settledAtMs };
}

function detailsOf(clock: SoakClock, drive: Drive): LiveDetails {
  const nowMs = Date.now();
  return { live: `${clock.elapsedText(nowMs)}, ${drive.live()}`, fraction: clock.elapsedShare(nowMs) };
}
