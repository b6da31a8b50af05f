import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { stateFolder } from '../../../src/adapters/host/folders.ts';
import { startTicksOf } from '../../../src/adapters/host/processes.ts';
import { devServerTarget, externalTarget } from '../../../src/adapters/temporal/target.ts';

// Stands in for the worker process: says that it polls, and ends when it is asked to.
const server = externalTarget() ?? devServerTarget();
const folder = join(stateFolder(), 'workers');
const file = join(folder, `${process.pid}.json`);
mkdirSync(folder, { recursive: true });
writeFileSync(
  file,
  JSON.stringify({
    pid: process.pid,
    startTicks: startTicksOf(process.pid),
    metricsPort: 1,
    queues: [],
    temporal: server && { external: server.external, address: server.address, namespace: server.namespace },
    startedAtMs: Date.now(),
  }),
);
process.on('SIGTERM', () => {
  rmSync(file, { force: true });
  process.exit(0);
});
setInterval(() => undefined, 1_000);
