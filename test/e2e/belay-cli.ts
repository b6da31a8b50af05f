import { existsSync, mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Client } from '@temporalio/client';
import { expect } from 'vitest';
import { endProcessesOf, processesOf } from '../../src/adapters/host/folder-processes.ts';
import { cacheFolder } from '../../src/adapters/host/folders.ts';
import { logTail } from '../../src/adapters/host/log-tail.ts';
import { connectClient } from '../../src/adapters/temporal/client.ts';
import { startBelay, type BelayProcess, type Ended } from './belay-process.ts';
import { namesIn, PortMemory } from './leftovers.ts';

/** Belay in folders of its own, used through its command line. */
export interface Belay {
  /** Holds everything below. */
  readonly folder: string;
  /** BELAY_HOME */
  readonly home: string;
  /** BELAY_RUNS */
  readonly runs: string;
  /** BELAY_PATH: what lies in profiles/, substrates/, systems/, ladders/ of it is found by name. */
  readonly files: string;
  /** Not in BELAY_PATH: what lies here is only found by its path. */
  readonly elsewhere: string;
  /** Starts a command. */
  start(args: readonly string[], env?: Readonly<Record<string, string>>): BelayProcess;
  /** Runs a command to its end. */
  run(args: readonly string[], env?: Readonly<Record<string, string>>): Promise<Ended>;
  /** Writes a file below `folder`. @returns its path */
  write(path: string, text: string): string;
  /** Does something with a client of its Temporal, which must be up. */
  withClient<T>(use: (client: Client) => Promise<T>): Promise<T>;
}

/** What the user's own kubeconfig holds: nobody may touch it. */
const KUBECONFIG = 'apiVersion: v1\nkind: Config\ncurrent-context: mine\ncontexts: []\nclusters: []\nusers: []\n';
/** Passed on from whoever runs the tests: where tools are, and how they are got. */
const PASSED_ON = /^(PATH|LANG|TZ|BELAY_TOOL_.*|GO.*|.*_proxy|.*_PROXY|NODE_EXTRA_CA_CERTS)$/;

/**
 * Makes folders of its own for a Belay, uses it, stops its stack if it is kept, and asserts that nothing is left: no process,
 * no port that is listened on, no campaign, no port claim, no temporary file, and the kubeconfig as it was. A failed test's
 * processes are ended, and its folder stays to be looked at.
 */
export async function withBelay<T>(use: (belay: Belay) => Promise<T>): Promise<T> {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'belay-e2e-')));
  const place = (name: string): string => {
    mkdirSync(join(folder, name), { recursive: true });
    return join(folder, name);
  };
  const [home, runs, files, elsewhere] = [place('home'), place('runs'), place('files'), place('elsewhere')];
  const [userHome, temporary] = [place('user'), place('tmp')];
  const write = (path: string, text: string): string => {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
    return join(folder, path);
  };
  const kubeconfig = write('user/.kube/config', KUBECONFIG);
  const own = {
    HOME: userHome,
    TMPDIR: temporary,
    BELAY_CACHE: cacheFolder(),
    BELAY_HOME: home,
    BELAY_RUNS: runs,
    BELAY_PATH: files,
  };
  const environment = { ...passedOn(), ...own };
  const restore = setEnvironment({ BELAY_HOME: home, BELAY_RUNS: runs, BELAY_PATH: files });
  const ports = new PortMemory(home);
  const started: BelayProcess[] = [];
  const start: Belay['start'] = (args, env = {}) => {
    const child = startBelay(args, { ...environment, ...env });
    started.push(child);
    return child;
  };
  const run: Belay['run'] = (args, env) => start(args, env).ended();
  try {
    const result = await use({ folder, home, runs, files, elsewhere, start, run, write, withClient });
    if (existsSync(join(home, 'kept.json'))) expect((await run(['down'])).exitCode).toBe(0);
    await nothingLeft({ folder, home, temporary, kubeconfig }, ports);
    rmSync(folder, { recursive: true, force: true });
    return result;
  } catch (cause) {
    await ports.stillOpen();
    const said = started.map((child) => child.output().slice(-3_000)).join('\n--\n');
    console.error(`${said}\n-- worker.log\n${logTail(join(home, 'worker.log'), 40)}\n-- kept: ${folder}`);
    await endProcessesOf(folder);
    throw cause;
  } finally {
    restore();
  }
}

async function nothingLeft(
  where: { readonly folder: string; readonly home: string; readonly temporary: string; readonly kubeconfig: string },
  ports: PortMemory,
): Promise<void> {
  // A process that was told to end may take a moment to be gone from the process table.
  for (let look = 0; look < 50 && processesOf(where.folder).length > 0; look += 1) await sleep(100);
  expect(processesOf(where.folder), 'processes left').toEqual([]);
  expect(await ports.stillOpen(), 'ports still listened on').toEqual([]);
  expect(namesIn(join(where.home, 'campaigns')), 'campaigns left').toEqual([]);
  expect(namesIn(join(where.home, 'ports')), 'port claims left').toEqual([]);
  expect(namesIn(where.temporary), 'temporary files left').toEqual([]);
  expect(readFileSync(where.kubeconfig, 'utf8'), "the user's kubeconfig").toBe(KUBECONFIG);
}

async function withClient<T>(use: (client: Client) => Promise<T>): Promise<T> {
  const client = await connectClient();
  try {
    return await use(client);
  } finally {
    await client.connection.close();
  }
}

function passedOn(): Record<string, string> {
  return Object.fromEntries(
    Object.entries(process.env).filter(
      (entry): entry is [string, string] => PASSED_ON.test(entry[0]) && entry[1] !== undefined,
    ),
  );
}

/** Also for this process: the tests read ledgers and evidence with Belay's own functions. */
function setEnvironment(values: Readonly<Record<string, string>>): () => void {
  const before = Object.keys(values).map((name) => [name, process.env[name]] as const);
  Object.assign(process.env, values);
  return () => {
    for (const [name, value] of before) {
      if (value === undefined) delete process.env[name];
      else process.env[name] = value;
    }
  };
}
