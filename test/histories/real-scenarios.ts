import type { Stage } from '../../src/core/model/stages.ts';
import type { EventPattern } from '../workflows/history.ts';

/** A whole campaign on a real cluster. */
export interface RealScenario {
  /** Of the soak: one that loses its worker has to last longer than it takes to miss it. */
  readonly soakSeconds: number;
  /** Changes of the profile rung-10. */
  readonly overrides: Readonly<Record<string, unknown>>;
  /** The answer to the hold that it comes to. */
  readonly answer?: unknown;
  /** The worker is killed (SIGKILL) three seconds into this stage, and another takes over. */
  readonly killWorkerIn?: Stage;
  readonly holds: readonly EventPattern[];
}

/** By the name of the recorded history. */
export const REAL = {
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
