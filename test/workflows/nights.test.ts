import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pino } from 'pino';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { JUDGE_ADAPTERS } from '../../src/activities/all.ts';
import { createClimb } from '../../src/activities/climb.ts';
import { createJudge } from '../../src/activities/judge.ts';
import { evidenceFolder, openEvidence } from '../../src/adapters/evidence/evidence-folder.ts';
import { makeCurrent } from '../../src/adapters/evidence/spec-store.ts';
import { summaryInFolder, writeSummary } from '../../src/adapters/evidence/write-summary.ts';
import { runFolder } from '../../src/adapters/host/folders.ts';
import { campaignName } from '../../src/core/campaign/campaign-name.ts';
import type { ClimbResult, LadderSpec } from '../../src/core/campaign/climb.ts';
import type { JudgeInput } from '../../src/core/campaign/stage-io.ts';
import { resultOf } from '../adapters/evidence/fixture.ts';
import { testHome, type TestHome } from '../adapters/substrates/local-campaign.ts';
import { aProfile } from '../core/plan/make.ts';
import { aGate, aSpec, QUEUES } from './make-spec.ts';
import type { Script } from './scripted.ts';
import { TestTemporal } from './temporal.ts';

const NIGHTS = 20;
const DAY_MS = 86_400_000;
const bind = aGate({ failFast: false });

let temporal: TestTemporal;
let home: TestHome;
beforeAll(async () => {
  home = testHome();
  vi.stubEnv('BELAY_EVIDENCE', '');
  temporal = await TestTemporal.start();
});
afterAll(async () => {
  await temporal.stop();
  vi.unstubAllEnvs();
  home.close();
});

/** A rung whose soak measures a value. What judges it, and what it is compared with, is real. */
function measuring(profile: string, value: number): Script {
  return {
    resolve: ({ workflowId }) => {
      const campaign = campaignName(workflowId);
      const spec = aSpec({
        workflowId,
        campaign,
        specHash: `hash-of-${campaign}`,
        slug: campaign.replaceAll('.', '-'),
        profile: aProfile({ metadata: { name: profile, description: '' } }),
        gates: [bind],
      });
      makeCurrent(spec);
      openEvidence(spec).readings({ stage: 'soak', execution: 1 }, 'end', [resultOf(bind, value)]);
      return spec;
    },
    stages: {
      judge: ({ input }) =>
        createJudge(pino({ level: 'silent' }), { ...JUDGE_ADAPTERS, writeReport: () => Promise.resolve() })(
          input as JudgeInput,
        ),
    },
  };
}

/** Climbs two rungs, and the first of them again where it is flagged. @returns ladder.json, and what the UI shows */
async function climb(
  name: string,
  values: { readonly small: number; readonly again: number; readonly middle: number },
): Promise<{ readonly result: ClimbResult; readonly details: string }> {
  const spec: LadderSpec = {
    name: 'nightly',
    rungs: ['1-small', '2-middle'].map((id) => ({ id, profile: id.slice(2), substrate: 'laptop', overrides: {} })),
    holdMs: 0,
    trigger: 'schedule',
    runAgain: true,
    hostQueue: QUEUES.host,
    folder: name,
  };
  temporal.scripted.play(`${name}.1-small`, measuring('small', values.small));
  temporal.scripted.play(`${name}.1-small-again`, measuring('small', values.again));
  temporal.scripted.play(`${name}.2-middle`, measuring('middle', values.middle));
  temporal.scripted.play(`${name}.2-middle-again`, measuring('middle', values.middle));
  const writeClimb = (result: ClimbResult): Promise<void> => createClimb().writeClimb({ spec, result });
  const ladder = await temporal.begin(name, { ladder: spec, writeClimb }, { type: 'ladder', workflowId: name });
  await ladder.result();
  const text = readFileSync(join(runFolder(name), 'ladder.json'), 'utf8');
  return { result: JSON.parse(text) as ClimbResult, details: await ladder.details() };
}

/** Earlier nights of a rung, made of its first one. */
function storeNights(first: string): void {
  const summary = summaryInFolder(evidenceFolder(first));
  if (summary === undefined) throw new Error(`${first} was not judged`);
  for (let night = 1; night < NIGHTS; night++) {
    const runId = `${summary.profile}-${night}`;
    mkdirSync(evidenceFolder(runId));
    writeSummary(evidenceFolder(runId), {
      ...summary,
      runId,
      startedAtMs: summary.startedAtMs - night * DAY_MS,
      // Stages without work take as long as the machine likes.
      stages: [],
      gates: [resultOf(bind, 1 + 0.01 * (night % 5))],
    });
  }
}

test('a nightly ladder with twenty earlier nights: its summary names what changed, and what did not last', async () => {
  const first = await climb('night', { small: 1, again: 1, middle: 1 });
  expect(first.result.rungs).toEqual([
    expect.not.objectContaining({ changes: expect.anything() as unknown }),
    expect.not.objectContaining({ changes: expect.anything() as unknown }),
  ]);
  for (const rung of ['1-small', '2-middle']) storeNights(`night.${rung}`);

  const outlier = await climb('outlier', { small: 1.5, again: 1.02, middle: 1.01 });
  expect(outlier.result).toMatchObject({ ladder: 'nightly', end: 'pass', rungs: [{ end: 'pass' }, { end: 'pass' }] });
  const [small, middle] = outlier.result.rungs;
  const text = expect.stringMatching(/^podBindP99: step withdrawn, a single outlier: worse by 47 % /) as string;
  expect(small?.changes).toEqual([text]);
  expect(small?.again).toMatchObject({
    workflowId: 'outlier.1-small-again',
    end: 'pass',
    outcomes: [{ metric: 'podBindP99', outcome: 'withdrawn', text }],
  });
  expect([middle?.changes, middle?.again]).toEqual([undefined, undefined]);

  const slower = await climb('slower', { small: 1.5, again: 1.52, middle: 1.02 });
  expect(slower.result.end).toBe('pass');
  const [step, same] = slower.result.rungs;
  expect(step?.changes).toEqual([
    expect.stringMatching(/^podBindP99: step: worse by 4\d % \(.*\) since \d{4}-\d\d-\d\d, confirmed /),
  ]);
  expect(step?.again?.outcomes).toMatchObject([{ metric: 'podBindP99', outcome: 'confirmed' }]);
  expect(same?.changes).toBeUndefined();
  expect(slower.details).toMatch(
    /### Run again\n\n- 1-small: \*\*confirmed\*\*: podBindP99: step: [^\n]*\n\n### Changed over the latest comparable runs\n\n- 1-small: podBindP99: step: /,
  );
  const stored = summaryInFolder(evidenceFolder('slower.1-small-again'))?.history;
  expect(stored).toMatchObject({ earlierRuns: NIGHTS + 3, over: 20, changes: [{ direction: 'worse', open: false }] });
});
