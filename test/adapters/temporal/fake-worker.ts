import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { stateFolder } from '../../../src/adapters/host/folders.ts';
import { startTicksOf } from '../../../src/adapters/host/processes.ts';

// Stands in for the worker process: says that it polls, and ends when it is asked to.
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
    startedAtMs: Date.now(),
  }),
);
process.on('SIGTERM', () => {
  rmSync(file, { force: true });
  process.exit(0);
});
setInterval(() => undefined, 1_000);
