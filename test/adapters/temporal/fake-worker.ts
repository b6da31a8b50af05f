import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { stateFolder } from '../../../src/adapters/host/folders.ts';
import { startTicksOf } from '../../../src/adapters/host/processes.ts';
import { devServerTarget, externalTarget } from '../../../src/adapters/temporal/target.ts';

// Stands in for the worker process: says that it polls, answers, and ends when it is asked to. Its argument is how much memory it
// has, in MiB: the kernel takes time to free it.
const memory = Buffer.alloc((Number(process.argv[2] ?? 0) || 0) * 1_024 * 1_024, 1);
const metrics = createServer((_, answer) => answer.writeHead(404).end(String(memory.length)));
await new Promise<void>((done) => metrics.listen(0, '127.0.0.1', done));
const server = externalTarget() ?? devServerTarget();
const folder = join(stateFolder(), 'workers');
const file = join(folder, `${process.pid}.json`);
mkdirSync(folder, { recursive: true });
writeFileSync(
  file,
  JSON.stringify({
    pid: process.pid,
    startTicks: startTicksOf(process.pid),
    metricsPort: (metrics.address() as AddressInfo).port,
    queues: [],
    capacityClusters: Number(process.env['BELAY_CLUSTERS'] ?? 3),
    temporal: server && { external: server.external, address: server.address, namespace: server.namespace },
    startedAtMs: Date.now(),
  }),
);
process.on('SIGTERM', () => {
  rmSync(file, { force: true });
  process.exit(0);
});
setInterval(() => undefined, 1_000);
