import { expect, test } from 'vitest';
import { listPauseMs } from '../../../src/adapters/kube/list-pause.ts';

const usual = { compareMs: 10_000, pods: 400, failed: 0, listsSinceLost: undefined };

test.each([
  ['a watch that delivers', {}, [10_000]],
  ['many Pods', { pods: 12_000 }, [12_000]],
  ['very many Pods', { pods: 100_000 }, [15_000]],
  ['no watch', { listsSinceLost: 0 }, [2_000]],
  ['no watch for some lists', { listsSinceLost: 3 }, [8_000]],
  ['no watch for long', { listsSinceLost: 2_000 }, [10_000]],
  ['no watch of many Pods', { listsSinceLost: 0, pods: 12_000 }, [12_000]],
  ['a list that failed', { failed: 1 }, [400]],
  ['no watch, and a list that failed', { failed: 1, listsSinceLost: 5, pods: 0 }, [100]],
  ['lists that fail for long', { failed: 2_000 }, [2_000]],
  ['lists of many Pods that fail', { failed: 3, pods: 9_000 }, [9_000]],
])('%s', (_, given, [pauseMs]) => {
  expect(listPauseMs({ ...usual, ...given })).toBe(pauseMs);
});
