import { ApplicationFailure } from '@temporalio/activity';
import { setTimeout as sleep } from 'node:timers/promises';
import type { LadderSpec } from '../../src/core/campaign/climb.ts';
import { aGate, aSpec, QUEUES, shortDeadlines } from '../workflows/make-spec.ts';
import { breach, harnessFails, succeeds, systemFails, untilCancelled, type Script } from '../workflows/scripted.ts';
import { GROUP_SCENARIOS } from './group-scenarios.ts';
import type { Scenario } from './scenario.ts';
import { eventually, type Run, type TestTemporal } from '../workflows/temporal.ts';

const PATIENT_MS = 60_000;
const RETRY_SOAK = { stage: 'soak', execution: 1, decision: 'retry', reason: 'new build' };

function holding(stages: NonNullable<Script['stages']>, change: Parameters<typeof aSpec>[0] = {}): Script {
  return { resolve: ({ workflowId }) => aSpec({ workflowId, holdMs: PATIENT_MS, ...change }), stages };
}

/** Every shape that a history of a campaign on one host, or of a ladder, can have, by scripted activities. */
const SINGLE_HOST: readonly Scenario[] = [
  {
    name: 'green',
    play: (temporal, name) => temporal.begin(name, {}, { input: { profile: 'small' } }),
    holds: [
      ['ActivityTaskScheduled', { activityType: { name: 'provision' } }],
      ['ActivityTaskScheduled', { activityType: { name: 'teardown' } }],
      ['WorkflowExecutionCompleted'],
    ],
  },
  {
    name: 'breach',
    play: (temporal, name) => temporal.begin(name, { stages: { soak: breach(), judge: () => ({ verdict: 'fail' }) } }),
    holds: [
      ['ActivityTaskFailed', { failure: { applicationFailureInfo: { type: 'GateBreach' } } }],
      ['ActivityTaskScheduled', { activityType: { name: 'snapshot' } }],
      ['WorkflowExecutionCompleted'],
    ],
  },
  {
    name: 'hold-and-retry',
    play: async (temporal, name) => {
      const run = await temporal.begin(name, {
        ...holding({ soak: [breach('podBindP99', { checkpoint: { churned: 12 } }), succeeds] }),
        respec: ({ spec }) => ({ ...spec, gates: [aGate({ bar: { max: 10 } })], specHash: 'second' }),
      });
      await run.untilHold();
      await run.decide({ ...RETRY_SOAK, set: { 'gates.podBindP99.max': 10 } });
      return run;
    },
    holds: [
      ['TimerStarted'],
      ['WorkflowExecutionUpdateAccepted'],
      ['TimerCanceled'],
      ['ActivityTaskScheduled', { activityType: { name: 'steady' } }],
      ['ActivityTaskScheduled', { activityType: { name: 'soak' } }],
      ['WorkflowExecutionCompleted'],
    ],
  },
  {
    name: 'refused-changes',
    play: async (temporal, name) => {
      const run = await temporal.begin(name, { ...holding({ soak: [breach(), succeeds] }), respec: refusedByItsFiles });
      await run.untilHold();
      await run.decide({ ...RETRY_SOAK, set: { 'gates.podBindP99.max': 10 } }).catch(() => undefined);
      await run.decide(RETRY_SOAK);
      return run;
    },
    holds: [
      ['WorkflowExecutionUpdateAccepted'],
      ['WorkflowExecutionUpdateCompleted'],
      ['WorkflowExecutionUpdateAccepted'],
      ['WorkflowExecutionCompleted'],
    ],
  },
  {
    name: 'skip',
    play: async (temporal, name) => {
      const run = await temporal.begin(name, holding({ steady: systemFails() }));
      await run.untilHold();
      await run.decide({ stage: 'steady', execution: 1, decision: 'skip', reason: 'known' });
      return run;
    },
    holds: [['WorkflowExecutionUpdateAccepted'], ['ActivityTaskScheduled', { activityType: { name: 'soak' } }]],
  },
  {
    name: 'abort',
    play: async (temporal, name) => {
      const run = await temporal.begin(name, holding({ soak: breach(), judge: () => ({ verdict: 'fail' }) }));
      await run.untilHold();
      await run.decide({ ...RETRY_SOAK, decision: 'abort' });
      return run;
    },
    holds: [['WorkflowExecutionUpdateAccepted'], ['TimerCanceled'], ['WorkflowExecutionCompleted']],
  },
  {
    name: 'hold-expired',
    play: (temporal, name) => temporal.begin(name, holding({ ramp: systemFails() }, { holdMs: 200 })),
    holds: [
      ['TimerFired'],
      ['ActivityTaskScheduled', { activityType: { name: 'snapshot' } }],
      ['WorkflowExecutionCompleted'],
    ],
  },
  {
    name: 'cancel',
    play: async (temporal, name) => {
      const run = await temporal.begin(name, { stages: { soak: (call) => untilCancelled(call) } });
      await run.untilCalled('soak');
      await run.handle.cancel();
      return run;
    },
    holds: [
      ['WorkflowExecutionCancelRequested'],
      ['ActivityTaskCanceled'],
      ['ActivityTaskScheduled', { activityType: { name: 'teardown' } }],
      ['WorkflowExecutionCanceled'],
    ],
  },
  {
    name: 'cancel-in-hold',
    play: async (temporal, name) => {
      const run = await temporal.begin(name, holding({ soak: breach() }));
      await run.untilHold();
      await run.handle.cancel();
      return run;
    },
    holds: [['TimerStarted'], ['WorkflowExecutionCancelRequested'], ['TimerCanceled'], ['WorkflowExecutionCanceled']],
  },
  {
    name: 'harness-fault',
    play: (temporal, name) => temporal.begin(name, { stages: { provision: harnessFails(), snapshot: harnessFails() } }),
    holds: [
      ['ActivityTaskFailed'],
      ['ActivityTaskFailed'],
      ['ActivityTaskScheduled', { activityType: { name: 'teardown' } }],
      ['WorkflowExecutionFailed', { failure: { applicationFailureInfo: { type: 'HarnessFault' } } }],
    ],
  },
  {
    name: 'invalid',
    play: (temporal, name) => temporal.begin(name, { resolve: refusedByItsFiles }),
    holds: [['WorkflowExecutionFailed', { failure: { applicationFailureInfo: { type: 'InvalidSpec' } } }]],
  },
  {
    name: 'crash',
    play: crash,
    holds: [['ActivityTaskStarted', { attempt: 2 }], ['WorkflowExecutionCompleted']],
  },
  {
    name: 'ladder',
    play: (temporal, name) => climb(temporal, name, {}),
    holds: [
      ['ChildWorkflowExecutionCompleted'],
      ['ChildWorkflowExecutionCompleted'],
      ['ActivityTaskScheduled', { activityType: { name: 'writeClimb' } }],
      ['WorkflowExecutionCompleted'],
    ],
  },
  {
    name: 'ladder-red',
    play: (temporal, name) => climb(temporal, name, { stages: { judge: () => ({ verdict: 'fail' }) } }),
    holds: [['ChildWorkflowExecutionCompleted'], ['WorkflowExecutionCompleted']],
  },
  {
    name: 'ladder-again',
    play: (temporal, name) =>
      climb(
        temporal,
        name,
        { stages: { judge: () => ({ flagged: [{ metric: 'p99', state: 'open', run: 'r', text: 'p99: step' }] }) } },
        { runAgain: true },
      ),
    holds: [
      ['StartChildWorkflowExecutionInitiated', { workflowId: 'ladder-again-1.1-small' }],
      ['StartChildWorkflowExecutionInitiated', { workflowId: 'ladder-again-1.1-small-again' }],
      ['StartChildWorkflowExecutionInitiated', { workflowId: 'ladder-again-1.2-middle' }],
      ['WorkflowExecutionCompleted'],
    ],
  },
  {
    name: 'ladder-cancelled',
    play: async (temporal, name) => {
      const started = Promise.withResolvers<void>();
      const run = await climb(temporal, name, {
        stages: {
          soak: (call) => {
            started.resolve();
            return untilCancelled(call);
          },
        },
      });
      await started.promise;
      await run.handle.cancel();
      return run;
    },
    holds: [
      ['RequestCancelExternalWorkflowExecutionInitiated'],
      ['ChildWorkflowExecutionCanceled'],
      ['WorkflowExecutionCanceled'],
    ],
  },
];

/** Every shape that a history can have. */
export const SCENARIOS: readonly Scenario[] = [...SINGLE_HOST, ...GROUP_SCENARIOS];

/** A worker goes silent in the seed: its heartbeat limit passes, another attempt goes on. Then the one that holds the workflow goes. */
async function crash(temporal: TestTemporal, name: string): Promise<Run> {
  const silent = Promise.withResolvers<void>();
  const soaking = Promise.withResolvers<void>();
  const run = await temporal.begin(name, {
    resolve: ({ workflowId }) => aSpec({ workflowId, deadlines: shortDeadlines({ seed: { heartbeatMs: 1_000 } }) }),
    stages: {
      seed: async ({ attempt, context }) => {
        context.heartbeat({ live: 'creating', checkpoint: { created: 7 } });
        if (attempt === 1) await silent.promise;
      },
      soak: () => soaking.promise,
    },
  });
  await run.untilCalled('soak');
  silent.resolve();
  await temporal.stopWorkers(QUEUES.shared);
  soaking.resolve();
  await eventually(
    () => run.calls.find(({ stage }) => stage === 'soak')?.endedAtMs ?? 0,
    (endedAtMs) => endedAtMs > 0,
  );
  await sleep(200);
  await temporal.startWorkflowWorker();
  return run;
}

async function climb(
  temporal: TestTemporal,
  name: string,
  first: Script,
  change: Partial<LadderSpec> = {},
): Promise<Run> {
  const workflowId = temporal.nextId(name);
  const ladder: LadderSpec = {
    name: 'nightly',
    rungs: ['1-small', '2-middle'].map((id) => ({ id, profile: id.slice(2), substrate: 'laptop', overrides: {} })),
    holdMs: 0,
    trigger: 'cli',
    hostQueue: QUEUES.host,
    folder: 'nightly',
    ...change,
  };
  temporal.scripted.play(`${workflowId}.1-small`, first);
  temporal.scripted.play(`${workflowId}.1-small-again`, {});
  temporal.scripted.play(`${workflowId}.2-middle`, {});
  return temporal.begin(name, { ladder }, { type: 'ladder', workflowId });
}

function refusedByItsFiles(): never {
  throw ApplicationFailure.nonRetryable('profile: found "quikstart"; did you mean quickstart?', 'InvalidSpec');
}
