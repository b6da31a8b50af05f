import { CancellationScope } from '@temporalio/workflow';
import { clustersOf, presentGroups, takesPart, type Group } from '../core/campaign/groups.ts';
import type { GroupFailure } from '../core/campaign/merge-failures.ts';
import { parseDriveResult, parseStageResult } from '../core/campaign/parse-results.ts';
import type { DriveInput, StageResult, WatchInput } from '../core/campaign/stage-io.ts';
import { SOAK_START_MS } from '../core/plan/limits.ts';
import type { Ended } from './group-activity.ts';
import { groupFailure, isLead, type GroupStages } from './group-stage.ts';
import type { Execution } from './stage-call.ts';

const DRIVE = { name: 'drive', stage: 'soak' } as const;
const WATCH = { name: 'watch', stage: 'soak' } as const;
/** Key of the watch's own result among those of the groups. */
const OF_CAMPAIGN = 'watch';

/**
 * Runs a soak over all groups: a drive on each, and a watch on the lead, with one start. A breach or a failure of one of them ends
 * the others, which are awaited. When all drives have ended, the watch reads the gates for the end of the soak.
 *
 * @returns the merged result
 * @throws ApplicationFailure the merged failure; CancelledFailure
 */
export async function soakGroups(stages: GroupStages, of: Execution): Promise<StageResult> {
  const groups = presentGroups(stages.groups);
  const driven = groups.filter((group) => takesPart(group, 'soak'));
  const lead = groups.find(isLead);
  stages.begin('soak', groups);
  if (lead === undefined) return stages.merged('soak');
  const startAtMs = Date.now() + SOAK_START_MS;
  const input = (group: Group): DriveInput => ({
    ...stages.input(of, 'soak', group, isLead(group) && driven.includes(lead)),
    startAtMs,
  });
  const watchInput: WatchInput = {
    ...stages.input(of, 'soak', lead, !driven.includes(lead)),
    startAtMs,
    groups: clustersOf(groups),
  };
  const watch = (settled: Partial<WatchInput>): Promise<Ended<StageResult>> =>
    stages.run(of, WATCH, lead, async (activities) =>
      parseStageResult('soak', await activities.watch({ ...watchInput, ...settled })),
    );

  const together = new CancellationScope();
  const untilOneFails = async <Result>(part: Promise<Ended<Result>>): Promise<Ended<Result>> => {
    const ended = await part;
    if (ended.how === 'failed') together.cancel();
    return ended;
  };
  const [watched, drives] = await together.run(() =>
    Promise.all([
      untilOneFails(watch({})),
      Promise.all(
        driven.map((group) =>
          untilOneFails(
            stages.run(of, DRIVE, group, async (activities) => parseDriveResult(await activities.drive(input(group)))),
          ),
        ),
      ),
    ]),
  );
  const failures = [
    ...ofCampaign(watched, lead),
    ...drives.flatMap((ended, index) => {
      const group = driven[index];
      return ended.how === 'failed' && group !== undefined ? [groupFailure(group, ended)] : [];
    }),
  ];
  const wasCancelled = [watched, ...drives].some(({ how }) => how === 'cancelled');
  stages.end(driven, failures, wasCancelled);

  const results = drives.flatMap((ended) => (ended.how === 'succeeded' ? [ended.result] : []));
  const settledAtMs = Math.max(startAtMs, ...results.map((result) => result.settledAtMs));
  const read = await watch({ settledAtMs });
  stages.end(driven, ofCampaign(read, lead), read.how === 'cancelled');
  for (const [index, group] of driven.entries()) {
    const result = results[index];
    if (result !== undefined) stages.keep('soak', group, result);
  }
  if (read.how === 'succeeded')
    stages.keepResult('soak', OF_CAMPAIGN, { group: lead.group, host: lead.host, result: read.result });
  const merged = stages.merged('soak');
  return watched.how === 'succeeded' ? { ...merged, detail: `${merged.detail}; ${watched.result.detail}` } : merged;
}

/** The failure of a watch: of the campaign, if a gate broke; of the lead otherwise. */
function ofCampaign(ended: Ended<StageResult>, lead: Group): readonly GroupFailure[] {
  if (ended.how !== 'failed') return [];
  return [ended.failure.kind === 'breach' ? { group: null, failure: ended.failure } : groupFailure(lead, ended)];
}
