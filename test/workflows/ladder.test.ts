import { ApplicationFailure } from '@temporalio/activity';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { ClimbResult, LadderSpec, RungLine } from '../../src/core/campaign/climb.ts';
import { idOfPair, SIDES, type ComparisonResult } from '../../src/core/campaign/comparison.ts';
import { endsCancelled, failureOf, order } from './asserting.ts';
import { missingFrom } from './history.ts';
import { QUEUES } from './make-spec.ts';
import { breach, harnessFails, untilCancelled, type Script } from './scripted.ts';
import { TestTemporal, type Run } from './temporal.ts';

let temporal: TestTemporal;
beforeAll(async () => {
  temporal = await TestTemporal.start();
});
afterAll(() => temporal.stop());

const RUNGS = ['1-small', '2-middle', '3-large'];

function aLadder(change: Partial<LadderSpec> = {}): LadderSpec {
  return {
    name: 'nightly',
    rungs: RUNGS.map((id) => ({ id, profile: id.slice(2), substrate: 'laptop', overrides: { 'scale.machines': 5 } })),
    holdMs: 0,
    trigger: 'cli',
    hostQueue: QUEUES.host,
    folder: 'nightly',
    ...change,
  };
}

/** Starts a ladder; `scripts` are those of its rungs. */
async function climb(
  name: string,
  scripts: readonly Script[] = [],
  script: Script = { ladder: aLadder() },
): Promise<{ readonly ladder: Run; readonly rungs: readonly Run[] }> {
  const workflowId = temporal.nextId(name);
  const rungs = RUNGS.map((id, i) => {
    const rungId = `${workflowId}.${id}`;
    const played = temporal.scripted.play(rungId, scripts[i] ?? {});
    return temporal.follow(rungId, temporal.client.workflow.getHandle(rungId), played);
  });
  return { ladder: await temporal.begin(name, script, { type: 'ladder', workflowId }), rungs };
}

/** A campaign whose judge reports this. */
function judging(result: object): Script {
  return { stages: { judge: () => result } };
}

function diskIsFull(): never {
  throw ApplicationFailure.nonRetryable('ENOSPC', 'HarnessFault');
}

const ends = (rungs: readonly RungLine[]): readonly string[] => rungs.map(({ end }) => end);

describe.concurrent('a ladder', () => {
  test('climbs its rungs one after another, each a campaign of its own', async () => {
    const gate = {
      gate: 'p99',
      verdict: 'pass',
      informational: false,
      value: 1,
      unit: 's',
      headroom: 0.82,
      message: '',
    };
    const { ladder, rungs } = await climb('green', [{ stages: { judge: () => ({ gates: [gate] }) } }]);
    const result = await ladder.result<ClimbResult>();
    expect(result).toMatchObject({ ladder: 'nightly', end: 'pass' });
    expect(ends(result.rungs)).toEqual(['pass', 'pass', 'pass']);
    expect(result.rungs[0]).toMatchObject({
      rung: '1-small',
      profile: 'small',
      workflowId: `${ladder.workflowId}.1-small`,
      tightest: 'p99: 82 % headroom',
    });
    expect(ladder.climbs).toEqual([result]);
    // A rung's input has its profile and no more; its memo names what started it.
    expect(rungs[1]?.resolved[0]).toMatchObject({
      input: { profile: 'middle', substrate: 'laptop', overrides: { 'scale.machines': 5 } },
      child: true,
      scheduled: false,
      startedBy: { trigger: 'ladder', defaultHoldMs: 0 },
    });
    const history = await ladder.history();
    expect(
      missingFrom(
        history,
        RUNGS.flatMap((id) => [
          [
            'StartChildWorkflowExecutionInitiated',
            { workflowId: `${ladder.workflowId}.${id}`, parentClosePolicy: 'PARENT_CLOSE_POLICY_REQUEST_CANCEL' },
          ],
          ['ChildWorkflowExecutionCompleted', { workflowExecution: { workflowId: `${ladder.workflowId}.${id}` } }],
        ]),
      ),
    ).toBeNull();
    expect(await ladder.details()).toMatch(/3-large.*large.*laptop.*\bpass\b/);
  });

  test('stops at the first red rung: the third is never started, and the ladder completes', async () => {
    const red: Script = { stages: { soak: breach(), judge: () => ({ verdict: 'fail', reasons: ['p99 9 s > 5 s'] }) } };
    const { ladder, rungs } = await climb('red', [{}, red]);
    const result = await ladder.result<ClimbResult>();
    expect(result.end).toBe('fail');
    expect(ends(result.rungs)).toEqual(['pass', 'fail', 'not-started']);
    expect(result.rungs[1]?.reason).toBe('p99 9 s > 5 s');
    expect(rungs[2]?.resolved).toEqual([]);
    expect((await ladder.handle.describe()).status.name).toBe('COMPLETED');
    expect(await ladder.details()).toContain('Stopped at **2-middle** (fail): p99 9 s > 5 s');
    expect(await ladder.handle.query('status')).toEqual(result.rungs);
  });

  test('stops at a rung that could not be measured: that is not green', async () => {
    const { ladder } = await climb('unmeasured', [{ stages: { judge: () => ({ verdict: 'unmeasured' }) } }]);
    expect(ends((await ladder.result<ClimbResult>()).rungs)).toEqual(['unmeasured', 'not-started', 'not-started']);
  });

  test('fails with a rung whose harness broke: a schedule pauses on that', async () => {
    const broken: Script = {
      stages: { provision: harnessFails(), judge: () => ({ reasons: ['etcd did not start'] }) },
    };
    const { ladder, rungs } = await climb('broken', [{}, broken]);
    const failure = await failureOf(ladder);
    expect(failure).toMatchObject({ type: 'HarnessFault', message: 'rung 2-middle: etcd did not start' });
    const [result] = failure.details as [ClimbResult];
    expect(ends(result.rungs)).toEqual(['pass', 'harness-fault', 'not-started']);
    expect(ladder.climbs).toEqual([result]);
    expect(order(rungs[1]!).at(-1)).toBe('teardown 1');
  });

  test('fails with a rung that is not a valid campaign', async () => {
    const invalid: Script = {
      resolve: () => {
        throw ApplicationFailure.nonRetryable('profile: no such file', 'InvalidSpec');
      },
    };
    const { ladder } = await climb('invalid-rung', [invalid]);
    expect(await failureOf(ladder)).toMatchObject({ message: 'rung 1-small: profile: no such file' });
  });

  test('that is not valid fails as InvalidSpec with the message of the activity', async () => {
    const { ladder } = await climb('invalid', [], {});
    expect(await failureOf(ladder)).toMatchObject({ type: 'InvalidSpec', message: 'no such ladder' });
  });

  test('whose summary cannot be written fails with the whole climb in the failure', async () => {
    const { ladder } = await climb('no-summary', [], { ladder: aLadder(), writeClimb: diskIsFull });
    const failure = await failureOf(ladder);
    expect(failure).toMatchObject({
      type: 'HarnessFault',
      message: 'the summary of the climb could not be written: ENOSPC',
    });
    expect((failure.details as [ClimbResult])[0].end).toBe('pass');
  });

  test('that is cancelled reaches the running rung and waits for its teardown', async () => {
    const { ladder, rungs } = await climb('cancel', [
      {},
      {
        stages: {
          soak: (call) => untilCancelled(call, 200),
          teardown: () => new Promise((done) => setTimeout(done, 300)),
        },
      },
    ]);
    await rungs[1]!.untilCalled('soak');
    await ladder.handle.cancel();
    await endsCancelled(ladder);
    await endsCancelled(rungs[1]!);
    const teardown = rungs[1]!.calls.find(({ stage }) => stage === 'teardown');
    expect(teardown?.endedAtMs).toBeGreaterThan(0);
    expect(rungs[2]?.resolved).toEqual([]);
    expect(ladder.climbs.map(({ end, rungs: lines }) => [end, ...ends(lines)])).toEqual([
      ['aborted', 'pass', 'aborted', 'not-started'],
    ]);
    expect(
      missingFrom(await ladder.history(), [
        ['WorkflowExecutionCancelRequested'],
        ['RequestCancelExternalWorkflowExecutionInitiated'],
        ['ChildWorkflowExecutionCanceled'],
        ['ActivityTaskScheduled', { activityType: { name: 'writeClimb' } }],
        ['WorkflowExecutionCanceled'],
      ]),
    ).toBeNull();
  });

  test('that is cancelled while a rung closes begins no other', async () => {
    const gate = Promise.withResolvers<void>();
    const { ladder, rungs } = await climb('cancel-late', [{ stages: { teardown: () => gate.promise } }]);
    await rungs[0]!.untilCalled('teardown');
    await ladder.handle.cancel();
    await rungs[0]!.until(rungs[0]!.status, ({ state }) => state.cancelRequested);
    gate.resolve();
    await endsCancelled(ladder);
    expect(ladder.climbs[0]?.rungs[0]?.end).toBe('pass');
    expect(rungs[1]?.resolved).toEqual([]);
  });

  test('ends with a rung that was cancelled, and is not cancelled itself', async () => {
    const { ladder, rungs } = await climb('rung-cancel', [{ stages: { ramp: (call) => untilCancelled(call) } }]);
    await rungs[0]!.untilCalled('ramp');
    await rungs[0]!.handle.cancel();
    const result = await ladder.result<ClimbResult>();
    expect(result.end).toBe('aborted');
    expect(ends(result.rungs)).toEqual(['aborted', 'not-started', 'not-started']);
  });

  test('runs a rung once more whose trend flags a metric, and reports what that settles', async () => {
    const twice: Script = { ladder: aLadder({ runAgain: true }) };
    const open = { metric: 'p99', state: 'open', run: 'night', text: 'p99: step: worse by 60 %' } as const;
    const rate = { metric: 'rate', state: 'open', run: 'night', text: 'rate: outlier, run again' } as const;
    const text = 'p99: step withdrawn, a single outlier';
    const flagged = judging({ flagged: [open, rate], changes: [open.text] });
    const first = temporal.nextId('again');
    const second = temporal.scripted.play(
      `${first}.1-small-again`,
      judging({
        // Another run than that of the rung was the one before: it says nothing about the rung's.
        flagged: [{ ...open, state: 'withdrawn', text }, { ...rate, state: 'confirmed', run: 'another' }, open],
        changes: ['seen by the second run'],
      }),
    );
    temporal.scripted.play(`${first}.1-small`, flagged);
    temporal.scripted.play(`${first}.2-middle`, judging({ flagged: [{ ...open, state: 'confirmed' }] }));
    temporal.scripted.play(`${first}.3-large`, {});
    const ladder = await temporal.begin('again', twice, { type: 'ladder', workflowId: first });
    const { rungs, end } = await ladder.result<ClimbResult>();
    expect(end).toBe('pass');
    expect(rungs[0]).toMatchObject({ end: 'pass', changes: [open.text] });
    expect(rungs[0]?.again).toEqual({
      workflowId: `${first}.1-small-again`,
      end: 'pass',
      durationMs: expect.any(Number) as number,
      outcomes: [
        { metric: 'p99', outcome: 'withdrawn', text },
        { metric: 'rate', outcome: 'unsettled', text: `${rate.text}; the second run did not settle it` },
      ],
    });
    // Once is enough, and what is settled needs no second run.
    expect(rungs.slice(1).map(({ again }) => again)).toEqual([undefined, undefined]);
    expect(second.resolved.map(({ input }) => input)).toEqual([
      { profile: 'small', substrate: 'laptop', overrides: { 'scale.machines': 5 } },
    ]);
    expect(ladder.climbs).toEqual([{ ladder: 'nightly', end, rungs }]);
    expect(await ladder.details()).toContain('1-small: **withdrawn**: p99: step withdrawn');
  });

  test('ends a rung that ran twice as the worse of both runs', async () => {
    const twice: Script = { ladder: aLadder({ runAgain: true }) };
    const open = { metric: 'p99', state: 'open', run: 'night', text: 'p99: step: worse by 60 %' } as const;
    for (const [name, first, again, expected] of [
      ['worse', 'pass', { verdict: 'fail', reasons: ['p99 9 s > 5 s'] }, 'fail'],
      ['better', 'fail', { flagged: [{ ...open, state: 'withdrawn' }], changes: ['as before'] }, 'fail'],
      ['broken', 'fail', harnessFails(), 'harness-fault'],
    ] as const) {
      const workflowId = temporal.nextId(name);
      const reasons = first === 'fail' ? ['p99 8 s > 5 s'] : [];
      temporal.scripted.play(`${workflowId}.1-small`, judging({ verdict: first, reasons, flagged: [open] }));
      const second: Script = typeof again === 'function' ? { stages: { provision: again } } : judging(again);
      temporal.scripted.play(`${workflowId}.1-small-again`, second);
      const ladder = await temporal.begin(name, twice, { type: 'ladder', workflowId });
      await ladder.result().catch(() => undefined);
      const [rung, ...others] = ladder.climbs[0]?.rungs ?? [];
      expect([name, rung?.end, ...ends(others)]).toEqual([name, expected, 'not-started', 'not-started']);
      if (name === 'worse') expect(rung?.reason).toBe('run again: p99 9 s > 5 s');
      if (name === 'better') expect(rung).toMatchObject({ reason: 'p99 8 s > 5 s', changes: ['as before'] });
      if (name === 'broken') expect(rung?.reason).toMatch(/^run again: .*; the first run: p99 8 s > 5 s$/);
    }
  });

  test('runs no rung again that was not flagged, whose clusters were for one campaign, or without being asked', async () => {
    const flagged = judging({ flagged: [{ metric: 'p99', state: 'open', run: 'night', text: 'worse' }] });
    const rungs = aLadder().rungs.slice(0, 1);
    const lent = rungs.map((rung) => ({ ...rung, targets: { clusters: [] } }));
    const again = lent.map((rung) => ({ ...rung, targetsAgain: { clusters: [], record: 'second' } }));
    const asked = [
      { ladder: aLadder({ rungs }), runs: 0 },
      { ladder: aLadder({ runAgain: true, rungs: lent }), runs: 0 },
      { ladder: aLadder({ runAgain: true, rungs: again }), runs: 1 },
    ];
    for (const [index, { ladder: spec, runs }] of asked.entries()) {
      const workflowId = temporal.nextId(`once-${index}`);
      const second = temporal.scripted.play(`${workflowId}.1-small-again`, {});
      temporal.scripted.play(`${workflowId}.1-small`, flagged);
      const ladder = await temporal.begin('once', { ladder: spec }, { type: 'ladder', workflowId });
      expect((await ladder.result<ClimbResult>()).end).toBe('pass');
      expect(second.resolved.map(({ input }) => (input as { targets?: unknown }).targets)).toEqual(
        runs === 0 ? [] : [again[0]?.targetsAgain],
      );
    }
  });

  test('that is cancelled in a second run waits for its teardown', async () => {
    const workflowId = temporal.nextId('cancel-again');
    const flagged = judging({ flagged: [{ metric: 'p99', state: 'open', run: 'night', text: 'worse' }] });
    temporal.scripted.play(`${workflowId}.1-small`, flagged);
    const id = `${workflowId}.1-small-again`;
    const played = temporal.scripted.play(id, { stages: { soak: (call) => untilCancelled(call) } });
    const second = temporal.follow(id, temporal.client.workflow.getHandle(id), played);
    const script: Script = { ladder: aLadder({ runAgain: true }) };
    const ladder = await temporal.begin('cancel-again', script, { type: 'ladder', workflowId });
    await second.untilCalled('soak');
    expect(await ladder.handle.query('status')).toMatchObject([{ end: 'running', again: { end: 'running' } }, {}, {}]);
    await ladder.handle.cancel();
    await endsCancelled(ladder);
    expect(order(second).at(-1)).toBe('teardown 1');
    expect(ladder.climbs[0]?.rungs[0]).toMatchObject({
      end: 'aborted',
      again: { end: 'aborted', outcomes: [{ outcome: 'unsettled' }] },
    });
  });

  test('hands its hold to the rungs', async () => {
    const { ladder, rungs } = await climb('hold', [], { ladder: aLadder({ holdMs: 5_000, trigger: 'schedule' }) });
    await ladder.result();
    expect(rungs[0]?.resolved[0]?.startedBy).toEqual({ trigger: 'schedule', defaultHoldMs: 5_000 });
    // A default loses to a rung profile's own hold.
    expect(rungs[0]?.resolved[0]?.input).not.toHaveProperty('hold');
  });

  test('with a hold in its input gives it to its rungs, also where their profiles have another', async () => {
    const { ladder, rungs } = await climb('input-hold', [], { ladder: aLadder({ holdMs: 0, inputHold: '0s' }) });
    await ladder.result();
    expect(rungs.map(({ resolved }) => resolved[0]?.input)).toMatchObject(RUNGS.map(() => ({ hold: '0s' })));
  });
});

/** The scripts of a side, one for each of its campaigns: what their gate measured. */
function measuring(values: readonly number[]): readonly Script[] {
  const line = { gate: 'p99', verdict: 'pass', informational: false, unit: 's', max: 20, headroom: 0.5, message: 'm' };
  return values.map((value) => ({ stages: { judge: () => ({ gates: [{ ...line, value } as const] }) } }));
}

/** Starts a comparison of two sides on the server of the ladders: its campaigns are children too. */
async function compare(
  name: string,
  pairs: number,
  sides: { readonly baseline: readonly Script[]; readonly branch: readonly Script[] },
): Promise<{ readonly comparison: Run; readonly campaigns: (id: string) => Run }> {
  const workflowId = temporal.nextId(name);
  const runs = new Map<string, Run>();
  for (const side of SIDES) {
    for (let pair = 1; pair <= pairs; pair++) {
      const id = idOfPair(workflowId, side, pair);
      const played = temporal.scripted.play(id, sides[side][pair - 1] ?? {});
      runs.set(`${pair}-${side}`, temporal.follow(id, temporal.client.workflow.getHandle(id), played));
    }
  }
  const inputs = { baseline: { profile: 'a' }, branch: { profile: 'a', overrides: { system: 'b' } } };
  const input = { inputs, pairs, firstSeed: 7, metrics: [], sameWithin: 0 };
  const comparison = await temporal.begin(name, {}, { type: 'comparison', workflowId, input });
  return {
    comparison,
    campaigns: (id) => {
      const found = runs.get(id);
      if (found === undefined) throw new RangeError(`no campaign ${id}`);
      return found;
    },
  };
}

describe.concurrent('a comparison', () => {
  test('takes turns with equal seeds, and stops when the branch is clearly worse', async () => {
    const { comparison, campaigns } = await compare('worse', 6, {
      baseline: measuring([1, 1.1, 0.9, 1, 1, 1]),
      branch: measuring([9, 9.5, 9.2, 9.1, 9, 9]),
    });
    const { campaigns: ended, stopped } = await comparison.result<ComparisonResult>();
    expect(stopped).toBe('p99 is worse');
    expect(ended.map(({ pair, side }) => `${pair} ${side}`)).toEqual(
      [1, 2, 3, 4].flatMap((pair) => [`${pair} baseline`, `${pair} branch`]),
    );
    expect(ended[3]).toMatchObject({ end: 'pass', gates: [{ gate: 'p99', value: 9.5, message: '' }] });
    expect(campaigns('2-baseline').resolved[0]?.input).toEqual({
      profile: 'a',
      overrides: { randomSeed: 8 },
    });
    expect(campaigns('2-branch').resolved[0]?.input).toEqual({
      profile: 'a',
      overrides: { system: 'b', randomSeed: 8 },
    });
    expect(campaigns('5-baseline').resolved).toEqual([]);
    expect(await comparison.handle.query('status')).toEqual(ended);
  });

  test('runs all pairs where nothing is clear, red ones too', async () => {
    const red: Script = { stages: { judge: () => ({ verdict: 'fail', reasons: ['p99 9 s > 5 s'] }) } };
    const { comparison } = await compare('alike', 2, { baseline: measuring([1, 2]), branch: [red, ...measuring([1])] });
    const { campaigns: ended, stopped } = await comparison.result<ComparisonResult>();
    expect(stopped).toBe('');
    expect(ended.map(({ end }) => end)).toEqual(['pass', 'fail', 'pass', 'pass']);
    expect(ended[1]?.reason).toBe('p99 9 s > 5 s');
  });

  test('fails with a campaign whose infrastructure failed, and with an input that it cannot read', async () => {
    const broken: Script = { stages: { provision: harnessFails() } };
    const { comparison } = await compare('broken', 4, { baseline: measuring([1]), branch: [broken] });
    expect(await failureOf(comparison)).toMatchObject({
      type: 'HarnessFault',
      message: expect.stringMatching(/1-branch: harness-fault/) as string,
    });
    const typed = await temporal.begin('typed', {}, { type: 'comparison', input: { pairs: 3 } });
    expect(await failureOf(typed)).toMatchObject({
      message: expect.stringMatching(/inputs.*"\.\/belay compare --run" makes/) as string,
    });
  });
});
