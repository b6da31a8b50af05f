import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from '../../../src/adapters/host/ports.ts';
import { startDetached, stopProcess } from '../../../src/adapters/host/processes.ts';
import { prometheusClient } from '../../../src/adapters/prometheus/client.ts';
import { ensureTools } from '../../../src/adapters/toolchain/ensure-tools.ts';
import { eventually } from '../eventually.ts';

/** A Prometheus that belongs to no campaign and scrapes nothing. */
export interface LonePrometheus {
  readonly url: string;
  close(): Promise<void>;
}

/** Starts one in a temporary folder, and waits until it serves queries. @param options more of its command line */
export async function lonePrometheus(...options: readonly string[]): Promise<LonePrometheus> {
  const folder = mkdtempSync(join(tmpdir(), 'belay-prometheus-'));
  const { signal } = new AbortController();
  const port = await freePort();
  const config = join(folder, 'prometheus.yml');
  writeFileSync(config, 'global: {}\n');
  const started = await startDetached({
    name: 'prometheus',
    file: (await ensureTools(['prometheus'], { signal })).get('prometheus')?.path ?? '',
    args: [
      `--config.file=${config}`,
      `--storage.tsdb.path=${join(folder, 'data')}`,
      `--web.listen-address=127.0.0.1:${port}`,
      '--log.level=error',
      ...options,
    ],
    cwd: folder,
    logPath: join(folder, 'log'),
  });
  const url = `http://127.0.0.1:${port}`;
  const client = prometheusClient(url);
  try {
    await eventually(() => client.isReady({ signal, budgetMs: 2_000 }));
  } finally {
    await client.close();
  }
  return {
    url,
    close: async () => {
      await stopProcess(started);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
