import { ApplicationFailure } from '@temporalio/activity';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { CampaignSpec } from '../../src/core/plan/spec.ts';
import { endsCancelled, failureOf, order, refusalOf } from './asserting.ts';
import { missingFrom, scheduledActivities } from './history.ts';
import { FAILURE_TYPES } from '../../src/core/campaign/failure-types.ts';
import { aGate, aSpec, QUEUES } from './make-spec.ts';
import { breach, harnessFails, succeeds, systemFails, type Script, type StageCall, type Step } from './scripted.ts';
import { eventually, TestTemporal } from './temporal.ts';

let temporal: TestTemporal;
beforeAll(async () => {
  temporal = await TestTemporal.start();
});
afterAll(() => temporal.stop());

const PATIENT_MS = 60_000;

/** A campaign that holds, long enough for any test, when something breaks. */
function holding(stages: Script['stages'], change: Partial<CampaignSpec> = {}): Script {
  return { resolve: ({ workflowId }) => aSpec({ workflowId, holdMs: PATIENT_MS, ...change }), stages: stages ?? {} };
}

const RETRY_SOAK = { stage: 'soak', execution: 1, decision: 'retry', reason: 'new build' };
const BEFORE_SOAK = ['provision 1', 'install 1', 'seed 1', 'ramp 1', 'steady 1'];
const CLOSING = ['snapshot 1', 'judge 1', 'teardown 1'];

describe.concurrent('a hold', () => {
  test('is answered by a retry with another bar: steadiness is proved again, the soak runs anew, nothing before', async () => {
    const respecs: unknown[] = [];
    const run = await temporal.begin('retry', {
      ...holding({ soak: [breach(), succeeds] }),
      respec: ({ spec, set }) => {
        respecs.push(set);
        return { ...spec, gates: [aGate({ bar: { max: 10 } })], specHash: 'second-hash-of-the-spec' };
      },
    });
    const held = await run.untilHold();
    expect(held.state.hold).toMatchObject({ stage: 'soak', execution: 1, failure: { gate: 'podBindP99' } });
    const said = await run.decide({ ...RETRY_SOAK, set: { 'gates.podBindP99.max': 10 } });
    expect(said).toBe('retry of soak taken; next: steady, execution 2');
    expect(await run.result()).toMatchObject({ verdict: 'pass', ending: 'completed' });

    expect(order(run)).toEqual([...BEFORE_SOAK, 'soak 1', 'steady 2', 'soak 2', ...CLOSING]);
    expect(respecs).toEqual([{ 'gates.podBindP99.max': 10 }]);
    const bars = run.calls.map(({ stage, execution, input }) => [
      `${stage} ${execution}`,
      run.specs.find(({ specHash }) => specHash === input.specHash)?.gates[0]?.bar.max,
    ]);
    expect(Object.fromEntries(bars)).toMatchObject({ 'soak 1': 5, 'steady 2': 10, 'soak 2': 10, 'teardown 1': 10 });
    // Both specifications and the decision are in what is judged.
    const judge = run.calls.find(({ stage }) => stage === 'judge')?.input;
    expect(judge?.earlierSpecHashes).toEqual(['first-hash-of-the-spec']);
    expect(judge?.state?.decisions).toMatchObject([{ ...RETRY_SOAK, set: { 'gates.podBindP99.max': 10 } }]);
    expect(judge?.state?.outcomes.filter(({ stage }) => stage === 'soak')).toMatchObject([
      { execution: 1, outcome: 'failed' },
      { execution: 2, outcome: 'succeeded' },
    ]);
    const history = await run.history();
    expect(scheduledActivities(history)).toMatchObject({
      provision: 1,
      install: 1,
      seed: 1,
      ramp: 1,
      steady: 2,
      soak: 2,
    });
    expect(
      missingFrom(history, [
        ['ActivityTaskFailed', { failure: { applicationFailureInfo: { type: 'GateBreach' } } }],
        ['TimerStarted', { startToFireTimeout: '60s' }],
        ['WorkflowExecutionUpdateAccepted'],
        ['MarkerRecorded'],
        ['TimerCanceled'],
        ['ActivityTaskScheduled', { activityType: { name: 'steady' } }],
        ['ActivityTaskScheduled', { activityType: { name: 'soak' } }],
        ['WorkflowExecutionCompleted'],
      ]),
    ).toBeNull();
  });

  test('refuses every wrong answer in a sentence, and goes on', async () => {
    const run = await temporal.begin('refuse', holding({ ramp: [systemFails(), succeeds] }));
    await run.untilHold();
    const ramp = { stage: 'ramp', execution: 1, decision: 'retry', reason: 'again' };
    const refused: readonly (readonly [unknown, string])[] = [
      [
        { ...ramp, stage: 'soak' },
        'The hold is on stage "ramp", execution 1; this answers stage "soak", execution 1. Send {"stage":"ramp","execution":1,…}.',
      ],
      [
        { ...ramp, execution: 2 },
        'The hold is on stage "ramp", execution 1; this answers stage "ramp", execution 2. Send {"stage":"ramp","execution":1,…}.',
      ],
      [{ ...ramp, force: true }, 'unknown key "force"; allowed: stage, execution, decision, reason, set.'],
      [{ ...ramp, decision: 'go on' }, 'decision: found "go on"; allowed: retry, skip, abort.'],
      [
        { ...ramp, decision: 'skip' },
        'Stage "ramp" cannot be skipped, the stages after it need it. Allowed here: retry, abort.',
      ],
      [
        { ...ramp, set: { 'gates.podBindP98.max': 9 } },
        'set.gates.podBindP98.max: this campaign has no gate "podBindP98"; its gates: podBindP99. Did you mean podBindP99?',
      ],
      [
        { ...ramp, set: { 'gates.podBindP99.max': '9' } },
        'set.gates.podBindP99.max: found "9" (string); allowed: a number.',
      ],
      [
        { ...ramp, set: { 'scale.machines': 9 } },
        'set.scale.machines: a retry may change gates.<name>.<min|max|failFast|minSamples|unmeasured> and loadProfile.<soakSeconds|settleSeconds|churnPerMinute>.',
      ],
      [
        'retry',
        'decide takes one object like {"stage":"soak","execution":1,"decision":"retry|skip|abort","reason":"why"}; found "retry".',
      ],
    ];
    for (const [answer, sentence] of refused) expect(await refusalOf(run, answer)).toBe(sentence);
    expect((await run.status()).state).toMatchObject({ mode: 'hold', decisions: [] });
    // A refusal leaves no trace in the history: the hold was never touched.
    expect((await run.history()).filter(({ type }) => type.startsWith('WorkflowExecutionUpdate'))).toEqual([]);

    await run.decide(ramp);
    await run.result();
    expect(order(run)).toEqual([
      'provision 1',
      'install 1',
      'seed 1',
      'ramp 1',
      'ramp 2',
      'steady 1',
      'soak 1',
      ...CLOSING,
    ]);
  });

  test('takes one answer: a second, and one that comes while a stage runs, is refused', async () => {
    const gate = Promise.withResolvers<void>();
    const run = await temporal.begin('second', holding({ seed: [systemFails(), () => gate.promise] }));
    await run.untilHold();
    const seed = { stage: 'seed', execution: 1, decision: 'retry', reason: '' };
    await run.decide(seed);
    expect(await refusalOf(run, seed)).toBe(
      'There is no hold: stage seed (execution 2) is running. A decision is accepted only during a hold.',
    );
    gate.resolve();
    await run.result();
    expect(order(run).filter((call) => call.startsWith('seed'))).toEqual(['seed 1', 'seed 2']);
  });

  test('takes one of two answers that come at the same moment', async () => {
    const run = await temporal.begin('at-once', holding({ soak: [breach(), succeeds] }));
    await run.untilHold();
    const answers = await Promise.allSettled([
      run.decide(RETRY_SOAK),
      run.decide({ ...RETRY_SOAK, decision: 'abort' }),
      run.decide({ ...RETRY_SOAK, set: { 'gates.podBindP99.max': 9 } }),
    ]);
    await run.result();
    expect(answers.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    expect((await run.status()).state.decisions).toHaveLength(1);
  });

  test('continues when only the files show that the changes are impossible, and refuses the answer', async () => {
    const run = await temporal.begin('bad-set', {
      ...holding({ soak: [breach(), succeeds] }),
      respec: ({ spec, set }) => {
        if (set['loadProfile.soakSeconds'] === 999_999_999)
          throw ApplicationFailure.nonRetryable('soak: 999999999 s is longer than a timer holds', 'InvalidSpec');
        return { ...spec, specHash: 'second' };
      },
    });
    await run.untilHold();
    const bad = { ...RETRY_SOAK, set: { 'loadProfile.soakSeconds': 999_999_999 } };
    expect(await refusalOf(run, bad)).toBe('set: soak: 999999999 s is longer than a timer holds');
    const { state } = await run.status();
    expect(state).toMatchObject({ mode: 'hold', hold: { stage: 'soak', execution: 1 }, decisions: [] });
    await run.decide({ ...RETRY_SOAK, set: { 'loadProfile.soakSeconds': 90 } });
    await run.result();
    // What was refused is nowhere on record as an execution.
    expect(order(run)).toEqual([...BEFORE_SOAK, 'soak 1', 'steady 2', 'soak 2', ...CLOSING]);
    expect(run.calls.find(({ stage }) => stage === 'judge')?.input.earlierSpecHashes).toEqual([
      'first-hash-of-the-spec',
    ]);
  });

  test('is answered by a skip: the next stage runs, and nothing is healed', async () => {
    const run = await temporal.begin('skip', holding({ steady: systemFails('nodes flap') }));
    await run.untilHold();
    await run.decide({ stage: 'steady', execution: 1, decision: 'skip', reason: 'known' });
    await run.result();
    expect(order(run)).toEqual([...BEFORE_SOAK, 'soak 1', ...CLOSING]);
    const { state } = await run.status();
    expect(state.outcomes.filter(({ stage }) => stage === 'steady').map(({ outcome }) => outcome)).toEqual([
      'failed',
      'skipped',
    ]);
  });

  test('is answered by an abort: evidence, verdict, teardown; a red system is a result', async () => {
    const run = await temporal.begin('abort', holding({ soak: breach(), judge: () => ({ verdict: 'fail' }) }));
    await run.untilHold();
    expect(await run.decide({ ...RETRY_SOAK, decision: 'abort' })).toBe(
      'abort of soak taken; next: snapshot, execution 1',
    );
    expect(await run.result()).toMatchObject({ verdict: 'fail', ending: 'completed' });
    expect(order(run)).toEqual([...BEFORE_SOAK, 'soak 1', ...CLOSING]);
    expect((await run.status()).state.earlyEnd).toBe('aborted');
  });

  test('that gets no answer is an abort', async () => {
    const run = await temporal.begin(
      'expire',
      holding({ soak: breach(), judge: () => ({ verdict: 'fail' }) }, { holdMs: 300 }),
    );
    const held = await run.untilHold().catch(() => undefined);
    expect(await run.result()).toMatchObject({ verdict: 'fail', ending: 'completed' });
    expect(held?.holdEndsAtMs).toBe((held?.state.hold?.openedAtMs ?? 0) + 300);
    const { state, story, holdEndsAtMs } = await run.status();
    expect(state).toMatchObject({ earlyEnd: 'hold-expired', hold: null, decisions: [] });
    expect(holdEndsAtMs).toBeNull();
    expect(story.map(({ text }) => text)).toContain('no answer to the hold on soak');
    expect(missingFrom(await run.history(), [['TimerFired'], ['WorkflowExecutionCompleted']])).toBeNull();
  });

  test('of 0 does not take place', async () => {
    const run = await temporal.begin('no-hold', holding({ soak: breach() }, { holdMs: 0 }));
    await run.result();
    expect((await run.history()).some(({ type }) => type === 'TimerStarted')).toBe(false);
    expect((await run.status()).state.earlyEnd).toBe('failed');
  });

  test('does not take place on a full disk, nor on a cluster that is lost', async () => {
    for (const type of [FAILURE_TYPES.diskFull, FAILURE_TYPES.targetInUse]) {
      const soak = (): never => {
        throw ApplicationFailure.nonRetryable('the soak cannot go on', type);
      };
      const run = await temporal.begin(`final-${type.toLowerCase()}`, holding({ soak }));
      // Belay has no disk to work on; a cluster was taken over by its next user, which is no fault of Belay.
      if (type === FAILURE_TYPES.diskFull) expect((await failureOf(run)).type).toBe('HarnessFault');
      else expect(await run.result()).toMatchObject({ ending: 'completed' });
      expect((await run.status()).state).toMatchObject({ earlyEnd: 'failed', decisions: [] });
      expect(run.calls.map(({ stage }) => stage).slice(-4)).toEqual(['soak', 'snapshot', 'judge', 'teardown']);
    }
  });

  test('on a broken harness that is aborted fails the campaign; one that is retried does not', async () => {
    const script = holding({ provision: [harnessFails(), succeeds], judge: () => ({ reasons: ['provision failed'] }) });
    const given = await temporal.begin('harness-abort', script);
    await given.untilHold();
    await given.decide({ stage: 'provision', execution: 1, decision: 'abort', reason: '' });
    expect((await failureOf(given)).type).toBe('HarnessFault');
    const mended = await temporal.begin('harness-retry', script);
    await mended.untilHold();
    await mended.decide({ stage: 'provision', execution: 1, decision: 'retry', reason: 'etcd is there now' });
    expect(await mended.result()).toMatchObject({ verdict: 'pass', ending: 'completed' });
  });

  test('comes again when the retry fails, and names the new execution', async () => {
    const run = await temporal.begin('again', holding({ soak: [breach(), breach(), succeeds] }));
    await run.untilHold();
    await run.decide(RETRY_SOAK);
    await eventually(run.status, ({ state }) => state.hold?.execution === 2);
    expect(await refusalOf(run, RETRY_SOAK)).toContain('The hold is on stage "soak", execution 2');
    await run.decide({ ...RETRY_SOAK, execution: 2 });
    await run.result();
    expect(order(run)).toEqual([...BEFORE_SOAK, 'soak 1', 'steady 2', 'soak 2', 'steady 3', 'soak 3', ...CLOSING]);
  });

  test('that ends by a cancel carries no changes of an earlier answer', async () => {
    const respecs: unknown[] = [];
    const run = await temporal.begin('stale-set', {
      ...holding({ soak: breach() }),
      respec: ({ spec, set }) => {
        respecs.push(set);
        return { ...spec, specHash: 'second' };
      },
    });
    await run.untilHold();
    await run.decide({ ...RETRY_SOAK, set: { 'gates.podBindP99.max': 9 } });
    await eventually(run.status, ({ state }) => state.hold?.execution === 2);
    await run.handle.cancel();
    await run.result().catch(() => undefined);
    expect(respecs).toHaveLength(1);
    expect(run.calls.find(({ stage }) => stage === 'judge')?.input.earlierSpecHashes).toHaveLength(1);
  });

  test('is shown in Current Details with the exact input of each answer', async () => {
    const run = await temporal.begin('details', holding({ soak: [breach(), succeeds] }));
    const { holdEndsAtMs, state } = await run.untilHold();
    const details = await run.details();
    expect(details).toMatch(/^## Holding: waiting for a decision\n/);
    expect(details).toContain('podBindP99 9 s > 5 s since minute 4');
    expect(details).toContain(new Date(holdEndsAtMs ?? 0).toISOString().slice(0, 19).replace('T', ' '));
    const answers = [...details.matchAll(/```json\s+(\{[\s\S]*?\})\s+```/g)].map(
      ([, json]) => JSON.parse(json ?? '') as object,
    );
    expect(answers).toEqual([
      { stage: 'soak', execution: 1, decision: 'retry', reason: 'why' },
      { stage: 'soak', execution: 1, decision: 'skip', reason: 'why' },
      { stage: 'soak', execution: 1, decision: 'abort', reason: 'why' },
      { stage: 'soak', execution: 1, decision: 'retry', reason: 'new bar', set: { 'gates.podBindP99.max': 5 } },
    ]);
    expect(state.hold?.openedAtMs).toBeGreaterThan(0);
    const { typedSearchAttributes } = await run.handle.describe();
    expect(typedSearchAttributes.getAll().find(({ key }) => key.name === 'BelayStage')?.value).toBe('hold');
    // An answer that is pasted unchanged is accepted.
    await run.decide(answers[0]);
    await run.result();
  });
});

function seedResumes(calls: readonly StageCall[]): readonly unknown[] {
  return calls.filter(({ stage }) => stage === 'seed').map(({ input }) => input.resume);
}

function retrySeed(execution: number): object {
  return { stage: 'seed', execution, decision: 'retry', reason: '' };
}

describe.concurrent('what an execution had reached', () => {
  test('is handed to the next one as its resume', async () => {
    const run = await temporal.begin(
      'resume',
      holding({ seed: [systemFails('stuck', { checkpoint: { created: 300 } }), succeeds] }),
    );
    await run.untilHold();
    await run.decide(retrySeed(1));
    await run.result();
    expect(seedResumes(run.calls)).toEqual([undefined, { created: 300 }]);
    // Other stages get nothing of it.
    expect(run.calls.filter(({ input }) => 'resume' in input)).toHaveLength(1);
  });

  test('is not lost by one that got nowhere', async () => {
    const seed: Step[] = [systemFails('stuck', { checkpoint: { created: 300 } }), systemFails('API away'), succeeds];
    const run = await temporal.begin('resume-kept', holding({ seed }));
    await run.untilHold();
    await run.decide(retrySeed(1));
    await eventually(run.status, ({ state }) => state.hold?.execution === 2);
    await run.decide(retrySeed(2));
    await run.result();
    expect(seedResumes(run.calls)).toEqual([undefined, { created: 300 }, { created: 300 }]);
  });
});

describe('answers that wait for a worker', () => {
  test('are accepted in their order; one without changes goes before one whose specification is still made', async () => {
    const run = await temporal.begin('two-answers', {
      ...holding({ soak: [breach(), succeeds], judge: () => ({ verdict: 'fail' }) }),
      respec: async ({ spec }) => {
        await sleep(200);
        return { ...spec, specHash: 'second' };
      },
    });
    await run.untilHold();
    await temporal.stopWorkers(QUEUES.shared);
    const retry = refusalOf(run, { ...RETRY_SOAK, set: { 'gates.podBindP99.max': 9 } });
    await sleep(300);
    const abort = run.decide({ ...RETRY_SOAK, decision: 'abort' });
    await sleep(300);
    await temporal.startWorkflowWorker();
    expect(await abort).toBe('abort of soak taken; next: snapshot, execution 1');
    expect(await retry).toMatch(/there is no hold/i);
    await run.result();
    const judge = run.calls.find(({ stage }) => stage === 'judge')?.input;
    expect(judge?.earlierSpecHashes).toEqual([]);
    expect(judge?.state?.decisions).toMatchObject([{ decision: 'abort' }]);
  });

  test('are refused after a cancel that comes while their specification is made', async () => {
    const run = await temporal.begin('cancelled-answer', {
      ...holding({ soak: breach() }),
      respec: async ({ spec }) => {
        await sleep(300);
        return { ...spec, specHash: 'second' };
      },
    });
    await run.untilHold();
    await temporal.stopWorkers(QUEUES.shared);
    const retry = refusalOf(run, { ...RETRY_SOAK, set: { 'gates.podBindP99.max': 9 } });
    await sleep(200);
    await run.handle.cancel();
    await temporal.startWorkflowWorker();
    expect(await retry).toMatch(/there is no hold/i);
    await endsCancelled(run);
  });

  test('are taken once when they are the same', async () => {
    const run = await temporal.begin('double-click', holding({ soak: [breach(), succeeds] }));
    await run.untilHold();
    await temporal.stopWorkers(QUEUES.shared);
    const answers = [run.decide(RETRY_SOAK), run.decide(RETRY_SOAK)];
    await sleep(300);
    await temporal.startWorkflowWorker();
    const said = await Promise.allSettled(answers);
    expect(said.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
    await run.result();
    expect((await run.status()).state.decisions).toHaveLength(1);
  });
});
