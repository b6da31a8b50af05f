import type { Logger } from 'pino';
import { readCheckpoint } from '../adapters/host/checkpoints.ts';
import { readGround } from '../adapters/host/ground.ts';
import { readLedger } from '../adapters/host/ledger.ts';
import { buildSummary } from '../adapters/evidence/build-summary.ts';
import { readReadings } from '../adapters/evidence/evidence-folder.ts';
import { writeSummary } from '../adapters/evidence/write-summary.ts';
import { writeJunit } from '../adapters/evidence/junit.ts';
import { writeManifest } from '../adapters/evidence/manifest.ts';
import { writeReport } from '../adapters/evidence/report.ts';
import type { LoadRecord } from '../adapters/evidence/summary-model.ts';
import { faultResults } from '../core/campaign/fault-results.ts';
import { parseSoakCheckpoint } from '../core/plan/checkpoints/soak.ts';
import { withBreachesRead } from '../core/verdict/conclusion.ts';
import { latestOutcome, type CampaignState } from '../core/campaign/machine.ts';
import { gateLine, type JudgeInput, type JudgeResult } from '../core/campaign/stage-io.ts';
import { finalResults } from '../core/verdict/final-readings.ts';
import type { SummaryAction } from '../core/verdict/summary.ts';
import type { CampaignSpec } from '../core/plan/spec.ts';
import { isCancelled } from './cancellation.ts';
import { judgeActivity, type StageContext } from './stage-activity.ts';

/** Judges what was measured and writes it down: summary, report, JUnit. It asks no cluster and no Prometheus: what counts was read by then. */
export function createJudge(log: Logger): (input: JudgeInput) => Promise<JudgeResult> {
  return judgeActivity(log, async (context) => {
    const { spec, input, evidence } = context;
    const { state } = input;
    const summary = await context.step('readingsJudged', async () => {
      const readings = readReadings(evidence.folder);
      const execution = latestOutcome(state, 'soak')?.execution ?? 0;
      const results = finalResults(spec.gates, readings, execution, Date.now());
      const judged = buildSummary({
        spec,
        state: withBreachesRead(state, spec.gates, readings, results),
        results,
        readings,
        actions: actionsOf(spec, state, execution),
        groundEvents: readGround(spec.campaign),
        evidence: input.evidence,
        earlierSpecHashes: input.earlierSpecHashes,
        load: loadOf(input.facts['ramp']),
        facts: input.facts,
        context: contextOf(spec),
        endedAtMs: Date.now(),
      });
      writeSummary(evidence.folder, judged);
      writeJunit(evidence.folder, judged);
      return judged;
    });
    await ifPossible(context, 'report', () => context.step('reportWritten', () => writeReport(evidence.folder)));
    await ifPossible(context, 'manifest', () =>
      context.step('evidenceListed', ({ signal }) => writeManifest(evidence.folder, signal)),
    );
    return {
      detail: `${summary.verdict}${summary.reasons[0] === undefined ? '' : `: ${summary.reasons[0]}`}`,
      facts: { verdict: summary.verdict },
      verdict: summary.verdict,
      // A workflow's result is kept small; summary.json has them all.
      reasons: summary.reasons.slice(0, 20).map((reason) => reason.slice(0, 500)),
      gates: summary.gates.map(gateLine),
    };
  });
}

/**
 * A report that cannot be drawn, or a list of files that are too large for it, must not cost the verdict: what counts is in
 * summary.json. A cancel is passed on.
 */
async function ifPossible(
  { event, log }: Pick<StageContext, 'event' | 'log'>,
  what: 'report' | 'manifest',
  write: () => Promise<unknown>,
): Promise<void> {
  try {
    await write();
  } catch (error) {
    if (isCancelled(error)) throw error;
    log.error({ err: error }, `the ${what} could not be written`);
    event(`no-${what}`, error instanceof Error ? error.message : String(error));
  }
}

/** What became of the runner actions of the soak that counts. */
function actionsOf(spec: CampaignSpec, state: CampaignState, execution: number): readonly SummaryAction[] {
  // A soak that ended early did not get to its later actions; that it ended early is what is told.
  if (latestOutcome(state, 'soak')?.outcome !== 'succeeded') return [];
  const checkpoint = parseSoakCheckpoint(readCheckpoint(spec.slug, 'soak', execution));
  return faultResults(spec, checkpoint?.actions ?? {});
}

/** How the load was made. What the ramp could not measure is not there, also here: 0 would be a measurement. */
function loadOf(facts: Readonly<Record<string, number | string>> | undefined): LoadRecord | null {
  if (facts === undefined) return null;
  const measured = (name: string): number | undefined => {
    const fact = facts[name];
    return typeof fact === 'number' ? fact : undefined;
  };
  const asked = measured('askedPerSec');
  const achieved = measured('achievedPerSec');
  const lateMs = measured('sentLateP99Ms');
  return {
    asked: measured('podsWanted') ?? 0,
    created: (measured('podsCreated') ?? 0) + (measured('podsExisting') ?? 0),
    ...(asked === undefined ? {} : { askedPodsPerSec: asked }),
    ...(achieved === undefined ? {} : { achievedPodsPerSec: achieved }),
    ...(lateMs === undefined ? {} : { latenessP99Seconds: lateMs / 1_000 }),
  };
}

function contextOf(spec: CampaignSpec): string {
  const cluster = readLedger(spec.slug)?.clusters[0];
  return cluster === undefined ? '' : cluster.context === '' ? cluster.name : cluster.context;
}
