import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { readInfrastructureEvents } from '../../src/adapters/host/infrastructure-events.ts';
import { campaignFolder, readLedger } from '../../src/adapters/host/ledger.ts';
import { startTicksOf } from '../../src/adapters/host/processes.ts';
import { connectCluster } from '../../src/adapters/kube/client.ts';
import { readUids, type Uids } from '../../src/adapters/kube/uids.ts';
import { prometheusClient } from '../../src/adapters/prometheus/client.ts';
import { ownPrometheus } from '../../src/adapters/prometheus/server.ts';
import { clusterLoad } from '../../src/core/plan/cluster-load.ts';
import { eventually } from '../adapters/eventually.ts';
import { kill, soakClockOf, untilEvent, workerOf } from '../drills/victims.ts';
import { withBelay, type Belay } from './belay-cli.ts';
import { gateRow, momentOf, recordOf, specOf, untilStatus } from './campaign-record.ts';
import { namesIn } from './leftovers.ts';
import { addProfile, addSubstrateOfClusters } from './small-profile.ts';

const MACHINES = 4;
const PODS = 24;
const SHAPE = { machines: MACHINES, density: PODS / MACHINES, rampSeconds: 2 } as const;
const CLUSTER_JOBS = ['apiserver', 'controller-manager', 'etcd', 'kwok', 'scheduler'];
/** Longest time until a stage whose worker has gone is taken up by another one. */
const TAKEN_UP_WITHIN_MS = 30_000;
/** Before it cancels what it runs, a worker that is told to end lets it go on for 10 s; one that is killed is missed after 20 s. */
const LONG_SOAK_SECONDS = 50;
const SOAK = 'soak-1.json';

/** A gate that holds only if exactly so much is measured. */
function exactly(value: number, query: string, job = 'belay-worker'): Readonly<Record<string, unknown>> {
  return { description: 'exactly so many', unit: '', query, min: value, max: value, bar: 'held', job };
}

const MOST_PRESENT = 'max_over_time(sum(belay_pods_present{campaign="$campaign"})[$window:1s])';

test('a campaign on two clusters: both loaded, scraped and judged together, and both gone afterwards', async () => {
  await withBelay(async (belay) => {
    addProfile(belay, {
      name: 'pair',
      ...SHAPE,
      more: { runnerActions: [{ atSeconds: 2, action: 'fail-node', on: 'each' }] },
      gates: {
        allBound: exactly(PODS, 'max_over_time(sum(belay_pods_bound{campaign="$campaign"})[$window:1s])'),
        mostPresent: exactly(PODS, MOST_PRESENT),
        schedulers: exactly(2, 'count(count by (cluster) (scheduler_pending_pods))', 'scheduler'),
        etcds: exactly(2, 'count(count by (cluster) (etcd_server_has_leader == 1))', 'etcd'),
      },
    });
    addSubstrateOfClusters(belay, 'halves', PODS / 2);
    const running = belay.start(['run', 'pair', '--substrate', 'halves', '--id', 'pair']);
    await running.line(/2 clusters,/);
    await untilEvent(belay, 'pair', { stage: 'soak', what: 'began' });
    const spec = specOf(belay, 'pair');
    const clusters = readLedger(spec.slug)?.clusters ?? [];
    expect(clusters.map(({ index, name, owned }) => ({ index, name, owned }))).toEqual(
      [0, 1].map((index) => ({ index, name: `${spec.slug}-c${index}`, owned: true })),
    );
    const names = clusters.map(({ name }) => name);
    const perCluster = await scrapedOf(spec.slug, 'count by (job, cluster) (up == 1)');
    expect(perCluster).toEqual(
      ['belay-worker : 1', ...CLUSTER_JOBS.flatMap((job) => names.map((name) => `${job} ${name}: 1`))].sort(),
    );
    expect(await scrapedOf(spec.slug, 'sum by (job, cluster) (belay_pods_target)')).toEqual(
      names.map((name) => `belay-worker ${name}: ${PODS / 2}`),
    );
    // Asked of the clusters themselves: each has machines and Pods of its own.
    const standing = await Promise.all(clusters.map((_, index) => uidsOf(belay, 'pair', index)));
    for (const { nodes, pods } of standing) {
      expect(Object.keys(nodes).length).toBeGreaterThanOrEqual(MACHINES / 2);
      // One may be on its way just now.
      expect(Object.keys(pods).length).toBeGreaterThanOrEqual(PODS / 2 - 1);
    }
    const uids = standing.flatMap(({ nodes, pods }) => [...Object.values(nodes), ...Object.values(pods)]);
    expect(new Set(uids).size).toBe(uids.length);

    const ended = await running.ended();
    expect(ended.exitCode, ended.stdout + ended.stderr).toBe(0);
    for (const gate of ['allBound', 'mostPresent', 'schedulers', 'etcds', 'podsBound', 'podsUnschedulable'])
      expect(gateRow(ended.stdout, gate)).toMatch(/measured.*pass/);
    const { summary, timeline } = recordOf(belay, 'pair');
    expect(summary).toMatchObject({ verdict: 'pass', reasons: [], breaches: [] });
    const { provision, ramp, seed, soak } = summary.facts;
    expect(provision).toMatchObject({ clusters: 2 });
    expect(new Set(String(provision?.['clusterUids']).split(',')).size).toBe(2);
    expect(seed?.['nodes']).toBe(standing.reduce((sum, { nodes }) => sum + Object.keys(nodes).length, 0));
    expect(ramp).toMatchObject({ podsWanted: PODS, podsCreated: PODS, podsExisting: 0 });
    expect(soak).toMatchObject({ podsPresent: PODS, podsBound: PODS });
    expect(soak?.['podsLost']).toBeGreaterThan(1);
    // The fault was injected, seen, undone and seen again in each of the clusters.
    const faults = timeline.filter(({ what }) => what === 'action').map(({ detail }) => detail);
    for (const name of names) {
      const inCluster = `fail-node in ${name}: node `;
      expect(
        faults.filter((detail) => detail.startsWith(inCluster)).map((detail) => detail.slice(inCluster.length)),
      ).toEqual([
        expect.stringMatching(/^\S+ fails$/),
        expect.stringMatching(/^\S+ has the taint \S+ and no Pod of the campaign, and is NotReady$/),
        expect.stringMatching(/^\S+ is Ready and takes Pods again$/),
      ]);
    }
    expect(faults).toHaveLength(2 * 3);
    expect(timeline.find(({ stage, what }) => stage === 'teardown' && what === 'ended')?.detail).toMatch(
      /^2 clusters and 1 process removed$/,
    );
  });
});

test('two workers on a host: what one leaves when it ends or is killed in the soak, the other goes on with', async () => {
  await withBelay(async (belay) => {
    addProfile(belay, {
      name: 'handed',
      ...SHAPE,
      soakSeconds: LONG_SOAK_SECONDS,
      gates: { mostPresent: exactly(PODS, MOST_PRESENT) },
    });
    expect((await belay.run(['up'])).exitCode).toBe(0);
    await belay.start(['worker']).line(/worker is polling/);
    const running = belay.start(['run', 'handed', '--id', 'handed']);
    await running.line(/campaign {2}handed/);
    const gone = await belay.withClient(async (client) => {
      await untilStatus(client, 'handed', ({ state }) => state.stage === 'soak');
      await untilEvent(belay, 'handed', { stage: 'soak', what: 'began' });
      const { slug } = specOf(belay, 'handed');
      const watcher = (): number => readLedger(slug)?.worker?.pid ?? 0;
      const draining = await workerOf(client, 'handed');
      await eventually(
        () => watcher() === draining && namesIn(join(campaignFolder(slug), 'checkpoints')).includes(SOAK),
      );
      const clock = soakClockOf(belay, 'handed');
      // A worker that only starts takes no campaign from one that lives.
      await belay.start(['worker']).line(/worker is polling/);
      expect(watcher()).toBe(draining);

      process.kill(draining, 'SIGTERM');
      await untilEvent(belay, 'handed', { stage: 'soak', what: 'cancelled' });
      const drainedMs = Date.now();
      await untilEvent(belay, 'handed', { stage: 'soak', what: 'resumed' });
      const next = await workerOf(client, 'handed');
      expect(next).not.toBe(draining);
      await eventually(() => startTicksOf(draining) === undefined);
      expect(watcher()).toBe(next);

      const killedMs = Date.now();
      await kill(next);
      await eventually(() => ![draining, next].includes(watcher()));
      await eventually(() => ![draining, next].includes(keeperOf(belay)));
      const heirs = [watcher(), keeperOf(belay)];
      expect(heirs.filter((pid) => startTicksOf(pid) === undefined)).toEqual([]);
      return { clock, atMs: [drainedMs, killedMs] };
    });
    const ended = await running.ended();
    // Nothing is red. But until the killed worker was missed, none sent the load or looked at the gates.
    expect(ended.exitCode, ended.stdout + ended.stderr).toBe(2);
    const { summary, timeline } = recordOf(belay, 'handed');
    expect(summary).toMatchObject({ verdict: 'unmeasured', breaches: [], ending: 'completed' });
    expect(summary.gates.filter(({ verdict }) => verdict === 'fail')).toEqual([]);
    expect(summary.reasons.join('\n')).toMatch(/the harness was late|checks-missed/);
    expect(summary.facts['ramp']).toMatchObject({ podsWanted: PODS, podsCreated: PODS });
    expect(summary.facts['soak']).toMatchObject({
      podsPresent: PODS,
      podsBound: PODS,
      soakStartMs: gone.clock,
      soakEndMs: gone.clock + LONG_SOAK_SECONDS * 1_000,
    });
    const resumed = timeline.filter(({ what }) => what === 'resumed');
    expect(resumed.map(({ stage, attempt }) => ({ stage, attempt }))).toEqual([
      { stage: 'soak', attempt: 2 },
      { stage: 'soak', attempt: 3 },
    ]);
    for (const [index, { atMs }] of resumed.entries())
      expect(atMs - (gone.atMs[index] ?? 0)).toBeLessThanOrEqual(TAKEN_UP_WITHIN_MS);
    momentOf(timeline, { stage: 'soak', what: 'cancelled' });
    expect(readInfrastructureEvents('handed')).toEqual([]);
  });
});

/** What the campaign's Prometheus answers now, a line for each job and cluster; waits until it has scraped all of them. */
async function scrapedOf(slug: string, promql: string): Promise<readonly string[]> {
  const client = prometheusClient(ownPrometheus(slug)?.url ?? '');
  try {
    const samples = await client.query(promql, Date.now(), { signal: AbortSignal.timeout(30_000), budgetMs: 10_000 });
    return samples.map(({ labels, value }) => `${labels['job'] ?? ''} ${labels['cluster'] ?? ''}: ${value}`).sort();
  } finally {
    await client.close();
  }
}

async function uidsOf(belay: Belay, campaign: string, index: number): Promise<Uids> {
  const spec = specOf(belay, campaign);
  const cluster = readLedger(spec.slug)?.clusters[index];
  if (cluster === undefined) throw new Error(`${campaign} has no cluster ${index}`);
  const client = await connectCluster({
    kubeconfigPath: cluster.kubeconfigPath,
    context: cluster.context,
    connections: 1,
  });
  try {
    const { namespace } = clusterLoad(spec, index, { campaign, stage: 'ramp', expiresAtMs: 0 });
    return await readUids(client, { campaign, namespace }, { signal: AbortSignal.timeout(30_000), budgetMs: 10_000 });
  } finally {
    await client.close();
  }
}

/** Pid of the worker that keeps the ground of this state folder's campaigns. */
function keeperOf(belay: Belay): number {
  try {
    return (JSON.parse(readFileSync(join(belay.home, 'keeper.lock'), 'utf8')) as { readonly pid: number }).pid;
  } catch {
    return 0;
  }
}
