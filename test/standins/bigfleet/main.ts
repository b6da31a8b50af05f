/**
 * A stand-in for BigFleet, for tests only: makes Nodes for pending Pods of a kwok cluster and serves BigFleet's metrics, with
 * faults that can be switched on. Started by the system files that `files.ts` writes.
 */
import { createServer } from 'node:http';
import { Cluster } from './cluster.ts';
import { Metrics } from './metrics.ts';
import { readOptions } from './options.ts';
import { Shard } from './shard.ts';

const CYCLE_MS = 50;
const ROLLUP_MS = 250;

const options = readOptions(process.argv.slice(2));
const log = (line: string): void => console.log(`${new Date().toISOString()} ${line}`);
const metrics = new Metrics();
const cluster = new Cluster(options.kubeconfig);
const shard = new Shard(cluster, metrics, options, log);

await cluster.follow(shard);
setInterval(() => shard.cycle(), CYCLE_MS);
setInterval(() => shard.rollUp(), ROLLUP_MS);

const server = createServer((request, response) => {
  if (request.url !== '/metrics') {
    response.end('ok\n');
    return;
  }
  if (shard.has('dark')) {
    response.writeHead(503).end();
    return;
  }
  void metrics.registry.metrics().then((text) => response.setHeader('content-type', 'text/plain').end(text));
});
server.listen(options.port, '127.0.0.1', () => log(`serves on port ${options.port}`));
process.on('SIGTERM', () => process.exit(0));
