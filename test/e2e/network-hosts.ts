import { execa } from 'execa';
import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'vitest';
import { readJsonFile } from '../../src/adapters/host/atomic-file.ts';
import { endProcessesOf, processesOf, type FoundProcess } from '../../src/adapters/host/folder-processes.ts';
import { cacheFolder } from '../../src/adapters/host/folders.ts';
import { logTail } from '../../src/adapters/host/log-tail.ts';
import { ensureTools } from '../../src/adapters/toolchain/ensure-tools.ts';
import type { CampaignStatus } from '../../src/core/campaign/stage-io.ts';
import { startBelay, type BelayProcess, type Ended } from './belay-process.ts';
import { namesIn } from './leftovers.ts';

/**
 * Hosts of a test: network namespaces with an address each, joined by a bridge in a namespace of its own, so that this machine gets
 * no link and no host has a route out. They share the disk; each has a state folder, a home and runs of its own.
 */

/** One host. */
export interface NetworkHost {
  readonly address: string;
  /** BELAY_HOME */
  readonly home: string;
  /** BELAY_RUNS */
  readonly runs: string;
  /** Name that its workers announce; empty before its first worker has started. */
  name(): string;
  /** Starts a command of Belay on the host. */
  start(args: readonly string[]): BelayProcess;
  /** Runs a command of Belay on the host to its end. */
  run(args: readonly string[]): Promise<Ended>;
  /** Starts its worker, unless it runs. */
  startWorker(): Promise<void>;
  stopWorker(): Promise<void>;
  /** SIGKILL of every process of the host, its worker first, as when its power fails. Its disk stays. */
  die(): Promise<void>;
  cutLink(): Promise<void>;
  restoreLink(): Promise<void>;
  /** What campaigns have left on it, beside their evidence and its worker. */
  leftovers(): { readonly processes: readonly FoundProcess[]; readonly names: readonly string[] };
}

/** A campaign that is followed from Temporal's own namespace. */
export interface Followed {
  /** The last status; undefined before the first one. */
  status(): CampaignStatus | undefined;
  end(): void;
}

/** The hosts and what they share. */
export interface Network {
  readonly hosts: readonly NetworkHost[];
  /** Writes a file below the folder that is the BELAY_PATH of every host. */
  write(path: string, text: string): void;
  readonly follow: (workflowId: string) => Followed;
  /** Terminates a workflow, as somebody may in Temporal: it gets to know nothing of it. */
  readonly terminate: (workflowId: string) => Promise<void>;
  /** Ends everything. @param keep keeps the folder, whose path it prints with the ends of all logs */
  close(keep: boolean): Promise<void>;
}

/** Why such hosts cannot be made here; undefined where they can. */
export async function whyNoHosts(): Promise<string | undefined> {
  if (process.getuid?.() !== 0) return 'network namespaces need root';
  const probe = `belay-probe-${process.pid}`;
  const added = await execa('ip', ['netns', 'add', probe], { reject: false });
  if (added.exitCode !== 0) return `"ip netns add" failed: ${added.stderr || added.message}`;
  const linked = await execa('ip', ['-n', probe, 'link', 'add', 'probe', 'type', 'bridge'], { reject: false });
  await ip(['netns', 'delete', probe]);
  return linked.exitCode === 0 ? undefined : `a bridge cannot be made: ${linked.stderr || linked.message}`;
}

const SECRET = 'a secret that all hosts of this test share';
const TEMPORAL_PORT = 7233;

/**
 * Makes hosts and a Temporal server. Each host is a namespace with an address, a state folder and runs of its own.
 * @param count 1 to 9 hosts
 * @param clusters capacity of each
 */
export async function openNetwork(count: number, clusters: number): Promise<Network> {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'belay-hosts-')));
  // `belay test` and `belay drill` remove what has the name of a folder of theirs, when they are interrupted.
  const tag = basename(folder);
  const made: string[] = [];
  const started: BelayProcess[] = [];
  const hosts: NetworkHost[] = [];
  const close: Network['close'] = async (keep) => {
    if (keep) {
      const wrote = started.map((child) => child.output().slice(-4_000)).join('\n--\n');
      const logs = hosts.map(({ home }) => `-- ${home}\n${logTail(join(home, 'worker.log'), 20)}`);
      console.error(`${wrote}\n${logs.join('\n')}\n-- kept: ${folder}`);
    }
    await endProcessesOf(folder);
    // Links end with their namespaces.
    for (const name of made.toReversed()) await execa('ip', ['netns', 'delete', name], { reject: false });
    const { stdout } = await execa('ip', ['netns', 'list']);
    expect(stdout, 'namespaces left').not.toContain(tag);
    if (!keep) rmSync(folder, { recursive: true, force: true });
  };
  try {
    await namespace(made, `${tag}-net`);
    await ip(['-n', `${tag}-net`, 'link', 'add', 'bridge', 'type', 'bridge']);
    await ip(['-n', `${tag}-net`, 'link', 'set', 'bridge', 'up']);
    const files = folderIn(folder, 'files');
    const server = await joined(made, tag, 0);
    const binary = (await ensureTools(['temporal'])).get('temporal')?.path ?? 'temporal';
    const temporal = await startTemporal(folder, server, binary);
    for (let index = 1; index <= count; index += 1) {
      const joint = await joined(made, tag, index);
      hosts.push(hostAt(joint, { folder: folderIn(folder, `host-${index}`), files, temporal, clusters, started }));
    }
    return {
      hosts,
      close,
      terminate: async (workflowId) => {
        const command = [binary, 'workflow', 'terminate', '--workflow-id', workflowId, '--address', temporal];
        await execa('ip', ['netns', 'exec', server.namespace, ...command], {
          env: { HOME: folderIn(folder, 'temporal') },
        });
      },
      follow: (workflowId) => follow(workflowId, server, folderIn(folder, 'temporal'), temporal),
      write: (path, text) => {
        mkdirSync(dirname(join(files, path)), { recursive: true });
        writeFileSync(join(files, path), text);
      },
    };
  } catch (cause) {
    await close(false);
    throw cause;
  }
}

/** Where a host is joined to the bridge. */
interface Joint {
  readonly namespace: string;
  readonly address: string;
  /** The namespace of the bridge, and the name of the link's end there. */
  readonly bridgeNamespace: string;
  readonly link: string;
}

async function namespace(made: string[], name: string): Promise<void> {
  await ip(['netns', 'add', name]);
  made.push(name);
  await ip(['-n', name, 'link', 'set', 'lo', 'up']);
}

async function joined(made: string[], tag: string, index: number): Promise<Joint> {
  const name = `${tag}-h${index}`;
  const net = `${tag}-net`;
  const link = `to-h${index}`;
  const address = `10.77.0.${index + 1}`;
  await namespace(made, name);
  await ip(['-n', net, 'link', 'add', link, 'type', 'veth', 'peer', 'name', 'eth0', 'netns', name]);
  await ip(['-n', net, 'link', 'set', link, 'master', 'bridge', 'up']);
  await ip(['-n', name, 'address', 'add', `${address}/24`, 'dev', 'eth0']);
  await ip(['-n', name, 'link', 'set', 'eth0', 'up']);
  return { namespace: name, address, bridgeNamespace: net, link };
}

/** The server listens on all addresses of its namespace: bound to one, its parts look for each other on loopback. */
async function startTemporal(folder: string, { namespace: name, address }: Joint, binary: string): Promise<string> {
  const home = folderIn(folder, 'temporal');
  const server = execa(
    'ip',
    // prettier-ignore
    ['netns', 'exec', name, binary, 'server', 'start-dev', '--headless', '--ip=0.0.0.0', `--port=${TEMPORAL_PORT}`, '--log-level=error'],
    { cwd: home, env: { HOME: home, PATH: process.env['PATH'] ?? '' }, extendEnv: false, stdin: 'ignore', reject: false, buffer: false, stdout: 'ignore', stderr: 'ignore' }, // prettier-ignore
  );
  // The frontend is healthy before the service that keeps histories answers: only the answer "not found" comes from that one.
  const probe = ['netns', 'exec', name, binary, 'workflow', 'describe', '--workflow-id=none', '--address', `${address}:${TEMPORAL_PORT}`]; // prettier-ignore
  for (let look = 0; look < 120; look += 1) {
    const { stderr } = await execa('ip', probe, { reject: false, env: { HOME: home } });
    if (/not found/i.test(stderr)) return `${address}:${TEMPORAL_PORT}`;
    await sleep(500);
  }
  server.kill('SIGKILL');
  throw new Error(`Temporal did not serve at ${address}:${TEMPORAL_PORT}`);
}

function follow(workflowId: string, { namespace: name }: Joint, home: string, temporal: string): Followed {
  const child = execa(
    'ip',
    ['netns', 'exec', name, process.execPath, join(import.meta.dirname, 'follow-status-child.ts'), workflowId],
    { env: { HOME: home, BELAY_HOME: home, PATH: process.env['PATH'] ?? '', TEMPORAL_ADDRESS: temporal }, extendEnv: false, reject: false, buffer: false, stdin: 'ignore', stderr: 'inherit' }, // prettier-ignore
  );
  let last: CampaignStatus | undefined;
  let rest = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    const lines = (rest + text).split('\n');
    rest = lines.pop() ?? '';
    const line = lines.at(-1);
    if (line !== undefined) last = JSON.parse(line) as CampaignStatus;
  });
  return { status: () => last, end: () => void child.kill('SIGKILL') };
}

function hostAt(
  joint: Joint,
  shared: {
    readonly folder: string;
    readonly files: string;
    readonly temporal: string;
    readonly clusters: number;
    readonly started: BelayProcess[];
  },
): NetworkHost {
  const { folder, files, temporal, clusters, started } = shared;
  const [home, runs] = [folderIn(folder, 'home'), folderIn(folder, 'runs')];
  const environment = {
    PATH: process.env['PATH'] ?? '',
    HOME: folderIn(folder, 'user'),
    TMPDIR: folderIn(folder, 'tmp'),
    BELAY_CACHE: cacheFolder(),
    BELAY_HOME: home,
    BELAY_RUNS: runs,
    BELAY_PATH: files,
    BELAY_FLEET_SECRET: SECRET,
    BELAY_ADVERTISE: joint.address,
    // Also for a worker that a command starts because it got no answer in time.
    BELAY_CLUSTERS: String(clusters),
    TEMPORAL_ADDRESS: temporal,
  };
  let worker: BelayProcess | undefined;
  let name = '';
  const start: NetworkHost['start'] = (args) => {
    const child = startBelay(args, environment, ['ip', 'netns', 'exec', joint.namespace]);
    started.push(child);
    return child;
  };
  const link = (state: 'up' | 'down'): Promise<void> =>
    ip(['-n', joint.bridgeNamespace, 'link', 'set', joint.link, state]);
  return {
    address: joint.address,
    home,
    runs,
    start,
    run: (args) => start(args).ended(),
    name: () => name,
    async startWorker() {
      if (worker !== undefined) return;
      worker = start(['worker']);
      await worker.line(/worker is polling/);
      name = (readJsonFile(join(home, 'workers', `${worker.pid}.json`)) as { readonly host: string }).host;
    },
    async stopWorker() {
      worker?.signal('SIGTERM');
      await worker?.ended();
      worker = undefined;
      // A command that got no answer in time has started another one.
      if (processesOf(folder).some(({ command }) => isWorker(command))) await start(['down']).ended();
    },
    async die() {
      worker?.signal('SIGKILL');
      worker = undefined;
      await endProcessesOf(folder);
    },
    cutLink: () => link('down'),
    restoreLink: () => link('up'),
    leftovers: () => ({
      processes: processesOf(folder).filter(({ pid, command }) => pid !== worker?.pid && !isWorker(command)),
      names: [join(home, 'campaigns'), join(home, 'ports'), join(folder, 'tmp')].flatMap((each) =>
        namesIn(each).map((left) => join(each, left)),
      ),
    }),
  };
}

function isWorker(command: string): boolean {
  return command.includes('/src/worker.ts');
}

/** Waits until nothing of any campaign is on a host beside evidence. */
export async function expectNothingLeft(host: NetworkHost, limitMs: number): Promise<void> {
  for (const untilMs = Date.now() + limitMs; Date.now() < untilMs; await sleep(500)) {
    const { processes, names } = host.leftovers();
    if (processes.length === 0 && names.length === 0) return;
  }
  expect(host.leftovers(), `left on ${host.name()}`).toEqual({ processes: [], names: [] });
}

function folderIn(parent: string, name: string): string {
  const folder = join(parent, name);
  mkdirSync(folder, { recursive: true });
  return folder;
}

async function ip(args: readonly string[]): Promise<void> {
  await execa('ip', args);
}
