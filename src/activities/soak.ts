import type { Logger } from 'pino';
import type { BoundEffect } from '../adapters/faults/effect.ts';
import type { Observers } from '../adapters/observe/observers.ts';
import type { GateReader } from '../adapters/prometheus/gate-reader.ts';
import type { StageInput, StageResult } from '../core/campaign/stage-io.ts';
import type { SoakCheckpoint } from '../core/plan/checkpoints/soak.ts';
import type { CampaignSpec } from '../core/plan/spec.ts';
import type { LiveDetails } from './bounded.ts';
import { continuesElsewhere } from './cancellation.ts';
import { isLeaseLost } from './why-halted.ts';
import { KeptCheckpoint } from './kept-checkpoint.ts';
import { observedClusters } from './observed-clusters.ts';
import { SoakClock } from './soak-clock.ts';
import { Drive, type DriveEnd } from './soak-drive.ts';
import { breachFailure } from './soak-gates.ts';
import { Watch } from './soak-watch.ts';
import { stageActivity, type StageContext } from './stage-activity.ts';

/** The adapters of the soak. */
export interface SoakAdapters {
  readonly observers: Pick<Observers, 'of'>;
  readonly openGateReader: (spec: CampaignSpec, execution: number) => GateReader;
  readonly effectOf: (action: string) => BoundEffect | undefined;
}

/**
 * Keeps the load up for the soak's time: churn and changes of demand at their intended moments, faults, replacement of lost
 * Pods, and the fail-fast gates at every check interval. A breach ends it at once. All gates are read at the end: for the moment
 * at which the soak ended, by its time or by a breach, however long it takes until they are read. An attempt that finds the end
 * on record adds what is missing to it, and reports it.
 */
export function createSoak(log: Logger, adapters: SoakAdapters): (input: StageInput) => Promise<StageResult> {
  return stageActivity('soak', log, async (context) => {
    const { spec } = context;
    const clusters = await context.step(['watchesOpened', 'watchesAnswered'], () =>
      observedClusters(context, adapters.observers),
    );
    const first = context.checkpoint ?? { startAtMs: Date.now(), lowWater: {}, actions: {} };
    const kept = new KeptCheckpoint<SoakCheckpoint>(first, (next) => context.save(next));
    const clock = new SoakClock(spec, kept.now.startAtMs);
    const gates = adapters.openGateReader(spec, context.input.execution);
    const watch = new Watch({ context, clock, kept, gates, onTick: () => kept.report() });
    // During the soak the watch reports progress: a check that hangs must not look like progress.
    const onTick = (): void => {
      if (drive.isSettling) kept.report();
    };
    const drive = new Drive({ context, clock, kept, clusters, effectOf: adapters.effectOf, onTick });
    try {
      if (!isOver(kept.now)) await context.step(['podsListed', 'podsAnswered'], ({ signal }) => drive.begin(signal));
      await context.step(SOAK_STEPS, async ({ signal, progress }) => {
        // Changes of the checkpoint report too: after the soak's time only they show that late operations and faults continue.
        kept.reportTo(() => progress(detailsOf(clock, drive, watch)));
        await toTheEnd({ spec, kept, drive, watch }, signal);
      });
      const { breach, ended } = kept.now;
      await context.step('gatesRead', ({ signal }) => watch.readAllGates(ended?.settledAtMs, signal));
      if (breach !== undefined) throw breachFailure(breach, clock.text(breach.reading.atMs));
      return { detail: ended?.detail ?? '', facts: ended?.facts ?? {} };
    } catch (error) {
      // After a requested cancel no attempt follows that could undo anything.
      if (!continuesElsewhere() && !isLeaseLost(error)) {
        await drive.undoFaults().catch((cause: unknown) => log.warn({ err: cause }, 'a fault could not be undone'));
      }
      throw error;
    } finally {
      drive.keepObservation();
      await gates.close();
    }
  });
}

/** The steps of the soak that run side by side, or follow one another without a pause. */
const SOAK_STEPS = [
  'settle',
  'soak',
  'burstPods',
  'overload',
  'lastCheckDue',
  'lastCheck',
  'lastPodReady',
  'faultsInjected',
  'faultEffectSeen',
  'longestFault',
  'faultUndoingSeen',
] as const;

/** A soak: its drive and its watch side by side, and the checkpoint that they share. */
interface Soak extends Pick<StageContext, 'spec'> {
  readonly kept: KeptCheckpoint<SoakCheckpoint>;
  readonly drive: Drive;
  readonly watch: Watch;
}

/** Whether an earlier attempt reached the end or a breach. The worker of that attempt died before it could report it. */
function isOver({ breach, ended }: SoakCheckpoint): boolean {
  return breach !== undefined || ended !== undefined;
}

/** Drives and watches, to the end or to a breach, and records which of them. Nothing of it continues afterwards. */
async function toTheEnd(soak: Soak, signal: AbortSignal): Promise<void> {
  const { kept, drive, watch } = soak;
  const { breach: earlier, ended } = kept.now;
  if (ended !== undefined) return;
  if (earlier !== undefined) {
    // Only the faults are left, to be undone.
    await drive.runFaults(AbortSignal.abort(), signal);
    return;
  }
  const stop = new AbortController();
  const inner = AbortSignal.any([signal, stop.signal]);
  const driven = drive.toTheEnd(inner, signal);
  const watched = watch.toTheEnd(inner);
  try {
    // Before the watch is over, the drive ends the soak only by failing.
    const breach = await Promise.race([watched, driven.then(() => watched)]);
    if (breach === undefined) kept.change({ ended: endOf(soak, await driven) });
  } finally {
    stop.abort(new Error('the soak is over'));
    await Promise.allSettled([driven, watched]);
    const { breach } = kept.now;
    if (breach !== undefined) drive.countNeverSent(breach.reading.atMs);
  }
}

function endOf({ spec, watch }: Soak, { settledAtMs, result }: DriveEnd): NonNullable<SoakCheckpoint['ended']> {
  const { soakSeconds } = spec.profile.loadProfile;
  const detail = `${soakSeconds} s, ${result.detail}, ${watch.checksText()} of the gates`;
  return { settledAtMs, detail, facts: result.facts };
}

function detailsOf(clock: SoakClock, drive: Drive, watch: Watch): LiveDetails {
  const nowMs = Date.now();
  if (drive.isSettling) return { live: drive.live(), fraction: 1 };
  return {
    live: `${clock.elapsedText(nowMs)}, ${drive.live()}, ${watch.checksText()}`,
    fraction: clock.elapsedShare(nowMs),
    ...watch.live,
  };
}
