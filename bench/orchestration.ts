/**
 * Temporal's part of large campaigns, and of many at once, on one dev server. Workflow and server are real, the activities are stubs.
 *
 *     node_modules/.bin/node bench/orchestration.ts [hosts = 20,200; 0 = none] [campaigns at once = 50]
 */
import { setTimeout as sleep } from 'node:timers/promises';
import Table from 'cli-table3';
import { STAGES } from '../src/core/model/stages.ts';
import { aSpec, shortDeadlines } from '../test/workflows/make-spec.ts';
import { simulate, type Simulated } from '../test/workflows/simulation.ts';
import { TestTemporal } from '../test/workflows/temporal.ts';
import { inOwnFolder } from './in-own-folder.ts';

const CLUSTERS_PER_HOST = 100;
/** Groups of a real campaign do not end a stage at the same moment. */
const SPREADS_MS = [0, 10_000];

const LONGEST_STAGE_MS = 10_000;

interface Row extends Simulated {
  readonly what: string;
}

function printSizes(rows: readonly Row[]): void {
  const head = ['campaign', 'time', 'events', 'history', 'largest payload', 'replay'];
  const table = new Table({ head });
  for (const { what, seconds, events, historyBytes, largestPayloadBytes, ...replay } of rows) {
    table.push([
      what,
      `${seconds.toFixed(1)} s`,
      events,
      `${(historyBytes / 1e6).toFixed(2)} MB`,
      `${(largestPayloadBytes / 1e3).toFixed(1)} KB`,
      replay.replayError?.message ?? `${replay.replaySeconds.toFixed(1)} s, ${replay.replayCpuSec.toFixed(1)} CPU-s`,
    ]);
  }
  console.log(table.toString());
}

/** What a stage does in {@link gapsOf}. */
function someTime(): Promise<void> {
  return sleep(Math.random() * LONGEST_STAGE_MS);
}

/** The time from the end of a stage to the begin of the next one, of every campaign. A stage takes up to ten seconds. */
async function gapsOf(temporal: TestTemporal, campaigns: number): Promise<readonly number[]> {
  const stages = Object.fromEntries(STAGES.map((stage) => [stage, someTime]));
  const patient = { heartbeatMs: 60_000, queueWaitMs: 60_000, attemptMs: 120_000, stageMs: 360_000 };
  const deadlines = shortDeadlines(Object.fromEntries(STAGES.map((stage) => [stage, patient])));
  const resolve = ({ workflowId }: { readonly workflowId: string }) => aSpec({ workflowId, deadlines });
  const runs = await Promise.all(
    Array.from({ length: campaigns }, () => temporal.begin('at-once', { resolve, stages })),
  );
  await Promise.all(runs.map((run) => run.result()));
  return runs.flatMap(({ calls }) =>
    calls.slice(1).map(({ startedAtMs }, index) => startedAtMs - (calls[index]?.endedAtMs ?? startedAtMs)),
  );
}

function quantile(sorted: readonly number[], share: number): number {
  return sorted[Math.ceil(share * sorted.length) - 1] ?? NaN;
}

const [hosts = '20,200', campaigns = '50'] = process.argv.slice(2);
await inOwnFolder(async () => {
  const temporal = await TestTemporal.start();
  try {
    const rows: Row[] = [];
    for (const count of hosts
      .split(',')
      .map(Number)
      .filter((each) => each > 0)) {
      for (const spreadMs of SPREADS_MS) {
        const what = `${count} hosts x ${CLUSTERS_PER_HOST} clusters, ends of a stage within ${spreadMs / 1_000} s`;
        rows.push({
          what,
          ...(await simulate(temporal, { hosts: count, clustersPerHost: CLUSTERS_PER_HOST, spreadMs })),
        });
      }
    }
    if (rows.length > 0) printSizes(rows);
    const table = new Table({ head: ['campaigns at once', 'gaps', 'median', 'p99', 'longest'] });
    for (const count of [1, Number(campaigns)]) {
      const gaps = (await gapsOf(temporal, count)).toSorted((a, b) => a - b);
      const ms = [quantile(gaps, 0.5), quantile(gaps, 0.99), gaps.at(-1) ?? NaN].map((each) => `${each.toFixed(0)} ms`);
      table.push([count, gaps.length, ...ms]);
    }
    console.log(table.toString());
  } finally {
    await temporal.stop();
  }
});
