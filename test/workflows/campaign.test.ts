import { ApplicationFailure } from '@temporalio/activity';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { CampaignResult } from '../../src/core/campaign/stage-io.ts';
import { STAGES } from '../../src/core/model/stages.ts';
import { failureOf, order } from './asserting.ts';
import { missingFrom, scheduledActivities } from './history.ts';
import { aSpec, QUEUES, shortDeadlines } from './make-spec.ts';
import { breach, harnessFails, systemFails } from './scripted.ts';
import { eventually, TestTemporal } from './temporal.ts';

let temporal: TestTemporal;
beforeAll(async () => {
  temporal = await TestTemporal.start();
});
afterAll(() => temporal.stop());

const EVERY_STAGE = STAGES.slice(1);

describe.concurrent('a campaign', () => {
  test('that is green runs every stage once, in order, each on its own queue, and completes', async () => {
    const run = await temporal.begin('green', {
      stages: {
        judge: () => ({ detail: 'pass', facts: { verdict: 'pass' }, reasons: ['all gates hold'] }),
      },
    });
    expect(await run.result<CampaignResult>()).toEqual({
      campaign: run.workflowId,
      verdict: 'pass',
      ending: 'completed',
      reasons: ['all gates hold'],
      gates: [],
      leftovers: [],
    });
    expect(order(run)).toEqual(EVERY_STAGE.map((stage) => `${stage} 1`));
    const history = await run.history();
    const onLoad: readonly string[] = ['seed', 'ramp', 'steady', 'soak'];
    expect(
      missingFrom(
        history,
        EVERY_STAGE.map((stage) => [
          'ActivityTaskScheduled',
          { activityType: { name: stage }, taskQueue: { name: onLoad.includes(stage) ? QUEUES.load : QUEUES.host } },
        ]),
      ),
    ).toBeNull();
    expect(history.at(-1)?.type).toBe('WorkflowExecutionCompleted');
    // One history has the whole story, and it stays short.
    expect(history.length).toBeLessThan(100);
  });

  test('gives its input, and what started it, to resolve', async () => {
    const input = { profile: 'quickstart' };
    const memo = { belay: { trigger: 'cli', defaultHoldMs: 60_000 } };
    const run = await temporal.begin('input', {}, { input, memo });
    await run.result();
    expect(run.resolved).toHaveLength(1);
    expect(run.resolved[0]).toMatchObject({
      input,
      workflowId: run.workflowId,
      scheduled: false,
      child: false,
      startedBy: memo.belay,
    });
    const bare = await temporal.begin('no-input', {});
    await bare.result();
    expect(bare.resolved[0]?.input).toBeUndefined();
  });

  test('gives judge the whole record, the evidence and the facts', async () => {
    const run = await temporal.begin('record', {
      stages: {
        ramp: () => ({ facts: { podsCreated: 400 }, infrastructureEvents: ['c1 kube-scheduler restarted'] }),
        snapshot: () => ({ parts: [{ what: 'tsdb', ok: false, error: 'Prometheus is frozen' }] }),
      },
    });
    await run.result();
    const judge = run.calls.find(({ stage }) => stage === 'judge')?.input;
    expect(judge?.evidence).toEqual([{ what: 'tsdb', ok: false, error: 'Prometheus is frozen' }]);
    expect(judge?.facts?.['ramp']).toEqual({ podsCreated: 400 });
    expect(judge?.state?.outcomes.map(({ stage, outcome }) => `${stage} ${outcome}`)).toEqual(
      ['resolve', 'provision', 'install', 'seed', 'ramp', 'steady', 'soak', 'snapshot'].map((s) => `${s} succeeded`),
    );
    const { story } = await run.status();
    expect(story.map(({ text }) => text)).toContain('infrastructure: c1 kube-scheduler restarted');
  });

  test('answers a query before its first stage has ended, and after it has closed', async () => {
    const gate = Promise.withResolvers<void>();
    const run = await temporal.begin('query', { stages: { provision: () => gate.promise } });
    const early = await eventually(run.status, (status) => status.state.stage === 'provision');
    expect(early).toMatchObject({ campaign: run.workflowId, profile: 'small', verdict: null, holdEndsAtMs: null });
    expect(await run.details()).toMatch(/^## Running: provision\n/);
    gate.resolve();
    await run.result();
    const late = await run.status();
    expect(late).toMatchObject({ verdict: 'pass', state: { mode: 'finished', stage: 'teardown' } });
    expect(await run.details()).toMatch(/^## Finished: pass\n/);
  });

  test('says what it is in six search attributes', async () => {
    const run = await temporal.begin('attributes', {
      stages: { judge: () => ({ verdict: 'unmeasured', reasons: ['no series'] }) },
    });
    await run.result();
    const { typedSearchAttributes } = await run.handle.describe();
    const shown = Object.fromEntries(typedSearchAttributes.getAll().map(({ key, value }) => [key.name, value]));
    expect(shown).toMatchObject({
      BelayProfile: 'small',
      BelayTarget: 'laptop',
      BelayTrigger: 'cli',
      BelayFleetSize: 50,
      BelayStage: 'teardown',
      BelayVerdict: 'unmeasured',
    });
  });

  test('gives every activity the deadlines of its stage', async () => {
    const deadlines = shortDeadlines({ seed: { attemptMs: 7_000, stageMs: 22_000, heartbeatMs: 2_000, attempts: 3 } });
    const run = await temporal.begin('deadlines', { resolve: () => aSpec({ deadlines }) });
    await run.result();
    expect(
      missingFrom(await run.history(), [
        [
          'ActivityTaskScheduled',
          {
            activityType: { name: 'seed' },
            startToCloseTimeout: '7s',
            scheduleToCloseTimeout: '22s',
            heartbeatTimeout: '2s',
            retryPolicy: { maximumAttempts: 3, initialInterval: '0.020s', backoffCoefficient: 2 },
          },
        ],
      ]),
    ).toBeNull();
  });
});

describe.concurrent('a campaign that goes wrong', () => {
  test('with a red system completes, and says what broke', async () => {
    const run = await temporal.begin('red', {
      stages: { soak: breach(), judge: () => ({ verdict: 'fail', reasons: ['podBindP99 9 s > 5 s'] }) },
    });
    expect(await run.result()).toMatchObject({ verdict: 'fail', ending: 'completed' });
    expect(order(run).slice(-4)).toEqual(['soak 1', 'snapshot 1', 'judge 1', 'teardown 1']);
    const { state } = await run.status();
    expect(state).toMatchObject({ earlyEnd: 'failed', hold: null });
    expect(state.outcomes.find(({ stage }) => stage === 'soak')).toMatchObject({
      outcome: 'failed',
      failure: { kind: 'breach', gate: 'podBindP99', message: 'podBindP99 9 s > 5 s since minute 4' },
    });
    // A breach is a failure of record: no second attempt.
    expect(scheduledActivities(await run.history())['soak']).toBe(1);
    expect(run.calls.filter(({ stage }) => stage === 'soak')).toHaveLength(1);
  });

  test('with a system that does not get there goes on with nothing after it', async () => {
    const run = await temporal.begin('pending', {
      stages: { ramp: systemFails(), judge: () => ({ verdict: 'fail', reasons: ['ramp failed'] }) },
    });
    expect(await run.result()).toMatchObject({ verdict: 'fail', ending: 'completed' });
    expect(order(run)).toEqual(
      ['provision', 'install', 'seed', 'ramp', 'snapshot', 'judge', 'teardown'].map((stage) => `${stage} 1`),
    );
  });

  test('with a broken harness fails, after teardown, with its result', async () => {
    const run = await temporal.begin('harness', {
      stages: {
        provision: harnessFails(),
        judge: () => ({ verdict: 'unmeasured', reasons: ['stage provision failed: etcd did not start'] }),
      },
    });
    const failure = await failureOf(run);
    expect(failure.type).toBe('HarnessFault');
    expect(failure.message).toBe('stage provision failed: etcd did not start');
    expect(failure.details?.[0]).toMatchObject({ verdict: 'unmeasured', ending: 'harness-fault' });
    expect(order(run)).toEqual(['provision 1', 'snapshot 1', 'judge 1', 'teardown 1']);
  });

  test('whose cluster another campaign has was refused it, and is unmeasured', async () => {
    const run = await temporal.begin('in-use', {
      stages: {
        provision: () => {
          throw ApplicationFailure.nonRetryable('cluster staging is used by campaign c1', 'TargetInUse');
        },
        judge: () => ({ verdict: 'unmeasured', reasons: ['cluster staging is used by campaign c1'] }),
      },
    });
    expect(await run.result()).toMatchObject({ verdict: 'unmeasured' });
    expect((await run.history()).at(-1)?.type).toBe('WorkflowExecutionCompleted');
  });

  test('tries a stage again that failed for a reason that may pass', async () => {
    const run = await temporal.begin('flaky', {
      stages: {
        seed: ({ attempt }) => {
          if (attempt === 1) throw ApplicationFailure.retryable('connection reset', 'HarnessFault');
        },
      },
    });
    expect(await run.result()).toMatchObject({ verdict: 'pass' });
    expect(run.calls.filter(({ stage }) => stage === 'seed').map(({ attempt }) => attempt)).toEqual([1, 2]);
  });

  test('whose input is not valid fails as InvalidSpec in the words of resolve, and nothing runs', async () => {
    const run = await temporal.begin('invalid', {
      resolve: () => {
        throw ApplicationFailure.nonRetryable('profile: found "quikstart"; did you mean quickstart?', 'InvalidSpec');
      },
    });
    const failure = await failureOf(run);
    expect(failure.type).toBe('InvalidSpec');
    expect(failure.message).toBe('profile: found "quikstart"; did you mean quickstart?');
    expect(run.calls).toEqual([]);
    expect(run.resolved).toHaveLength(1);
    expect(await run.details()).toContain('did you mean quickstart?');
  });

  test('whose host cannot read its files is a fault of the harness, not an invalid input', async () => {
    const run = await temporal.begin('unreadable', {
      resolve: () => {
        throw new Error('EIO: i/o error');
      },
    });
    expect(await failureOf(run)).toMatchObject({ type: 'HarnessFault', message: 'EIO: i/o error' });
    expect(run.resolved).toHaveLength(3);
  });

  test('with evidence that cannot be had is judged without it and still taken down', async () => {
    const run = await temporal.begin('no-evidence', { stages: { snapshot: harnessFails('disk is full') } });
    expect(await run.result()).toMatchObject({ ending: 'completed' });
    expect(order(run).slice(-3)).toEqual(['snapshot 1', 'judge 1', 'teardown 1']);
    expect(run.calls.find(({ stage }) => stage === 'judge')?.input.evidence).toEqual([
      { what: 'snapshot', ok: false, error: 'disk is full' },
    ]);
  });

  test('that cannot be judged is taken down and fails, saying why it was not judged', async () => {
    const run = await temporal.begin('no-judge', { stages: { judge: harnessFails('summary.json: ENOSPC') } });
    const failure = await failureOf(run);
    expect(failure).toMatchObject({
      type: 'HarnessFault',
      message: 'the campaign was not judged: summary.json: ENOSPC',
    });
    expect(failure.details?.[0]).toMatchObject({ verdict: 'unmeasured', ending: 'harness-fault' });
    expect(order(run).at(-1)).toBe('teardown 1');
  });

  test('that cannot be taken down keeps its verdict, and names what is left', async () => {
    const run = await temporal.begin('no-teardown', { stages: { teardown: harnessFails('c1: etcd does not stop') } });
    expect(await run.result()).toMatchObject({
      verdict: 'pass',
      ending: 'completed',
      leftovers: ['teardown: c1: etcd does not stop'],
    });
    const some = await temporal.begin('leftovers', { stages: { teardown: () => ({ leftovers: ['cluster c2'] }) } });
    expect(await some.result()).toMatchObject({ verdict: 'pass', leftovers: ['cluster c2'] });
  });

  test('in a stage that never ends is over at its deadline', async () => {
    const deadlines = shortDeadlines({ install: { attemptMs: 300, attempts: 2 } });
    const run = await temporal.begin('hung', {
      resolve: () => aSpec({ deadlines }),
      stages: {
        install: ({ context }) => new Promise((_, stop) => context.cancellationSignal.addEventListener('abort', stop)),
        judge: () => ({ verdict: 'unmeasured', reasons: ['stage install failed'] }),
      },
    });
    expect((await failureOf(run)).type).toBe('HarnessFault');
    const { state } = await run.status();
    expect(state.outcomes.find(({ stage }) => stage === 'install')?.failure).toEqual({
      kind: 'harness',
      message: 'install did not end within its deadline (START_TO_CLOSE)',
    });
    expect(order(run)).toEqual(['provision 1', 'install 1', 'install 1', 'snapshot 1', 'judge 1', 'teardown 1']);
  });
});
