import { expect, test } from 'vitest';
import type { CampaignStatus } from '../../src/core/campaign/stage-io.ts';
import type { LiveActivity } from '../../src/cli/campaign-rows.ts';
import { createRungEvents } from '../../src/cli/rung-events.ts';
import { jsonOutput, type RunOutput } from '../../src/cli/run-output.ts';

type Outcome = CampaignStatus['state']['outcomes'][number];

/** The events that an output writes, without their times. */
function written(use: (output: RunOutput) => void): readonly Record<string, unknown>[] {
  const lines: string[] = [];
  use(jsonOutput((line) => lines.push(line)));
  return lines.map((line) => {
    expect(line).toMatch(/^\{.*\}\n$/);
    const { at, ...rest } = JSON.parse(line) as Record<string, unknown>;
    expect(at).toMatch(/^\d{4}-\d\d-\d\dT.*Z$/);
    return rest;
  });
}

function status(state: object, rest: object = {}): CampaignStatus {
  const shown: unknown = { state: { outcomes: [], hold: null, ...state }, details: {}, holdEndsAtMs: null, ...rest };
  return shown as CampaignStatus;
}

const seeded = { stage: 'seed', execution: 1, outcome: 'succeeded', startedAtMs: 0, endedAtMs: 1 } as Outcome;
const live = {
  stage: 'ramp',
  attempt: 2,
  live: '40 of 400 Pods',
  fraction: 0.1,
  lastFailure: undefined,
} as LiveActivity;
const campaign = 'c-1';

test('each change of a campaign is one line', () => {
  const ramp = status(
    { mode: 'stage', stage: 'ramp', execution: 1, outcomes: [seeded] },
    { details: { seed: '400 Nodes' } },
  );
  const events = written((output) => {
    output.started({ workflowId: campaign, pageUrl: undefined, facts: { profile: 'p', pods: 400 } });
    output.status(campaign, status({ mode: 'stage', stage: 'seed', execution: 1 }), undefined);
    output.status(campaign, ramp, undefined);
    output.status(campaign, ramp, live);
    output.status(campaign, ramp, live);
    output.display.show([]);
    output.display.note('two\nlines');
  });
  expect(events).toEqual([
    { event: 'campaign', campaign, page: null, profile: 'p', pods: 400 },
    { event: 'stage', campaign, stage: 'seed', execution: 1, state: 'running', text: '' },
    { event: 'stage', campaign, stage: 'seed', execution: 1, state: 'succeeded', text: '400 Nodes' },
    { event: 'stage', campaign, stage: 'ramp', execution: 1, state: 'running', text: '' },
    { event: 'progress', campaign, stage: 'ramp', attempt: 2, text: '40 of 400 Pods', fraction: 0.1 },
    { event: 'note', campaign, text: 'two\nlines' },
  ]);
});

test('a stage that was not seen running began all the same', () => {
  const failed = { ...seeded, outcome: 'failed', failure: { kind: 'system', message: 'no Nodes' } } as Outcome;
  const events = written((output) =>
    output.status(campaign, status({ mode: 'finished', outcomes: [seeded, { ...failed, execution: 2 }] }), undefined),
  );
  expect(events.map(({ execution, state, text }) => [execution, state, text])).toEqual([
    [1, 'running', ''],
    [1, 'succeeded', ''],
    [2, 'running', ''],
    [2, 'failed', 'no Nodes'],
  ]);
});

test('a hold says how it is answered, and the summary is the last line', () => {
  const hold = {
    stage: 'soak',
    execution: 1,
    openedAtMs: 0,
    failure: { kind: 'breach', message: 'too slow', gate: 'g' },
  };
  const events = written((output) => {
    output.held(campaign, status({ mode: 'hold', hold }, { holdEndsAtMs: 0 }));
    output.left(campaign, { exitCode: 1, detached: false });
  });
  expect(events[0]).toMatchObject({ event: 'hold', stage: 'soak', gate: 'g', until: '1970-01-01T00:00:00.000Z' });
  expect(events[0]?.['answers']).toEqual(['./belay retry c-1', './belay skip c-1', './belay abort c-1']);
  expect(events[1]).toMatchObject({ event: 'summary', verdict: null, exitCode: 1, running: true });
});

test('the end of a campaign without evidence on this host', () => {
  const [summary] = written((output) =>
    output.ended(
      { end: 'harness-fault', result: undefined, status: undefined, message: 'terminated' },
      { workflowId: 'no-such-campaign', pageUrl: 'http://ui', stackStays: true, again: undefined },
      4,
    ),
  );
  expect(summary).toEqual({
    event: 'summary',
    campaign: 'no-such-campaign',
    verdict: 'harness-fault',
    exitCode: 4,
    running: false,
    message: 'terminated',
    reasons: [],
    gates: [],
    leftovers: [],
    evidence: null,
    report: null,
    page: 'http://ui',
  });
});

test('what could not begin is a summary, and what fails after the end is none', () => {
  const usage = {
    event: 'summary',
    campaign: null,
    verdict: 'invalid',
    exitCode: 64,
    running: false,
    message: 'no such profile',
  };
  expect(written((output) => output.refused('no such profile', 64))).toEqual([expect.objectContaining(usage)]);
  const lost = written((output) => {
    output.started({ workflowId: campaign, pageUrl: undefined, facts: {} });
    output.refused('the server is gone', 4);
  });
  expect(lost[1]).toMatchObject({ event: 'summary', campaign, verdict: null, exitCode: 4, running: true });
  const ended = written((output) => {
    output.left(campaign, { exitCode: 0, detached: true });
    output.refused('the port is in use', 4);
  });
  expect(ended).toHaveLength(1);
  const lines: string[] = [];
  createRungEvents((line) => lines.push(line)).refused('no such ladder', 64);
  expect(lines.map((line) => JSON.parse(line) as unknown)).toEqual([
    expect.objectContaining({
      event: 'summary',
      climb: null,
      verdict: 'invalid',
      exitCode: 64,
      message: 'no such ladder',
    }),
  ]);
});

test('each change of a climb is one line', () => {
  const lines: string[] = [];
  const events = createRungEvents((line) => lines.push(line));
  events.begun('night');
  const rung = {
    rung: 'small',
    profile: 'p',
    substrate: 'local',
    workflowId: 'night-small',
    reason: '',
    tightest: '',
    durationMs: 0,
  };
  for (const end of ['not-started', 'running', 'running', 'pass'] as const) events.news([{ ...rung, end }]);
  events.summary({ end: 'pass', rungs: [], message: '' }, undefined, 0);
  events.refused('after its end', 4);
  const shown = lines.map((line) => JSON.parse(line) as Record<string, unknown>);
  expect(shown.map(({ event, end, verdict }) => [event, end ?? verdict])).toEqual([
    ['rung', 'running'],
    ['rung', 'pass'],
    ['summary', 'pass'],
  ]);
});
