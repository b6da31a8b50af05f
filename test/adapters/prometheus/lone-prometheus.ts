import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from '../../../src/adapters/host/ports.ts';
import { startDetached, stopProcess } from '../../../src/adapters/host/processes.ts';
import { prometheusClient } from '../../../src/adapters/prometheus/client.ts';
import type { Opening } from '../../../src/adapters/prometheus/opening.ts';
import { ensureTools } from '../../../src/adapters/toolchain/ensure-tools.ts';
import { eventually } from '../eventually.ts';

/** A Prometheus that belongs to no campaign. */
export interface LonePrometheus {
  readonly url: string;
  close(): Promise<void>;
}

/** What is in the files of one. */
interface LoneFiles {
  /** Text of its configuration. */
  readonly config: string;
  /** Text of its web configuration, and what opens it then. */
  readonly web?: { readonly text: string; readonly opening: Opening };
}

/** Starts one that scrapes nothing in a temporary folder, and waits until it serves queries. @param options more of its command line */
export async function lonePrometheus(...options: readonly string[]): Promise<LonePrometheus> {
  return await configuredPrometheus({ config: 'global: {}\n' }, ...options);
}

/** The same with a configuration of its own. */
export async function configuredPrometheus(
  { config, web }: LoneFiles,
  ...options: readonly string[]
): Promise<LonePrometheus> {
  const folder = mkdtempSync(join(tmpdir(), 'belay-prometheus-'));
  const { signal } = new AbortController();
  const port = await freePort();
  const path = join(folder, 'prometheus.yml');
  writeFileSync(path, config);
  const webPath = join(folder, 'web.yml');
  if (web !== undefined) writeFileSync(webPath, web.text);
  const started = await startDetached({
    name: 'prometheus',
    file: (await ensureTools(['prometheus'], { signal })).get('prometheus')?.path ?? '',
    args: [
      `--config.file=${path}`,
      `--storage.tsdb.path=${join(folder, 'data')}`,
      `--web.listen-address=127.0.0.1:${port}`,
      ...(web === undefined ? [] : [`--web.config.file=${webPath}`]),
      '--log.level=error',
      ...options,
    ],
    cwd: folder,
    logPath: join(folder, 'log'),
  });
  const url = `${web === undefined ? 'http' : 'https'}://127.0.0.1:${port}`;
  const client = prometheusClient(url, web?.opening);
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
