import { randomUUID } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { NativeConnection, Worker } from '@temporalio/worker';
import { expect, test } from 'vitest';
import { seeCampaign } from '../../../src/adapters/temporal/campaign-seen.ts';
import { connectClient } from '../../../src/adapters/temporal/client.ts';
import { ensureTemporal } from '../../../src/adapters/temporal/dev-server.ts';
import { nativeConnectionOptions } from '../../../src/adapters/temporal/native-connection.ts';
import { temporalTarget } from '../../../src/adapters/temporal/target.ts';
import { eventually } from '../eventually.ts';
import { freshStackHome } from './stack-home.ts';

freshStackHome();

test('a campaign whose run was reset goes on as another run; it has ended when that one has, and others say nothing of it', async () => {
  await ensureTemporal();
  const client = await connectClient();
  const connection = await NativeConnection.connect(nativeConnectionOptions(temporalTarget()));
  const worker = await Worker.create({
    connection,
    taskQueue: 'q',
    workflowsPath: fileURLToPath(new URL('resettable.ts', import.meta.url)),
  });
  try {
    await worker.runUntil(async () => {
      const handle = await client.workflow.start('campaign', { workflowId: 'w', taskQueue: 'q' });
      const run = { campaign: 'c', workflowId: 'w', runId: handle.firstExecutionRunId };
      const see = (campaign = 'c'): ReturnType<typeof seeCampaign> => seeCampaign(client, { ...run, campaign });
      await handle.query('status');
      expect(await see()).toMatchObject({ kind: 'running' });
      await client.workflowService.resetWorkflowExecution({
        namespace: 'default',
        workflowExecution: { workflowId: 'w', runId: run.runId },
        reason: 'as in the UI',
        workflowTaskFinishEventId: { low: 4, high: 0, unsigned: false } as never,
        requestId: randomUUID(),
      });
      expect(await eventually(async () => ((await handle.describe()).runId === run.runId ? undefined : true))).toBe(
        true,
      );
      expect(await see()).toMatchObject({ kind: 'running' });
      // A later campaign under the same workflow id says nothing about this one, whose own run has ended.
      expect(await see('another')).toMatchObject({ kind: 'closed', how: 'from-outside' });
      await handle.terminate();
      expect(await see()).toMatchObject({ kind: 'closed', how: 'from-outside' });
      expect(await seeCampaign(client, { ...run, workflowId: 'none' })).toEqual({ kind: 'not-found' });
    });
  } finally {
    await connection.close();
    await client.connection.close();
  }
});
