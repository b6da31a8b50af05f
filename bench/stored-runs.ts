import { execa } from 'execa';
import { mkdirSync, readFileSync, rmSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { writeSummary } from '../src/adapters/evidence/write-summary.ts';
import { repositoryFolder } from '../src/adapters/host/folders.ts';
import { randomStream } from '../src/core/plan/random.ts';
import { gateOf, resultOf } from '../test/adapters/evidence/fixture.ts';
import { aSummary, dayMs } from '../test/adapters/index/stored-runs.ts';
import { inOwnFolder } from './in-own-folder.ts';

/**
 * Makes run folders, some of them damaged, and measures the commands that read them: `node bench/stored-runs.ts --runs 10000
 * --damaged 500`. It says whether an index that is made again, by two commands at once, gives the same answers. With `--keep FOLDER`
 * it only makes the folders, e.g. to try commands on them with BELAY_RUNS.
 */

const PROFILES = 3;
const GATES = 12;

const { values } = parseArgs({
  options: {
    runs: { type: 'string', default: '10000' },
    damaged: { type: 'string', default: '500' },
    keep: { type: 'string' },
  },
});
const count = Number(values.runs);
const damagedCount = Math.min(Number(values.damaged), count - 1);
const main = join(repositoryFolder, 'src/cli/main.ts');

/** One run every three hours, with a gate that drifts and one run in forty that fails. */
async function makeRuns(runs: string, signal?: AbortSignal): Promise<void> {
  const random = randomStream(1, 'stored-runs');
  const base = aSummary();
  const gates = Array.from({ length: GATES }, (_, index) => gateOf(`gate${index}`));
  for (let index = 0; index < count; index++) {
    // A signal is seen between two runs.
    await setImmediate();
    signal?.throwIfAborted();
    const id = `run-${String(index).padStart(6, '0')}`;
    const startedAtMs = dayMs(index / 8);
    const value = random() < 1 / 40 ? 3 : 1 + random() / 10 + index / count / 4;
    const results = gates.map((gate) => resultOf(gate, value, startedAtMs + 100_000));
    const verdict = value > 2 ? 'fail' : 'pass';
    mkdirSync(join(runs, id), { recursive: true });
    writeSummary(join(runs, id), {
      ...base,
      runId: id,
      profile: `profile-${index % PROFILES}`,
      startedAtMs,
      endedAtMs: startedAtMs + 120_000,
      gates: results,
      verdict,
    });
  }
}

/** Ways in which a summary is damaged, each of which leaves its folder out of all answers. */
const DAMAGES: readonly ((summary: string) => void)[] = [
  (summary) => writeFileSync(summary, ''),
  (summary) => writeFileSync(summary, 'null'),
  (summary) => writeFileSync(summary, readFileSync(summary, 'utf8').slice(0, 700)),
  (summary) => writeFileSync(summary, readFileSync(summary, 'utf8').repeat(2)),
  (summary) =>
    writeFileSync(summary, readFileSync(summary, 'utf8').replace('"gates": [', '"gates": "none", "more": [')),
  (summary) =>
    writeFileSync(summary, readFileSync(summary, 'utf8').replace(/"startedAtMs": \d+/, '"startedAtMs": 1e300')),
  (summary) => writeFileSync(summary, Buffer.alloc(5_000, 'a binary file \0\u00ff')),
  (summary) => truncateSync(summary, 1e9),
  (summary) => rmSync(summary),
  (summary) => {
    rmSync(summary);
    mkdirSync(summary);
  },
  (summary) => {
    rmSync(summary);
    symlinkSync('summary.json', summary);
  },
  (summary) => {
    const files = [{ path: 'summary.json', bytes: 1, sha256: '0'.repeat(64) }];
    writeFileSync(join(dirname(summary), 'MANIFEST.json'), JSON.stringify({ files }));
  },
];

/** Damages runs that are spread over all of them, but for the newest one. */
function damageRuns(runs: string): void {
  for (let index = 0; index < damagedCount; index++) {
    const id = `run-${String(Math.floor((index * (count - 1)) / damagedCount)).padStart(6, '0')}`;
    DAMAGES[index % DAMAGES.length]?.(join(runs, id, 'summary.json'));
  }
}

/** Where commands run, and what ends them. */
interface Place {
  readonly env: Readonly<Record<string, string>>;
  readonly signal: AbortSignal;
}

/** What a command prints for programs. */
async function answerOf({ env, signal }: Place, ...args: string[]): Promise<string> {
  signal.throwIfAborted();
  const { stdout, stderr, exitCode } = await execa(process.execPath, [main, ...args, '-o', 'json'], {
    reject: false,
    env,
    cancelSignal: signal,
  });
  // Standard error says that an index is made.
  return exitCode === 0 ? stdout : `${stdout}${stderr}`;
}

async function answers(place: Place): Promise<readonly string[]> {
  return Promise.all([answerOf(place, 'list', '--limit', '0'), answerOf(place, 'trend', 'profile-1')]);
}

/** Prints the time that a command took, and its time on a CPU, which a busy machine does not change much. */
async function measured({ env, signal }: Place, what: string, ...args: string[]): Promise<void> {
  signal.throwIfAborted();
  const { stderr } = await execa(
    'bash',
    ['-c', 'TIMEFORMAT="%R %U %S"; time node "$@" > /dev/null 2>&1', '-', main, ...args],
    { reject: false, env, cancelSignal: signal },
  );
  const [wall = NaN, user = NaN, system = NaN] = stderr.trim().split(' ').map(Number);
  console.log(`${what.padEnd(40)} ${wall.toFixed(2)} s, ${(user + system).toFixed(2)} CPU-s`);
}

/** Makes the runs in the folder for temporary files, and measures the commands. */
async function measureCommands(signal: AbortSignal): Promise<void> {
  const home = tmpdir();
  const runs = join(home, 'runs');
  // The entry script sets the cache of compiled code too.
  const env = { BELAY_HOME: join(home, 'state'), BELAY_RUNS: runs, NODE_COMPILE_CACHE: join(home, 'compile') };
  const place = { env, signal };
  await makeRuns(runs, signal);
  damageRuns(runs);
  const last = `run-${String(count - 1).padStart(6, '0')}`;
  await measured(place, 'nothing (belay --version)', '--version');
  await measured(place, 'first list (the index is made)', 'list');
  for (const command of [
    ['list'],
    ['list', '--verdict', 'fail', '--limit', '0'],
    ['list', '-o', 'json', '--limit', '0'],
    ['show', last],
    ['trend', 'profile-1'],
  ])
    await measured(place, command.join(' '), ...command);
  await measured(place, 'compare of 20 runs', 'compare', 'profile=profile-1,last=10', 'profile=profile-2,last=10');
  const before = await answers(place);
  rmSync(env.BELAY_HOME, { recursive: true });
  const isSame = (await answers(place)).every((answer, index) => answer === before[index]);
  console.log(`the index, made again by two commands at once: ${isSame ? 'the same answers' : 'OTHER ANSWERS'}`);
}

const { keep } = values;
if (keep === undefined) await inOwnFolder(measureCommands);
else {
  await makeRuns(keep);
  damageRuns(keep);
}
