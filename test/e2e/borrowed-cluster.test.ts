import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { connectCluster } from '../../src/adapters/kube/client.ts';
import { eventually } from '../adapters/eventually.ts';
import { withCluster } from '../cluster.ts';
import { withBelay } from './belay-cli.ts';
import type { TimelineEvent } from '../../src/adapters/evidence/evidence-folder.ts';
import { guestToken, houseControllers, type HouseControllers } from './lent-cluster.ts';
import { addKubeconfig, addLentSubstrate, inventory, LENT, settle } from './lent-house.ts';
import { gateRow, momentOf, recordOf } from './campaign-record.ts';
import { addProfile } from './small-profile.ts';

const PODS = 24;
const SHAPE = { machines: 4, density: 6, rampSeconds: 2, failNodeAtSeconds: 2 } as const;
/** Read from the scheduler's own metrics, which only its host reaches: not available in a borrowed cluster. */
const OUT_OF_REACH = ['podsUnschedulable', 'schedulerAttemptP99', 'schedulerErrors'];
const MEASURED = ['podBindP50', 'podBindP99', 'podsBound', 'apiserverMutatingP99'];

test('campaigns in a borrowed cluster measure what can be, say what cannot, and leave what others have in it alone', async () => {
  await withCluster(async (cluster) => {
    await withBelay(async (belay) => {
      addProfile(belay, { name: 'strict', ...SHAPE });
      const allow = OUT_OF_REACH.map((gate) => [gate, { unmeasured: 'allow' }] as const);
      addProfile(belay, { name: 'fitting', ...SHAPE, gates: Object.fromEntries(allow) });
      const client = await connectCluster({ kubeconfigPath: cluster.kubeconfigPath, connections: 4 });
      const kubeconfig = addKubeconfig(belay, cluster.kubeconfigPath, await guestToken(client));
      addLentSubstrate(belay, kubeconfig);
      let house: HouseControllers | undefined;
      try {
        await settle(client);
        const [before, bytes] = [await inventory(client), fingerprint(kubeconfig)];
        house = houseControllers(client);
        // Both at once: one has the cluster, and the other waits for it.
        const [strict, fitting] = await Promise.all(
          // One by a substrate file, one without; the worker is of whichever command is first.
          [
            ['strict', '--substrate', 'lent'] as const,
            ['fitting', '--context', 'house', '--kubeconfig', kubeconfig] as const,
          ].map(([name, ...where]) => belay.run(['run', name, ...where, '--id', name, '--wait', '5m'])),
        );
        for (const ended of [strict, fitting])
          expect(ended?.stdout).toMatch(/\ncluster house at https:\/\/127\.0\.0\.1:\d+, context house, user me\n/);
        expect(readdirSync(join(belay.home, 'targets'))).toEqual([]);
        const seeds = ['strict', 'fitting'].map((name) => recordOf(belay, name).timeline).map(timesOf);
        const [first, second] = seeds.toSorted((a, b) => a.seedBeganMs - b.seedBeganMs);
        expect(second?.seedBeganMs).toBeGreaterThan(first?.teardownBeganMs ?? Infinity);

        expect(strict?.exitCode, `${strict?.stdout}${strict?.stderr}`).toBe(2);
        for (const gate of OUT_OF_REACH)
          expect(gateRow(strict?.stdout ?? '', gate)).toMatch(/ – .*unmeasured │ unmeasured/);
        const unmeasured = recordOf(belay, 'strict');
        expect(unmeasured.summary).toMatchObject({ verdict: 'unmeasured', passed: false, ending: 'completed' });
        for (const gate of OUT_OF_REACH)
          expect(unmeasured.summary.reasons.filter((reason) => reason.includes(gate))).toHaveLength(1);
        expect(unmeasured.summary.reasons).toHaveLength(OUT_OF_REACH.length);

        expect(fitting?.exitCode, `${fitting?.stdout}${fitting?.stderr}`).toBe(0);
        expect(recordOf(belay, 'fitting').summary).toMatchObject({ verdict: 'pass', passed: true });
        for (const [name, ended] of [
          ['strict', strict],
          ['fitting', fitting],
        ] as const) {
          for (const gate of MEASURED) expect(gateRow(ended?.stdout ?? '', gate)).toMatch(/measured.*pass/);
          const { summary, timeline } = recordOf(belay, name);
          expect(summary.identity).toMatchObject({
            tools: [{ name: 'prometheus' }],
            clusters: [{ count: 1, nodes: expect.any(Array) as unknown[] }],
            unknown: [],
          });
          expect(summary.facts['ramp']).toMatchObject({ podsWanted: PODS, podsCreated: PODS, podsExisting: 0 });
          expect(summary.facts['soak']).toMatchObject({ podsPresent: PODS, podsBound: PODS });
          // Its kwok turns the failed Node Ready again at once.
          expect(summary.runnerActions).toMatchObject([
            { action: 'fail-node', asserted: true, effect: expect.stringContaining('it may stay Ready') as string },
          ]);
          // What could not be searched kept neither the campaign nor its sweep.
          const unsearched = timeline.filter(({ what }) => what === 'not-searched').map(({ detail }) => detail);
          for (const kind of [
            /secrets cannot be listed: .*may not list/,
            /gizmos\.dead\.example\.com cannot be listed/,
          ])
            expect(unsearched).toContainEqual(expect.stringMatching(kind));
          expect(summary.facts['provision']?.['clocks']).toMatch(/within \d+ ms$/);
          const absent = timeline.filter(({ what }) => what === 'not-scraped').map(({ detail }) => detail);
          for (const job of ['scheduler', 'controller-manager', 'etcd', 'kwok'])
            expect(absent).toContainEqual(
              expect.stringMatching(new RegExp(`: ${job} is not scraped .*borrowed cluster`)),
            );
        }

        expect(fingerprint(kubeconfig)).toEqual(bytes);
        // Their finalizers were respected: each machine was ended before its Node went.
        await house.stop();
        expect(house.lost).toEqual([]);
        expect(house.ended.length).toBeGreaterThanOrEqual(2 * SHAPE.machines);
        const gone = await eventually(async () => {
          const now = await inventory(client);
          return now.length === before.length ? now : undefined;
        }).catch(() => inventory(client));
        expect(gone).toEqual(before);
      } finally {
        await house?.stop();
        await client.close();
      }
    });
  }, LENT);
});

function timesOf(timeline: readonly TimelineEvent[]): {
  readonly seedBeganMs: number;
  readonly teardownBeganMs: number;
} {
  return {
    seedBeganMs: momentOf(timeline, { stage: 'seed', what: 'began' }),
    teardownBeganMs: momentOf(timeline, { stage: 'teardown', what: 'began' }),
  };
}

function fingerprint(path: string): { readonly text: string; readonly mtimeMs: number; readonly mode: number } {
  const { mtimeMs, mode } = statSync(path);
  return { text: readFileSync(path, 'utf8'), mtimeMs, mode };
}
