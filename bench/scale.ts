/**
 * Whole campaigns of growing size on this host, one after another: the rate and the lateness of the ramp, the verdict, and the CPU and
 * memory of every part.
 *
 *     node_modules/.bin/node bench/scale.ts [Pods = 5000,10000,20000] [clusters = 1] [ramp, s = Pods / 83]
 *     node_modules/.bin/node bench/scale.ts PROFILE SUBSTRATE [ramp, s = that of the profile]
 *
 * A Node has 20 Pods. The default ramp is that of 20,000 Pods in 240 s. Each campaign has its own folders, which are removed.
 * BELAY_RUNS keeps the evidence there.
 */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import Table from 'cli-table3';
import { stringify } from 'yaml';
import { cacheFolder } from '../src/adapters/host/folders.ts';
import { startBelay } from '../test/e2e/belay-process.ts';
import { endProcessesOf, processesOf } from '../src/adapters/host/folder-processes.ts';
import { inOwnFolder } from './in-own-folder.ts';

const PODS_PER_NODE = 20;
const DEFAULT_PODS_PER_SEC = 20_000 / 240;
const SOAK_SEC = 60;
const CAMPAIGN_LIMIT_MS = 3_600_000;
const SAMPLE_MS = 1_000;
const CLOCK_TICKS_PER_SEC = 100;

interface Size {
  readonly pods: number;
  readonly clusters: number;
  readonly rampSec: number;
}

/** CPU that the processes of a part used, s, and the most memory that they had together, MB. */
interface Use {
  readonly cpuSec: number;
  readonly memoryMb: number;
}

/** What the bench reads of `summary.json`. */
interface Summary {
  readonly verdict: string;
  readonly reasons: readonly string[];
  readonly load?: Readonly<Record<string, number>>;
  readonly facts: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  readonly stages: readonly { readonly stage: string; readonly outcome: string; readonly seconds: number }[];
  readonly host?: { readonly stages: readonly Readonly<Record<string, unknown>>[] };
}

/** A campaign to measure: what it is called here, and the arguments of `belay run`. */
interface Measured {
  readonly title: string;
  readonly args: readonly string[];
  /** Files of its own, by path in a folder of `BELAY_PATH`. */
  readonly files: Readonly<Record<string, string>>;
}

interface Result {
  readonly title: string;
  readonly seconds: number;
  readonly summary: Summary | undefined;
  readonly parts: ReadonlyMap<string, Use>;
  readonly memoryMb: number;
}

/** Samples the processes that belong to a folder. A process that ends keeps the CPU that it was last seen with. */
class PartSampler {
  readonly #folder: string;
  readonly #cpuSec = new Map<string, { part: string; cpuSec: number }>();
  readonly #memoryMb = new Map<string, number>();
  #allMemoryMb = 0;
  readonly #timer: NodeJS.Timeout;

  constructor(folder: string) {
    this.#folder = folder;
    this.#timer = setInterval(() => this.#sample(), SAMPLE_MS);
  }

  stop(): { readonly parts: ReadonlyMap<string, Use>; readonly memoryMb: number } {
    clearInterval(this.#timer);
    const parts = new Map<string, Use>();
    for (const { part, cpuSec } of this.#cpuSec.values()) {
      const before = parts.get(part)?.cpuSec ?? 0;
      parts.set(part, { cpuSec: before + cpuSec, memoryMb: this.#memoryMb.get(part) ?? 0 });
    }
    return { parts, memoryMb: this.#allMemoryMb };
  }

  #sample(): void {
    const memoryMb = new Map<string, number>();
    for (const { pid, command } of processesOf(this.#folder)) {
      // A process that has ended, and that its parent has not asked about yet.
      if (command === '') continue;
      try {
        const part = partOf(command);
        const { startTicks, cpuSec } = cpuOf(pid);
        this.#cpuSec.set(`${pid}/${startTicks}`, { part, cpuSec });
        memoryMb.set(part, (memoryMb.get(part) ?? 0) + memoryOfMb(pid));
      } catch {
        // It ended in between.
      }
    }
    for (const [part, mb] of memoryMb) this.#memoryMb.set(part, Math.max(mb, this.#memoryMb.get(part) ?? 0));
    const allMb = [...memoryMb.values()].reduce((sum, mb) => sum + mb, 0);
    this.#allMemoryMb = Math.max(this.#allMemoryMb, allMb);
  }
}

function partOf(command: string): string {
  const [program = '', ...words] = command.split(' ');
  if (basename(program) !== 'node') return basename(program);
  return words.some((word) => word.endsWith('/src/worker.ts')) ? 'worker' : 'command line';
}

function cpuOf(pid: number): { readonly startTicks: string; readonly cpuSec: number } {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const [user = 0, system = 0] = fields.slice(11, 13).map(Number);
  return { startTicks: fields[19] ?? '', cpuSec: (user + system) / CLOCK_TICKS_PER_SEC };
}

function memoryOfMb(pid: number): number {
  const rssKb = /^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
  return Number(rssKb ?? 0) / 1e3;
}

async function measure({ title, args, files }: Measured): Promise<Result> {
  const folder = mkdtempSync(join(tmpdir(), 'belay-bench-'));
  const runs = process.env['BELAY_RUNS'] ?? join(folder, 'runs');
  const id = `scale-${Date.now()}`;
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, 'files', path)), { recursive: true });
    writeFileSync(join(folder, 'files', path), text);
  }
  const sampler = new PartSampler(folder);
  const beganMs = performance.now();
  try {
    const belay = startBelay(['run', ...args, '--hold', '0', '--id', id], {
      ...process.env,
      BELAY_CACHE: cacheFolder(),
      BELAY_HOME: join(folder, 'home'),
      BELAY_RUNS: runs,
      BELAY_PATH: join(folder, 'files'),
    });
    const { exitCode, stdout, stderr } = await belay.ended(CAMPAIGN_LIMIT_MS);
    const seconds = (performance.now() - beganMs) / 1_000;
    console.log(`\n${stdout.slice(-3_000)}${stderr.slice(-3_000)}\nexit code ${exitCode}`);
    return { title, seconds, summary: summaryIn(join(runs, id)), ...sampler.stop() };
  } finally {
    sampler.stop();
    await endProcessesOf(folder);
    rmSync(folder, { recursive: true, force: true });
  }
}

/** A campaign of a size, with files of its own. */
function ofSize(size: Size): Measured {
  return {
    title: `${size.pods} Pods, ${size.clusters} clusters, ramp ${size.rampSec} s`,
    args: ['scale', '--substrate', 'scale'],
    files: { 'profiles/scale.yaml': profileOf(size), 'substrates/scale.yaml': substrateOf(size) },
  };
}

/** A campaign of files that exist. */
function ofFiles(profile: string, substrate: string, rampSec: string | undefined): Measured {
  const ramp = rampSec === undefined ? [] : ['--set', `loadProfile.rampSeconds=${rampSec}`];
  return {
    title: [profile, substrate, ...ramp].join(' '),
    args: [profile, '--substrate', substrate, ...ramp],
    files: {},
  };
}

function summaryIn(run: string): Summary | undefined {
  try {
    return JSON.parse(readFileSync(join(run, 'summary.json'), 'utf8')) as Summary;
  } catch {
    return undefined;
  }
}

function profileOf({ pods, rampSec }: Size): string {
  return stringify({
    apiVersion: 'belay.dev/v1',
    kind: 'Profile',
    metadata: { name: 'scale', description: 'A campaign of bench/scale.ts.' },
    system: 'kube-scheduler',
    scale: { machines: pods / PODS_PER_NODE, density: PODS_PER_NODE },
    catalog: { archetypes: 'quickstart' },
    loadProfile: { rampSeconds: rampSec, arrival: 'poisson', soakSeconds: SOAK_SEC, churnPerMinute: 0.02 },
  });
}

function substrateOf({ pods, clusters }: Size): string {
  return stringify({
    apiVersion: 'belay.dev/v1',
    kind: 'Substrate',
    metadata: { name: 'scale', description: 'Local clusters of bench/scale.ts.' },
    type: 'local',
    host: { vCPU: 2, memoryGiB: 24 },
    cluster: {
      podsPerCluster: pods / clusters,
      clustersPerHost: clusters,
      storage: 'etcd',
      bindThroughputPodsPerSec: 100,
    },
    costEstimate: { perHostUsdPerHour: 0, notes: 'This machine.' },
    local: { env: { GOGC: '400' } },
  });
}

function print({ title, seconds, summary, parts, memoryMb }: Result): void {
  console.log(`\n${title}: ${seconds.toFixed(0)} s in all`);
  console.log(`verdict ${summary?.verdict ?? 'none'}: ${summary?.reasons.join('; ') ?? ''}`);
  for (const { stage, outcome, seconds: took } of summary?.stages ?? []) console.log(`  ${stage} ${outcome} ${took} s`);
  console.log(JSON.stringify({ load: summary?.load, facts: summary?.facts, host: summary?.host }));
  const table = new Table({ head: ['part', 'CPU-s', 'memory at most, MB'] });
  for (const [part, { cpuSec, memoryMb: mb }] of parts) table.push([part, cpuSec.toFixed(1), mb.toFixed(0)]);
  const cpuSec = [...parts.values()].reduce((sum, part) => sum + part.cpuSec, 0);
  table.push(['all, at the same time', cpuSec.toFixed(1), memoryMb.toFixed(0)]);
  console.log(table.toString());
}

const [what = '5000,10000,20000', second, ramp] = process.argv.slice(2);
await inOwnFolder(async () => {
  if (/^[\d,]+$/.test(what)) {
    for (const pods of what.split(',').map(Number)) {
      const rampSec = ramp === undefined ? Math.ceil(pods / DEFAULT_PODS_PER_SEC) : Number(ramp);
      print(await measure(ofSize({ pods, clusters: Number(second ?? 1), rampSec })));
    }
  } else {
    if (second === undefined) throw new Error('name a substrate after the profile, e.g. large-20k local-large');
    print(await measure(ofFiles(what, second, ramp)));
  }
});
