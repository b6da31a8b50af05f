import { afterEach, expect, test } from 'vitest';
import { runArrivals } from '../../../src/adapters/kube/run-arrivals.ts';
import type { ArrivalsProgress, ArrivalsReport } from '../../../src/adapters/kube/run-arrivals.ts';
import { answer, refuse, scriptedApi } from './scripted-api.ts';
import type { ScriptedApi } from './scripted-api.ts';

let api: ScriptedApi | undefined;

afterEach(async () => {
  await api?.close();
});

interface Body {
  readonly slot: number;
  readonly generation: number;
  readonly intendedAtMs: number;
}

/** A server that keeps Pods; `onCreate` may answer a creation in its own way, by saying so. */
async function serve(
  stored: Map<string, Body>,
  onCreate: (name: string, drop: () => void) => boolean = () => false,
): Promise<ScriptedApi> {
  return scriptedApi((request, response, text) => {
    if (request.method === 'GET') {
      // None of the Pods has Failed or Succeeded.
      const listed = request.url?.includes('fieldSelector') === true ? [] : [...stored];
      const items = listed.map(([name, { slot, generation }]) => ({
        metadata: {
          name,
          uid: name,
          resourceVersion: '1',
          labels: { 'belay.dev/slot': String(slot), 'belay.dev/generation': String(generation) },
        },
      }));
      answer(response, 200, { items, metadata: { resourceVersion: '1' } });
      return;
    }
    const body = JSON.parse(text) as Body;
    const name = `p${body.slot}-g${body.generation}`;
    if (stored.has(name)) refuse(response, 409, 'AlreadyExists');
    else {
      stored.set(name, body);
      if (!onCreate(name, () => request.socket.destroy())) answer(response, 201, {});
    }
  });
}

function fill(
  client: ScriptedApi['client'],
  startAtMs: number,
  seen: ArrivalsProgress[] = [],
  offsetsMs: readonly number[] = [0, 10, 20, 30],
): Promise<ArrivalsReport> {
  return runArrivals({
    scope: { client, namespace: 'x', labelSelector: 'a=b' },
    pods: {
      name: (slot, generation) => `p${slot}-g${generation}`,
      body: (slot, generation, { intendedAtMs }) => JSON.stringify({ slot, generation, intendedAtMs }),
    },
    offsetsMs,
    startAtMs,
    fromIndex: 0,
    parallel: 4,
    callBudgetMs: 10_000,
    signal: AbortSignal.timeout(30_000),
    onLate: () => undefined,
    onProgress: (progress) => seen.push(progress),
  });
}

test('a Pod whose answer was lost is found to exist when it is sent again, and counts as created once', async () => {
  const stored = new Map<string, Body>();
  api = await serve(stored, (name, drop) => {
    if (name === 'p1-g0') drop();
    return name === 'p1-g0';
  });
  const seen: ArrivalsProgress[] = [];
  const report = await fill(api.client, Date.now(), seen);
  expect(report).toMatchObject({ wanted: 4, created: 4, existing: 0, retries: 1, conflicts: 0, refilled: 0 });
  expect([...stored.keys()].toSorted()).toEqual(['p0-g0', 'p1-g0', 'p2-g0', 'p3-g0']);
  expect(seen.at(-1)).toMatchObject({ wanted: 4, lowWater: 4, created: 4 });
});

test('a Pod that another run creates in between is a conflict, not a second Pod', async () => {
  const stored = new Map<string, Body>();
  api = await serve(stored, (name) => {
    if (name === 'p0-g0') stored.set('p3-g0', { slot: 3, generation: 0, intendedAtMs: 0 });
    return false;
  });
  expect(await fill(api.client, Date.now() + 50)).toMatchObject({ created: 3, existing: 1, conflicts: 1, retries: 0 });
  expect(stored.size).toBe(4);
});

test('each Pod is intended for its moment, also one that was due while no worker ran, which is counted', async () => {
  const stored = new Map<string, Body>();
  api = await serve(stored);
  const startAtMs = Date.now() + 2_000;
  expect(await fill(api.client, startAtMs)).toMatchObject({ overdue: 0, askedPerSec: 100 });
  expect([...stored.values()].map(({ intendedAtMs }) => intendedAtMs - startAtMs)).toEqual([0, 10, 20, 30]);
  await api.close();
  const late = new Map<string, Body>();
  api = await serve(late);
  const longAgoMs = Date.now() - 60_000;
  expect(await fill(api.client, longAgoMs)).toMatchObject({ created: 4, overdue: 4, sentLate: { lateCount: 4 } });
  expect([...late.values()].map(({ intendedAtMs }) => intendedAtMs - longAgoMs).toSorted((a, b) => a - b)).toEqual([
    0, 10, 20, 30,
  ]);
});

test('Pods that were due while no worker ran are not all sent at once', async () => {
  api = await serve(new Map<string, Body>());
  // At four times their pace: 0, 250 and 500 ms after the beginning. A slow machine only makes it fewer a second.
  const report = await fill(api.client, Date.now() - 3_000, [], [0, 1_000, 2_000]);
  expect(report).toMatchObject({ created: 3, overdue: 3 });
  expect(report.achievedPerSec).toBeLessThan(5);
});

test('a Pod lost on the way is created anew as the next generation', async () => {
  const stored = new Map<string, Body>();
  api = await serve(stored, (name) => {
    if (name === 'p3-g0') stored.delete('p0-g0');
    return false;
  });
  expect(await fill(api.client, Date.now())).toMatchObject({ created: 5, refilled: 1 });
  expect([...stored.keys()].toSorted()).toEqual(['p0-g1', 'p1-g0', 'p2-g0', 'p3-g0']);
});
