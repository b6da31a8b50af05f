import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { connectClient } from '../../src/adapters/temporal/client.ts';
import { campaignsUnderWay, stackRuns, stopStack } from '../../src/adapters/temporal/stack-users.ts';
import { hostName, hostQueues } from '../../src/adapters/host/host-queues.ts';
import { doctorCommand } from '../../src/cli/doctor.ts';
import { downCommand } from '../../src/cli/down.ts';
import { statusCommand } from '../../src/cli/status.ts';
import { upCommand } from '../../src/cli/up.ts';
import { UsageError } from '../../src/cli/usage-error.ts';
import { eventually } from '../adapters/eventually.ts';
import { runCommand } from './run-command.ts';

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'belay-up-'));
  vi.stubEnv('BELAY_HOME', folder);
  vi.stubEnv('BELAY_CLUSTERS', undefined);
  for (const name of Object.keys(process.env)) if (name.startsWith('TEMPORAL_')) vi.stubEnv(name, undefined);
});
afterEach(async () => {
  await stopStack();
  vi.unstubAllEnvs();
  rmSync(folder, { recursive: true, force: true });
});

test('down without a running stack does nothing', async () => {
  await expect(runCommand(downCommand(), [])).resolves.toMatchObject({ stdout: 'nothing is running\n', exitCode: 0 });
});

test('up refuses a capacity that is none before it starts anything', async () => {
  const refused = runCommand(upCommand(), ['--clusters', 'many']);
  await expect(refused).rejects.toThrow(UsageError);
  await expect(refused).rejects.toThrow(
    '--clusters: found "many"; allowed: a whole number of clusters from 0 to 10000',
  );
  vi.stubEnv('BELAY_CLUSTERS', '-1');
  await expect(runCommand(upCommand(), [])).rejects.toThrow('BELAY_CLUSTERS: found "-1"; allowed: a whole number');
  expect(stackRuns()).toBe(false);
});

test('up starts Temporal and a worker and shows their addresses; down stops them, but not while a campaign runs', async () => {
  const up = await runCommand(upCommand(), ['--clusters', '5']);
  expect(up.exitCode).toBe(0);
  expect(up.stdout).toMatch(/^server +127\.0\.0\.1:\d+, namespace default$/m);
  expect(up.stdout).toMatch(/^worker +pid \d+, takes 5 local clusters, log /m);
  expect(up.stdout).toContain('/namespaces/default/workflows/start-workflow?taskQueue=belay&workflowType=campaign');
  expect(up.stdout).toContain('workflowType=ladder');
  expect(stackRuns()).toBe(true);

  // The worker's first poll follows its announcement.
  const asked = await eventually(async () => {
    const { stdout } = await runCommand(statusCommand(), ['--hosts', '--output', 'json']);
    const found = JSON.parse(stdout) as readonly object[];
    return found.length > 0 ? found : undefined;
  });
  const host = { host: hostName(), capacityClusters: 5, usedClusters: 0, groups: [] };
  const queues = Object.values(hostQueues());
  expect(asked).toMatchObject([{ ...host, queues }]);
  const { hosts } = JSON.parse((await runCommand(doctorCommand(), ['--output', 'json'])).stdout) as { hosts: unknown };
  expect(hosts).toMatchObject([host]);
  const shown = await runCommand(statusCommand(), []);
  expect(shown.stdout).toMatch(new RegExp(`${hostName()}.*0 of 5 used.* ago`));
  expect(shown.stdout).toContain('No campaign yet.');

  const client = await connectClient();
  try {
    await client.workflow.start('campaign', { workflowId: 'busy', taskQueue: 'nobody-polls-this', args: [] });
    await eventually(async () => (await campaignsUnderWay()).length === 1);
    const refused = runCommand(downCommand(), []);
    await expect(refused).rejects.toThrow(UsageError);
    await expect(refused).rejects.toThrow(/campaign busy, for .*\n"\.\/belay abort ID"/);
    expect(stackRuns()).toBe(true);
  } finally {
    await client.connection.close();
  }
  const down = await runCommand(downCommand(), ['--force']);
  expect(down.stdout).toMatch(/^worker and Temporal \(127\.0\.0\.1:\d+\) stopped$/m);
  expect(stackRuns()).toBe(false);
});
