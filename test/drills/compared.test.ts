import { join } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { stringify } from 'yaml';
import { isDamaged, readRun } from '../../src/adapters/index/run-folders.ts';
import { ensureTools } from '../../src/adapters/toolchain/ensure-tools.ts';
import { repositoryFolder } from '../../src/adapters/host/folders.ts';
import type { StoredRun } from '../../src/core/history/stored-run.ts';
import { withBelay, type Belay } from '../e2e/belay-cli.ts';
import type { Ended } from '../e2e/belay-process.ts';
import { addProfile } from '../e2e/small-profile.ts';

const DELAY_MS = 300;
/** Ten campaigns of half a minute, on a machine that may be busy. */
const LIMIT_MS = 1_500_000;
const SCHEDULER = 'under-test';

/** The same scheduler, which takes so much longer for each Pod. */
function aScheduler(name: string, program: string, delayMs: number): string {
  const histogram = 'belay_pod_bind_seconds_bucket{campaign="$campaign",stage="soak",execution="$execution"}';
  const ofPods = { bar: 'held', readAt: 'settled', job: 'belay-worker' };
  const bind = (of: number, max: number): unknown => ({
    description: 'Time from the request that creates a Pod until it has a Node',
    unit: 's',
    quantile: { of, histogram },
    max,
    topFiniteBucket: 512,
    ...ofPods,
  });
  return stringify({
    apiVersion: 'belay.dev/v1',
    kind: 'System',
    metadata: { name, description: `kube-scheduler, ${delayMs} ms slower` },
    capacity: 'belay',
    install: {
      processes: [
        {
          name: 'scheduler',
          tool: process.execPath,
          args: [
            join(repositoryFolder, 'test/drills/delayed-scheduler-child.ts'),
            program,
            '${kubeconfig}',
            SCHEDULER,
            String(delayMs),
            '${port.extender}',
          ],
          ports: ['extender'],
        },
      ],
    },
    ready: { http: [{ process: 'scheduler', port: 'extender', path: '/healthz' }], timeout: '60s' },
    gates: {
      podBindP50: bind(0.5, 5),
      podBindP99: bind(0.99, 30),
      podsBound: {
        description: 'Share of the wanted Pods that have a Node',
        unit: 'ratio',
        ratio: {
          numerator: 'sum(belay_pods_bound{campaign="$campaign"})',
          denominator: 'sum(belay_pods_target{campaign="$campaign"})',
        },
        min: 0.999,
        ...ofPods,
      },
    },
  });
}

interface Compared extends Ended {
  readonly runs: Readonly<Record<string, readonly StoredRun[]>>;
}
let slower: Compared;
let equal: Compared;

async function compare(belay: Belay, branch: string, pairs: number): Promise<Compared> {
  const args = ['compare', '--run', 'compared', '--baseline', 'v1', '--branch', branch, '-n', String(pairs)];
  const ended = await belay.start([...args, '-o', 'markdown']).ended(LIMIT_MS);
  const names = [...ended.stderr.matchAll(/compared-compare-\S+\.\d+-(?:baseline|branch)/g)].map(([name]) => name);
  const runs = names.map((id) => readRun({ id, folder: join(belay.runs, id), state: undefined }));
  const found = runs.flatMap((run) => (isDamaged(run) ? [] : [run]));
  console.log(`${ended.stderr}\n${ended.stdout}`);
  return { ...ended, runs: Object.groupBy(found, ({ comparison }) => comparison?.side ?? 'none') as Compared['runs'] };
}

beforeAll(async () => {
  const program = (await ensureTools(['kube-scheduler'])).get('kube-scheduler')?.path ?? '';
  await withBelay(async (belay) => {
    addProfile(belay, {
      name: 'compared',
      system: 'v1',
      more: {
        loadProfile: { rampSeconds: 3, soakSeconds: 15, churnPerMinute: 2 },
        pods: { schedulerName: SCHEDULER },
      },
    });
    for (const [name, delayMs] of [['v1', 0] as const, ['v2', DELAY_MS] as const, ['v1-again', 0] as const])
      belay.write(`files/systems/${name}.yaml`, aScheduler(name, program, delayMs));
    expect((await belay.run(['up'])).exitCode).toBe(0);
    slower = await compare(belay, 'v2', 5);
    equal = await compare(belay, 'v1-again', 4);
    // What was compared is no night of its profile.
    const trend = await belay.run(['trend', 'compared']);
    expect(trend.stderr).toContain('found no run of profile "compared"');
  });
}, 2 * LIMIT_MS);

test('a scheduler that is slower by a known delay is found, and the comparison stops early', () => {
  expect(slower.exitCode, slower.stderr).toBe(1);
  expect(slower.stdout).toMatch(/\| podBindP50 \| .* \| \*\*worse\*\* \| 4 \|/);
  expect(slower.stderr).toMatch(/stopped after pair 4 of 5: .*podBindP50.* worse/);
  expect([slower.runs['baseline']?.length, slower.runs['branch']?.length]).toEqual([4, 4]);
});

test('the campaigns take turns, and both of a pair have the same Pods', () => {
  const inOrder = Object.values(slower.runs)
    .flat()
    .toSorted((one, other) => one.startedAtMs - other.startedAtMs);
  expect(inOrder.map(({ comparison }) => `${comparison?.pair} ${comparison?.side}`)).toEqual(
    [1, 2, 3, 4].flatMap((pair) => [`${pair} baseline`, `${pair} branch`]),
  );
});

test('two equal schedulers do not differ', () => {
  expect(equal.stdout, equal.stderr).not.toMatch(/\*\*(worse|better)\*\*/);
  expect(equal.stdout).toMatch(/\| podBindP50 \| .* \| cannot tell \| 4 \|/);
  expect(equal.stderr).not.toContain('stopped after');
});
