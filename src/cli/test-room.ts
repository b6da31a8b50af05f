import { execa } from 'execa';
import { existsSync, mkdtempSync, readdirSync, readFileSync, realpathSync, rmSync } from 'node:fs';
import { constants, tmpdir } from 'node:os';
import { join } from 'node:path';
import { readJsonFile, writeJsonFile } from '../adapters/host/atomic-file.ts';
import { endProcessesOf } from '../adapters/host/folder-processes.ts';
import { isAlive, startTicksOf, type ProcessRecord } from '../adapters/host/processes.ts';
import { counted } from '../core/text/counted.ts';

/** A run of tests, or of a bench, is stopped by these: from a keyboard, by a program, and by a terminal that goes away. */
export const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
const PREFIX = 'belay-test-';
/** Who has the room. Without it the room is kept to be looked at. */
const OWNER = 'owner.json';

/** The folder in which a run of tests makes everything: the TMPDIR of its programs. */
export interface TestRoom {
  readonly folder: string;
  /** Leaves what is in it when the run is over, without its processes: a test failed, and its folder says why. */
  keep(): void;
}

/**
 * Runs tests in a folder of their own. However they end, by a signal too, all that they started is ended with them: processes,
 * mounts, network namespaces. What a run left that was killed is removed by the next one.
 */
export async function inTestRoom<T>(work: (room: TestRoom) => Promise<T>): Promise<T> {
  for (const abandoned of abandonedRooms()) await clear(abandoned);
  const folder = realpathSync(mkdtempSync(join(tmpdir(), PREFIX)));
  writeJsonFile(join(folder, OWNER), { pid: process.pid, startTicks: startTicksOf(process.pid) ?? '' });
  let stoppedBy: (typeof SIGNALS)[number] | undefined;
  const onSignal = (name: (typeof SIGNALS)[number]): void => {
    if (stoppedBy === undefined) console.error(`${name}: ending what was started`);
    stoppedBy ??= name;
    // Their programs end, and the work with them.
    void endProcessesOf(folder);
  };
  for (const name of SIGNALS) process.on(name, onSignal);
  const kept = { isKept: false };
  try {
    return await work({ folder, keep: () => (kept.isKept = true) });
  } finally {
    const isEmpty = readdirSync(folder).every((name) => name === OWNER);
    if (kept.isKept && !isEmpty && stoppedBy === undefined) {
      await emptied(folder);
      rmSync(join(folder, OWNER), { force: true });
    } else await clear(folder);
    for (const name of SIGNALS) process.off(name, onSignal);
    // No program of the run may begin after it.
    if (stoppedBy !== undefined) process.exit(128 + constants.signals[stoppedBy]);
  }
}

/** Rooms of runs that were killed. */
function abandonedRooms(): readonly string[] {
  return readdirSync(tmpdir())
    .filter((name) => name.startsWith(PREFIX))
    .map((name) => join(tmpdir(), name))
    .filter((folder) => {
      const owner = ownerOf(folder);
      return owner !== undefined && !isAlive(owner);
    });
}

function ownerOf(folder: string): Pick<ProcessRecord, 'pid' | 'startTicks'> | undefined {
  try {
    return readJsonFile(join(folder, OWNER)) as Pick<ProcessRecord, 'pid' | 'startTicks'> | undefined;
  } catch {
    return undefined;
  }
}

async function clear(folder: string): Promise<void> {
  await emptied(folder);
  rmSync(folder, { recursive: true, force: true });
}

/** Ends everything in a room that is no file. A network namespace of a test has the name of its folder before its own. */
async function emptied(folder: string): Promise<void> {
  const ended = await endProcessesOf(folder);
  if (ended > 0) console.error(`${counted(ended, 'process', 'processes')} of the tests ended`);
  for (const path of mountsBelow(folder)) await execa('umount', ['--lazy', path], { reject: false });
  const names = existsSync(folder) ? readdirSync(folder) : [];
  // Where there is no such program, there are no namespaces.
  const listed = await execa('ip', ['netns', 'list'], { reject: false });
  for (const line of listed.exitCode === 0 ? listed.stdout.split('\n') : []) {
    const [namespace = ''] = line.split(' ');
    if (names.some((name) => namespace.startsWith(`${name}-`)))
      await execa('ip', ['netns', 'delete', namespace], { reject: false });
  }
}

/** File systems that are mounted below a folder, innermost first. */
function mountsBelow(folder: string): readonly string[] {
  try {
    return readFileSync('/proc/self/mounts', 'utf8')
      .split('\n')
      .flatMap((line) => line.split(' ')[1] ?? [])
      .filter((path) => path.startsWith(`${folder}/`))
      .toReversed();
  } catch {
    return [];
  }
}
