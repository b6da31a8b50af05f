import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

/**
 * A kube-scheduler that takes longer by a known delay: `delayed-scheduler-child.ts PROGRAM KUBECONFIG NAME DELAY_MS PORT`. It asks an extender
 * about each Pod, which answers after the delay and refuses no Node. `/healthz` of the port answers while the scheduler runs.
 */
const [program = '', kubeconfig = '', schedulerName = '', delay = '0', port = '0'] = process.argv.slice(2);
const folder = mkdtempSync(join(tmpdir(), 'delayed-scheduler-'));
const config = join(folder, 'config.yaml');

const server = createServer((request, answer) => {
  if (request.url === '/healthz') {
    answer.end('ok');
    return;
  }
  const parts: Buffer[] = [];
  request.on('data', (part: Buffer) => parts.push(part));
  request.on('end', () => void filter(Buffer.concat(parts).toString(), answer.end.bind(answer)));
});
server.listen(Number(port), '127.0.0.1');

/** Go reads the names of fields in either case. */
async function filter(body: string, end: (text: string) => void): Promise<void> {
  const asked = JSON.parse(body) as { readonly NodeNames?: unknown; readonly nodenames?: unknown };
  await sleep(Number(delay));
  end(JSON.stringify({ nodeNames: asked.NodeNames ?? asked.nodenames, failedNodes: {}, error: '' }));
}

// JSON is YAML.
writeFileSync(
  config,
  JSON.stringify({
    apiVersion: 'kubescheduler.config.k8s.io/v1',
    kind: 'KubeSchedulerConfiguration',
    leaderElection: { leaderElect: false },
    clientConnection: { kubeconfig, qps: 1_000, burst: 1_000 },
    profiles: [{ schedulerName }],
    extenders: [
      { urlPrefix: `http://127.0.0.1:${port}`, filterVerb: 'filter', nodeCacheCapable: true, httpTimeout: '30s' },
    ],
  }),
);
const scheduler = spawn(program, ['--config', config, '--secure-port=0'], { stdio: 'inherit' });
for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => scheduler.kill(signal));
scheduler.on('exit', (code) => {
  rmSync(folder, { recursive: true, force: true });
  process.exit(code ?? 1);
});
