import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, test } from 'vitest';
import { freePort } from '../../../src/adapters/host/ports.ts';
import { connectCluster } from '../../../src/adapters/kube/client.ts';
import type { ClusterClient } from '../../../src/adapters/kube/client.ts';
import { KubeError, LastingRefusal } from '../../../src/adapters/kube/kube-error.ts';
import { Patience } from '../../../src/adapters/kube/patience.ts';
import { answer, kubeconfig, refuse, scriptedApi } from './scripted-api.ts';
import type { ScriptedApi } from './scripted-api.ts';
import { eventually } from './scripted-pod-api.ts';

const PODS = '/api/v1/namespaces/x/pods';
const LONG_MS = 600_000;
const SHORT_MS = 300;

const apis: ScriptedApi[] = [];

afterEach(async () => {
  await Promise.all(apis.splice(0).map((api) => api.close()));
});

type Answer = (response: ServerResponse) => void;

const list: Answer = (response) => answer(response, 200, { items: [], metadata: { resourceVersion: '5' } });
const created: Answer = (response) => answer(response, 201, {});
const unwell: Answer = (response) => refuse(response, 503, 'ServiceUnavailable');
const slow: Answer = (response) => setTimeout(() => list(response), 5 * SHORT_MS);
const raced: Answer = (response) =>
  refuse(response, 409, 'Conflict', 'Operation cannot be fulfilled on resourcequotas');
const refused: Answer = (response) => refuse(response, 403, 'Forbidden', 'not now');

/** A patient client of a server whose answers are taken from a script, by method; the last one is repeated. */
async function patiently(
  patience: Patience,
  script: { readonly GET?: readonly Answer[]; readonly POST?: readonly Answer[] },
): Promise<{ readonly client: ClusterClient; readonly api: ScriptedApi }> {
  const left = { GET: [...(script.GET ?? [])], POST: [...(script.POST ?? [])] };
  const api = await scriptedApi((request, response) => {
    const answers = left[request.method as 'GET' | 'POST'];
    const next = answers.length > 1 ? answers.shift() : answers[0];
    next?.(response);
  });
  apis.push(api);
  return { client: api.client.patient(patience), api };
}

/** A budget that alone would end a request after its first attempt. */
function within(signal = AbortSignal.timeout(60_000)): { signal: AbortSignal; budgetMs: number } {
  return { signal, budgetMs: SHORT_MS };
}

/** Sends requests, one after another, until it is stopped. */
function keepAsking(ask: () => Promise<unknown>): { readonly stop: () => Promise<void> } {
  const state = { stopped: false };
  const asking = (async () => {
    while (!state.stopped) {
      await ask();
      await sleep(20);
    }
  })();
  return {
    stop: async () => {
      state.stopped = true;
      await asking;
    },
  };
}

async function failureOf(running: Promise<unknown>): Promise<unknown> {
  return await running.then(
    () => expect.fail('it succeeded'),
    (cause: unknown) => cause,
  );
}

describe('a request of the load', () => {
  test.each<[string, Answer, 'refused' | 'throttled' | 'failed' | 'unanswered']>([
    ['403', refused, 'refused'],
    ['401', (response) => refuse(response, 401, 'Unauthorized'), 'refused'],
    ['429', (response) => answer(response, 429, {}, { 'retry-after': '0' }), 'throttled'],
    ['500', (response) => refuse(response, 500, 'InternalError'), 'failed'],
    ['a lost connection', (response) => response.destroy(), 'unanswered'],
    ['no answer', () => {}, 'unanswered'],
  ])('waits out %s, and it is counted', async (_, trouble, cause) => {
    const patience = new Patience({ refusedMs: LONG_MS, unansweredMs: LONG_MS });
    const { client } = await patiently(patience, { GET: [trouble, trouble, trouble, list] });
    const listed = await client.list(PODS, { pick: () => 0 }, within());
    expect(listed.resourceVersion).toBe('5');
    const none = { refused: 0, throttled: 0, failed: 0, unanswered: 0 };
    const { longestMs, ...waits } = patience.waits();
    expect(waits).toEqual({ ...none, waited: 1, [cause]: 3 });
    expect(longestMs).toBeGreaterThan(0);
    expect(patience.waitingFor()).toBeUndefined();
    await client.list(PODS, { pick: () => 0 }, within());
    expect(patience.waits()).toMatchObject({ waited: 1, longestMs });
  });

  test('that loses the race for the numbers of a quota is sent again, and counts as throttled', async () => {
    const patience = new Patience({ refusedMs: LONG_MS, unansweredMs: LONG_MS });
    const { client, api } = await patiently(patience, { POST: [raced, raced, created] });
    expect(await client.create(PODS, '{}', within())).toEqual({ outcome: 'created', attempts: 3 });
    expect(patience.waits()).toMatchObject({ throttled: 2, refused: 0 });
    const exists = await patiently(patience, { POST: [(response) => refuse(response, 409, 'AlreadyExists')] });
    expect(await exists.client.create(PODS, '{}', within())).toEqual({ outcome: 'exists', attempts: 1 });
    expect(api.seen).toHaveLength(3);
  });

  test('waits until something listens at the address', async () => {
    const patience = new Patience({ refusedMs: LONG_MS, unansweredMs: LONG_MS });
    const folder = mkdtempSync(join(tmpdir(), 'belay-patience-'));
    const port = await freePort();
    const kubeconfigPath = join(folder, 'kubeconfig');
    writeFileSync(kubeconfigPath, JSON.stringify(kubeconfig(`http://127.0.0.1:${port}`, {})));
    const client = await connectCluster({ kubeconfigPath });
    rmSync(folder, { recursive: true });
    const running = client.patient(patience).create(PODS, '{}', within());
    await eventually(() => expect(patience.waits().unanswered).toBeGreaterThan(2));
    const server = createServer((_, response) => created(response)).listen(port, '127.0.0.1');
    expect(await running).toMatchObject({ outcome: 'created' });
    await client.close();
    server.closeAllConnections();
    await new Promise((done) => server.close(done));
  });

  test('sees the reason after the limit when the server still refuses it, and says how long it was asked', async () => {
    const patience = new Patience({ refusedMs: SHORT_MS, unansweredMs: LONG_MS });
    const { client } = await patiently(patience, { GET: [refused] });
    const failure = await failureOf(client.list(PODS, { pick: () => 0 }, within()));
    expect(failure).toBeInstanceOf(LastingRefusal);
    expect((failure as KubeError).status).toBe(403);
    expect((failure as KubeError).message).toMatch(
      /^GET \/api\/v1\/namespaces\/x\/pods: no success for \d+ s, \d+ attempts; last: 403 .*not now/,
    );
    expect(patience.waitingFor()).toBeUndefined();
  });

  test('ends when the server answers no request of its method for the limit, though it answers others', async () => {
    const patience = new Patience({ refusedMs: LONG_MS, unansweredMs: SHORT_MS });
    const { client } = await patiently(patience, { GET: [list], POST: [unwell] });
    const reading = keepAsking(() => client.list(PODS, { pick: () => 0 }, within()));
    const failure = await failureOf(client.create(PODS, '{}', within()));
    await reading.stop();
    expect(failure).toBeInstanceOf(KubeError);
    expect(failure).not.toBeInstanceOf(LastingRefusal);
    expect((failure as KubeError).status).toBe(503);
  });

  test('waits on for as long as the server answers others of its method', async () => {
    const patience = new Patience({ refusedMs: LONG_MS, unansweredMs: SHORT_MS });
    let starved = 0;
    const api = await scriptedApi((_, response, body) => {
      if (body === '"starved"' && starved++ < 8) answer(response, 429, {}, { 'retry-after': '0.1' });
      else created(response);
    });
    apis.push(api);
    const client = api.client.patient(patience);
    const others = keepAsking(() => client.create(PODS, '"other"', within()));
    const { attempts } = await client.create(PODS, '"starved"', within());
    await others.stop();
    expect(attempts).toBe(9);
  });

  test('gives each attempt after one without an answer twice its time', async () => {
    const patience = new Patience({ refusedMs: LONG_MS, unansweredMs: LONG_MS });
    // With equal times no attempt would ever be answered.
    const { client, api } = await patiently(patience, { GET: [slow] });
    await client.list(PODS, { pick: () => 0 }, within());
    expect(api.seen.length).toBeGreaterThan(1);
  });

  test('ends when its client is closed', async () => {
    const patience = new Patience({ refusedMs: LONG_MS, unansweredMs: LONG_MS });
    const { client } = await patiently(patience, { POST: [refused] });
    const failure = failureOf(client.create(PODS, '{}', within()));
    await eventually(() => expect(patience.waits().refused).toBeGreaterThan(0));
    await client.close();
    expect(await failure).toBeInstanceOf(KubeError);
  });

  test('ends with the reason of its signal, and says meanwhile what it waits for', async () => {
    const patience = new Patience({ refusedMs: LONG_MS, unansweredMs: LONG_MS });
    const { client } = await patiently(patience, { POST: [refused] });
    const stop = new AbortController();
    const failure = failureOf(client.create(PODS, '{}', within(stop.signal)));
    await eventually(() => expect(patience.waitingFor()).toMatch(/^POST .*: no success for 0 s, .*not now/));
    stop.abort(new Error('enough'));
    expect(await failure).toEqual(new Error('enough'));
    expect(patience.waitingFor()).toBeUndefined();
    expect(patience.waits().waited).toBe(1);
    patience.restartCounts();
    expect(patience.waits()).toMatchObject({ waited: 0, longestMs: 0, refused: 0 });
  });
});
