import type { Logger } from 'pino';
import type { GateReader } from '../adapters/prometheus/gate-reader.ts';
import type { GroupClusters, StageResult, WatchInput } from '../core/campaign/stage-io.ts';
import type { SoakCheckpoint } from '../core/plan/checkpoints/soak.ts';
import type { CampaignSpec } from '../core/plan/spec.ts';
import type { LiveDetails } from './bounded.ts';
import { KeptCheckpoint } from './kept-checkpoint.ts';
import { SoakClock } from './soak-clock.ts';
import { breachFailure } from './soak-gates.ts';
import { Watch } from './soak-watch.ts';
import { watchActivity } from './stage-activity.ts';

/** The adapters of a watch. */
export interface WatchAdapters {
  readonly openGateReader: (spec: CampaignSpec, execution: number, groups: readonly GroupClusters[]) => GateReader;
}

/**
 * Watches the gates of a campaign whose groups drive a soak. Beside the drives it reads the fail-fast gates at every check interval.
 * A breach ends it at once, with the readings of all gates for that moment; otherwise it ends with the soak's time. When all groups
 * have settled it runs once more, and reads all gates for the end of the soak. An attempt that finds a breach on record adds what is
 * missing to it, and reports it.
 */
export function createWatch(log: Logger, adapters: WatchAdapters): (input: WatchInput) => Promise<StageResult> {
  return watchActivity(log, async (context) => {
    const { spec, input } = context;
    const { execution, groups, startAtMs, settledAtMs } = input;
    const first = context.checkpoint ?? { startAtMs, lowWater: {}, actions: {} };
    const kept = new KeptCheckpoint<SoakCheckpoint>(first, (next) => context.save(next));
    const clock = new SoakClock(spec, startAtMs);
    const gates = adapters.openGateReader(spec, execution, groups);
    const watch = new Watch({ context, clock, kept, gates, onTick: () => kept.report() });
    try {
      if (settledAtMs === undefined && kept.now.breach === undefined) {
        await context.step(WATCH_STEPS, async ({ signal, progress }) => {
          kept.reportTo(() => progress(detailsOf(clock, watch)));
          await watch.toTheEnd(signal);
        });
      }
      const { breach } = kept.now;
      const facts = { soakStartMs: clock.startAtMs, soakEndMs: clock.endAtMs };
      if (settledAtMs === undefined && breach === undefined) {
        return { detail: `${watch.checksText()} of the gates`, facts };
      }
      await context.step(['lastSamplesAwaited', 'gatesRead'], ({ signal }) => watch.readAllGates(settledAtMs, signal));
      if (breach !== undefined) throw breachFailure(breach, clock.text(breach.reading.atMs));
      return { detail: 'all gates read for the end of the soak', facts };
    } finally {
      await gates.close();
    }
  });
}

/** The steps of a watch that follow one another without a pause. */
const WATCH_STEPS = ['startAwaited', 'settle', 'soak', 'lastCheckDue', 'samplesAwaited', 'lastCheck'] as const;

function detailsOf(clock: SoakClock, watch: Watch): LiveDetails {
  const nowMs = Date.now();
  return {
    live: `${clock.elapsedText(nowMs)}, ${watch.checksText()}`,
    fraction: clock.elapsedShare(nowMs),
    ...watch.live,
  };
}
