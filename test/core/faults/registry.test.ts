import { expect, test } from 'vitest';
import {
  ACTION_FORMS,
  ACTION_PATTERN,
  longestFaultMs,
  parametersOf,
  requestedFault,
  RUNNABLE_FORMS,
} from '../../../src/core/faults/registry.ts';

const SCOPE = { atSeconds: 10, soakSeconds: 600, shardReplicas: 2 };

test.for<[string, boolean, number, string]>([
  ['fail-node', true, 10_000, 'takes out the Node with most Pods for 10 s'],
  ['fail-node-3', true, 10_000, 'takes out Node 3 by name for 10 s'],
  ['kill-coordinator-leader', false, 0, 'kills the coordinators, the leader among them'],
  ['kill-shard-bigfleet-shard-1', false, 0, 'kills the shard in Pod bigfleet-shard-1'],
  [
    'partition-coordinator-from-shard-bigfleet-shard-0',
    false,
    60_000,
    'cuts the shard in Pod bigfleet-shard-0 off from the coordinators for 60 s',
  ],
])('%s asks for a fault', ([action, runnable, waitMs, description]) => {
  expect(requestedFault(action)).toMatchObject({ runnable, waitMs, description });
  expect(requestedFault(action)?.validate(SCOPE)).toEqual([]);
  expect(action).toMatch(ACTION_PATTERN);
});

test.for(['fail-nod', 'fail-node-', 'fail-node-x', 'fail-node-1234567', 'kill-shard-', 'kill-shard-; rm -rf', ''])(
  '"%s" asks for no fault',
  (action) => {
    expect(requestedFault(action)).toBeUndefined();
    expect(action).not.toMatch(ACTION_PATTERN);
  },
);

test('parameters are read only by the fault that the action names', () => {
  expect(parametersOf('fail-node', 'fail-node')).toEqual({});
  expect(parametersOf('fail-node', 'fail-node-12')).toEqual({ position: 12 });
  expect(parametersOf('fail-node', 'kill-coordinator-leader')).toBeUndefined();
});

test.for<[string, Partial<typeof SCOPE>, readonly object[]]>([
  ['kill-shard-bigfleet-shard-1', { shardReplicas: 1 }, [{ field: 'action' }]],
  ['kill-shard-1', { shardReplicas: 1 }, [{ field: 'action' }]],
  ['partition-coordinator-from-shard-bigfleet-shard-0', { atSeconds: 540 }, []],
  ['partition-coordinator-from-shard-bigfleet-shard-0', { atSeconds: 541 }, [{ field: 'atSeconds' }]],
  ['partition-coordinator-from-shard-x-shard-2', { atSeconds: 541 }, [{ field: 'atSeconds' }, { field: 'action' }]],
  ['fail-node', { atSeconds: 599 }, []],
])('%s in the scope %j has the problems %j', ([action, scope, problems]) => {
  expect(requestedFault(action)?.validate({ ...SCOPE, ...scope })).toMatchObject(problems);
});

test('the longest of several faults decides how long they last', () => {
  expect(longestFaultMs([])).toBe(0);
  expect(longestFaultMs(['kill-coordinator-leader'])).toBe(0);
  expect(longestFaultMs(['fail-node', 'fail-node-1'])).toBe(10_000);
  expect(longestFaultMs(['fail-node', 'partition-coordinator-from-shard-x'])).toBe(60_000);
});

test('messages name every form, and the ones that can be run', () => {
  expect(ACTION_FORMS).toEqual([
    'fail-node',
    'fail-node-<n>',
    'kill-coordinator-leader',
    'kill-shard-<pod>',
    'partition-coordinator-from-shard-<pod>',
  ]);
  expect(RUNNABLE_FORMS).toEqual(['fail-node', 'fail-node-<n>']);
});
