import type { CampaignSpec } from '../../src/core/plan/spec.ts';
import { aPlacedSpec, QUEUES } from '../workflows/make-spec.ts';
import { breach, harnessFails, succeeds, untilCancelled, type Script, type Step } from '../workflows/scripted.ts';
import type { TestTemporal } from '../workflows/temporal.ts';
import type { Scenario } from './scenario.ts';

const PATIENT_MS = 60_000;

/** The hosts besides the lead that have workers while these scenarios are played. */
export const FLEET = ['a', 'b', 'c'] as const;

/** Four clusters: two on the lead, one on each of two other hosts. */
function spread(
  stages: NonNullable<Script['stages']>,
  change: Partial<CampaignSpec> = {},
  fleet: Script['fleet'] = { lead: 2, a: 1, b: 1 },
): Script {
  return { fleet, resolve: ({ workflowId }) => aPlacedSpec({ workflowId, ...change }), stages };
}

/** A step that only one group takes. */
function inGroup(group: string, step: Step): Step {
  return (call) => (call.input.group === group ? step(call) : {});
}

function again(stage: string): object {
  return { stage, execution: 1, decision: 'retry', reason: 'again' };
}

/** Ends the workers of a host, plays on, and starts them again for the next scenario. */
async function without(temporal: TestTemporal, host: string, rest: () => Promise<unknown>): Promise<void> {
  await temporal.stopHost(host);
  await rest();
  await temporal.addHost(host);
}

/** Shapes of histories that only campaigns with several groups have. */
export const GROUP_SCENARIOS: readonly Scenario[] = [
  {
    name: 'groups-green',
    play: (temporal, name) => temporal.begin(name, spread({})),
    holds: [
      ['ActivityTaskScheduled', { activityType: { name: 'place' }, taskQueue: { name: QUEUES.host } }],
      ['ActivityTaskScheduled', { activityType: { name: 'place' }, taskQueue: { name: QUEUES.shared } }],
      ['ActivityTaskScheduled', { activityType: { name: 'watch' } }],
      ['ActivityTaskScheduled', { activityType: { name: 'drive' }, taskQueue: { name: 'belay-load-a' } }],
      ['ActivityTaskScheduled', { activityType: { name: 'watch' } }],
      ['WorkflowExecutionCompleted'],
    ],
  },
  {
    name: 'groups-lead-alone',
    play: (temporal, name) => temporal.begin(name, spread({}, {}, { a: 4 })),
    holds: [
      ['ActivityTaskScheduled', { activityType: { name: 'place' } }],
      ['ActivityTaskScheduled', { activityType: { name: 'soak' } }],
      ['WorkflowExecutionCompleted'],
    ],
  },
  {
    name: 'groups-no-host',
    play: async (temporal, name) => {
      const placement = { clusterCount: 4, hostWaitMs: 1_500 };
      const run = await temporal.begin(name, spread({}, { placement }, { lead: 2, a: 1 }));
      return run;
    },
    holds: [
      ['ActivityTaskScheduled', { activityType: { name: 'place' } }],
      ['ActivityTaskScheduled', { activityType: { name: 'teardown' }, taskQueue: { name: 'belay-host-a' } }],
      ['WorkflowExecutionFailed'],
    ],
  },
  {
    name: 'groups-retry',
    play: async (temporal, name) => {
      const ramp = [inGroup('g1', harnessFails()), succeeds];
      const run = await temporal.begin(name, spread({ ramp }, { holdMs: PATIENT_MS }));
      await run.untilHold();
      await run.decide(again('ramp'));
      return run;
    },
    holds: [
      ['ActivityTaskFailed'],
      ['TimerStarted'],
      ['ActivityTaskScheduled', { activityType: { name: 'ramp' }, taskQueue: { name: 'belay-load-a' } }],
      ['WorkflowExecutionCompleted'],
    ],
  },
  {
    name: 'groups-breach',
    play: async (temporal, name) => {
      const drive = [(call: Parameters<Step>[0]) => untilCancelled(call), succeeds];
      const run = await temporal.begin(name, spread({ watch: [breach(), succeeds], drive }, { holdMs: PATIENT_MS }));
      await run.untilHold();
      await run.decide(again('soak'));
      return run;
    },
    holds: [
      ['ActivityTaskFailed', { failure: { applicationFailureInfo: { type: 'GateBreach' } } }],
      ['ActivityTaskCanceled'],
      ['ActivityTaskScheduled', { activityType: { name: 'steady' } }],
      ['ActivityTaskScheduled', { activityType: { name: 'drive' } }],
      ['WorkflowExecutionCompleted'],
    ],
  },
  {
    name: 'groups-silent',
    play: async (temporal, name) => {
      const hang = Promise.withResolvers<void>();
      const seed = silentOnce(hang.promise);
      const run = await temporal.begin(name, spread({ seed }, { deadlines: quickToNotice() }));
      await run.result();
      hang.resolve();
      return run;
    },
    holds: [
      ['ActivityTaskTimedOut'],
      ['ActivityTaskScheduled', { activityType: { name: 'seed' } }],
      ['WorkflowExecutionCompleted'],
    ],
  },
  {
    name: 'groups-lost',
    play: async (temporal, name) => {
      const seed = [inGroup('g1', (call) => untilCancelled(call)), succeeds];
      const run = await temporal.begin(name, spread({ seed }, { holdMs: PATIENT_MS }, { lead: 2, a: 1, b: 1, c: 1 }));
      await run.untilCalled('seed', 3);
      await without(temporal, 'a', async () => {
        await run.untilHold();
        await run.decide(again('seed'));
        await run.result();
      });
      return run;
    },
    holds: [
      ['ActivityTaskTimedOut'],
      ['ActivityTaskTimedOut'],
      ['TimerStarted'],
      ['ActivityTaskScheduled', { activityType: { name: 'place' } }],
      ['ActivityTaskScheduled', { activityType: { name: 'provision' }, taskQueue: { name: 'belay-host-c' } }],
      ['WorkflowExecutionCompleted'],
    ],
  },
  {
    name: 'groups-cancel',
    play: async (temporal, name) => {
      const run = await temporal.begin(name, spread({ drive: (call) => untilCancelled(call) }));
      await run.untilCalled('drive', 3);
      await run.handle.cancel();
      return run;
    },
    holds: [
      ['WorkflowExecutionCancelRequested'],
      ['ActivityTaskCanceled'],
      ['ActivityTaskScheduled', { activityType: { name: 'teardown' }, taskQueue: { name: 'belay-host-b' } }],
      ['WorkflowExecutionCanceled'],
    ],
  },
  {
    name: 'groups-lead-lost',
    play: async (temporal, name) => {
      const run = await temporal.begin(name, spread({ ramp: inGroup('g0', (call) => untilCancelled(call)) }));
      await run.untilCalled('ramp', 3);
      for (const queue of [QUEUES.load, QUEUES.host]) await temporal.stopWorkers(queue);
      await run.result().catch(() => undefined);
      for (const taskQueue of [QUEUES.load, QUEUES.host]) await temporal.addWorker({ taskQueue });
      return run;
    },
    holds: [
      ['ActivityTaskTimedOut'],
      ['ActivityTaskScheduled', { activityType: { name: 'snapshot' }, taskQueue: { name: 'belay-host-a' } }],
      ['ActivityTaskScheduled', { activityType: { name: 'teardown' }, taskQueue: { name: 'belay-host-a' } }],
      ['WorkflowExecutionFailed'],
    ],
  },
];

/** The worker of one group goes silent once; another attempt goes on. */
function silentOnce(hang: Promise<void>): Step {
  let isFirst = true;
  return inGroup('g1', ({ context }) => {
    if (!isFirst) return {};
    isFirst = false;
    context.heartbeat({ live: 'seeding' });
    return hang;
  });
}

function quickToNotice(): CampaignSpec['deadlines'] {
  const { deadlines } = aPlacedSpec();
  const seed = { ...deadlines.stages.seed, heartbeatMs: 1_000 };
  return { ...deadlines, stages: { ...deadlines.stages, seed } };
}
