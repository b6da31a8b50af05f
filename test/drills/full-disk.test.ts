import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { manifestProblems } from '../../src/adapters/evidence/manifest.ts';
import { withBelay, type Belay } from '../e2e/belay-cli.ts';
import { recordOf, untilStatus } from '../e2e/campaign-record.ts';
import { addProfile, BROKEN_GATE } from '../e2e/small-profile.ts';
import { drawn } from '../drawn.ts';
import { NO_MOUNT, smallDisk, type SmallDisk } from '../small-disk.ts';
import { untilEvent } from './victims.ts';

/** Room for one more line of the evidence, perhaps. */
const SPARE_BYTES = 4_096;
/** More than a campaign needs to begin, and less than a machine has. */
const SIZE = 'size=1g';

interface Case {
  readonly name: string;
  /** Which folder is a disk of its own. */
  readonly disk: 'runs' | 'home';
  /** When it is full. */
  full(belay: Belay): Promise<unknown>;
  readonly exitCode: number;
  readonly verdict: 'pass' | 'unmeasured' | 'fail';
  /** What the verdict or the decision says. */
  readonly says?: RegExp;
  /** A gate breaks at once, and the campaign holds. */
  readonly holds?: true;
}

const HALTED = /a campaign that runs needs 200 MB of disk, but \S+ has 0 MB free/;
/** Temporal, etcd and Prometheus give back some of what they had set aside: 16 MB were free once. */
const HALTED_BESIDE_OTHERS = /a campaign that runs needs 200 MB of disk, but \S+ has [1-9]?\d MB free/;

/** Each is a campaign: a run of the tests tries one of the first three, `belay drill` all. */
const USUAL: readonly Case[] = [
  {
    name: 'of the evidence, in the soak',
    disk: 'runs',
    full: (belay) => untilEvent(belay, 'full', { stage: 'soak', what: 'began' }),
    exitCode: 4,
    verdict: 'unmeasured',
    says: HALTED,
  },
  {
    name: 'of the state, where Temporal and Prometheus keep their data, in the soak',
    disk: 'home',
    full: (belay) => untilEvent(belay, 'full', { stage: 'soak', what: 'began' }),
    exitCode: 4,
    verdict: 'unmeasured',
    says: HALTED_BESIDE_OTHERS,
  },
  {
    name: 'of the evidence, in the snapshot',
    disk: 'runs',
    full: (belay) => untilEvent(belay, 'full', { stage: 'soak', what: 'ended' }),
    exitCode: 2,
    verdict: 'unmeasured',
    says: /Prometheus snapshot.*ENOSPC/,
  },
];
const ON_REQUEST: readonly Case[] = [
  {
    name: 'of the evidence, in judge: the verdict has what was set aside',
    disk: 'runs',
    full: (belay) => untilEvent(belay, 'full', { stage: 'snapshot', what: 'ended' }),
    exitCode: 0,
    verdict: 'pass',
  },
  {
    name: 'of the evidence, in a hold',
    disk: 'runs',
    full: (belay) => belay.withClient((client) => untilStatus(client, 'full', ({ state }) => state.mode === 'hold')),
    exitCode: 1,
    verdict: 'fail',
    says: HALTED,
    holds: true,
  },
];

describe.skipIf(NO_MOUNT !== undefined)('a full disk', () => {
  test.each([...drawn(USUAL, 1), ...drawn(ON_REQUEST, 0)])(
    '$name: a verdict, no torn file, and nothing left',
    { timeout: 600_000 },
    async (given) => {
      await withBelay(async (belay) => {
        const disk = smallDisk(SIZE, belay[given.disk]);
        try {
          await fillsUp(belay, disk, given);
        } finally {
          if (given.disk === 'home') await belay.run(['down']);
          disk.close();
        }
      });
    },
  );
});

async function fillsUp(belay: Belay, disk: SmallDisk, given: Case): Promise<void> {
  addProfile(belay, {
    name: 'full',
    soakSeconds: 16,
    ...(given.holds === true ? { gates: { broken: BROKEN_GATE } } : {}),
  });
  // Without a terminal a run leaves its campaign when that holds.
  const hold = given.holds === true ? ['--hold', '10m', '--detach'] : ['--hold', '0'];
  const running = belay.start(['run', 'full', '--id', 'full', ...hold]);
  await running.line(/campaign {2}full/);
  await given.full(belay);
  disk.shrink(SPARE_BYTES);
  // The worker ends the hold.
  if (given.holds === true)
    await belay.withClient((client) => untilStatus(client, 'full', ({ state }) => state.mode !== 'hold'));
  const ended = given.holds === true ? await belay.run(['watch', 'full']) : await running.ended();
  const said = ended.stdout + ended.stderr;
  const { folder, summary, hostReason } = recordOf(belay, 'full');
  // On a host without CPU a reading may be unmeasured, whatever its disks have.
  const isUnmeasured = given.verdict === 'pass' && hostReason !== undefined && summary.verdict === 'unmeasured';
  expect(summary.verdict, said).toBe(isUnmeasured ? 'unmeasured' : given.verdict);
  expect(ended.exitCode, said).toBe(isUnmeasured ? 2 : given.exitCode);
  if (given.says !== undefined)
    expect([...summary.reasons, ...summary.decisions.map(({ reason }) => reason)].join('\n')).toMatch(given.says);
  for (const name of ['timeline.jsonl', 'readings.jsonl', 'host.jsonl', 'infrastructure.jsonl'])
    for (const line of linesOf(join(folder, name))) expect(() => JSON.parse(line) as unknown, name).not.toThrow();
  expect(existsSync(join(folder, 'report.html'))).toBe(true);
  expect(await manifestProblems(folder)).toEqual([]);
}

function linesOf(path: string): readonly string[] {
  return existsSync(path)
    ? readFileSync(path, 'utf8')
        .split('\n')
        .filter((line) => line !== '')
    : [];
}
