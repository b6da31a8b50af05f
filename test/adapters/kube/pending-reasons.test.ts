import { afterEach, expect, test } from 'vitest';
import { pendingReasons } from '../../../src/adapters/kube/pending-reasons.ts';
import { answer, scriptedApi } from './scripted-api.ts';
import type { ScriptedApi } from './scripted-api.ts';

let api: ScriptedApi | undefined;

afterEach(async () => {
  await api?.close();
});

function pod(name: string, message: string | undefined, nodeName?: string): unknown {
  const conditions = message === undefined ? [] : [{ type: 'PodScheduled', status: 'False', message }];
  return { metadata: { name }, spec: nodeName === undefined ? {} : { nodeName }, status: { conditions } };
}

test('reasons come in the scheduler’s words, most frequent first; bound Pods have none', async () => {
  api = await scriptedApi((_, response) =>
    answer(response, 200, {
      items: [
        pod('a', '0/3 nodes are available: 3 Insufficient cpu.'),
        pod('b', undefined),
        pod('c', '0/3 nodes are available: 3 Insufficient cpu.'),
        pod('starting', undefined, 'n1'),
      ],
      metadata: { resourceVersion: '1' },
    }),
  );
  const where = { namespace: 'x', labelSelector: 'a=b' };
  expect(await pendingReasons(api.client, where, { signal: AbortSignal.timeout(10_000), budgetMs: 5_000 })).toEqual([
    '2 Pod(s), e.g. a: 0/3 nodes are available: 3 Insufficient cpu.',
    '1 Pod(s), e.g. b: not looked at yet',
  ]);
  expect(api.seen).toEqual([
    'GET /api/v1/namespaces/x/pods?labelSelector=a%3Db&fieldSelector=status.phase%3DPending&limit=500',
  ]);
});
