import type { Stage } from '../../src/core/model/stages.ts';
import type { EventPattern } from '../workflows/history.ts';

/** A whole campaign on a real cluster. */
export interface RealScenario {
  /** The profile; rung-10 where left out. */
  readonly profile?: string;
  /** Length of the soak; the profile's own where left out. After a worker's death it must outlast the heartbeat limit. */
  readonly soakSeconds?: number;
  /** Changes of the profile. */
  readonly overrides: Readonly<Record<string, unknown>>;
  /** The answer to its hold. */
  readonly answer?: unknown;
  /** The worker is killed (SIGKILL) three seconds into this stage, and another takes over. */
  readonly killWorkerIn?: Stage;
  readonly holds: readonly EventPattern[];
}

/** By the name of the recorded history. */
export const REAL = {
  /** The whole quickstart, with the inputs of its activities. Its size is limited. */
  'real-quickstart': {
    profile: 'quickstart',
    overrides: {},
    holds: [['ActivityTaskScheduled', { activityType: { name: 'teardown' } }], ['WorkflowExecutionCompleted']],
  },
  'real-green': {
    soakSeconds: 12,
    overrides: {},
    holds: [['ActivityTaskScheduled', { activityType: { name: 'teardown' } }], ['WorkflowExecutionCompleted']],
  },
  'real-hold-and-retry': {
    soakSeconds: 12,
    overrides: { 'gates.podBindP99.max': 0.000_001 },
    answer: {
      stage: 'soak',
      execution: 1,
      decision: 'retry',
      reason: 'the bar was for another machine',
      set: { 'gates.podBindP99.max': 30 },
    },
    holds: [
      ['ActivityTaskFailed', { failure: { applicationFailureInfo: { type: 'GateBreach' } } }],
      ['TimerStarted'],
      ['WorkflowExecutionUpdateAccepted'],
      ['ActivityTaskScheduled', { activityType: { name: 'soak' } }],
      ['WorkflowExecutionCompleted'],
    ],
  },
  'real-crash': {
    soakSeconds: 60,
    overrides: {},
    killWorkerIn: 'soak',
    holds: [['ActivityTaskStarted', { attempt: 2 }], ['WorkflowExecutionCompleted']],
  },
} as const satisfies Readonly<Record<string, RealScenario>>;
