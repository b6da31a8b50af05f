import type { ServerResponse } from 'node:http';
import { afterEach, expect, test } from 'vitest';
import { podOf } from '../../../src/adapters/kube/watch-events.ts';
import { API_ANSWER_BYTES, API_LIST_PAGES, API_OBJECT_BYTES, POD_TEXT_CHARS } from '../../../src/core/plan/limits.ts';
import { scriptedApi, type ScriptedApi, type Script } from './scripted-api.ts';
import { within } from './test-load.ts';

/** An API server that is hostile or broken: what it sends has no end. */

let api: ScriptedApi | undefined;
afterEach(async () => await api?.close());

async function answering(script: Script): Promise<ScriptedApi> {
  api = await scriptedApi(script);
  return api;
}

/** Sends a text, and then pieces without end, as fast as they are taken. */
function endless(response: ServerResponse, begin: string, status = 200): void {
  const piece = 'x'.repeat(1_048_576);
  response.writeHead(status, { 'content-type': 'application/json' });
  response.write(begin);
  const more = (): void => {
    while (!response.destroyed && response.write(piece));
    if (!response.destroyed) response.once('drain', more);
  };
  more();
}

test.each([
  ['an object', 200],
  ['a refusal', 403],
])('%s without end is refused by name, and not asked for again', async (_, status) => {
  const { client, seen } = await answering((__, response) => endless(response, '{"a":"', status));
  await expect(client.get('/api/v1/nodes/a', within())).rejects.toThrow(
    `GET /api/v1/nodes/a: the answer has more than ${API_ANSWER_BYTES} bytes, the most that is read`,
  );
  expect(seen).toHaveLength(1);
});

test('an object of a list without end is refused by name, and not asked for again', async () => {
  const { client, seen } = await answering((_, response) => endless(response, '{"items":[{"a":"'));
  await expect(client.list('/api/v1/nodes', { pick: () => 1 }, within())).rejects.toThrow(
    `GET /api/v1/nodes?limit=500: an object of the list has more than ${API_OBJECT_BYTES} bytes, the most that is read`,
  );
  expect(seen).toHaveLength(1);
});

test('a list whose pages have no end is refused by name', async () => {
  let page = 0;
  const { client, seen } = await answering((_, response) =>
    response.end(JSON.stringify({ items: [], metadata: { resourceVersion: '1', continue: `p${++page}` } })),
  );
  await expect(client.list('/api/v1/nodes', { pick: () => 1 }, within())).rejects.toThrow(
    `GET /api/v1/nodes: the list has more than ${API_LIST_PAGES} pages`,
  );
  expect(seen).toHaveLength(API_LIST_PAGES);
});

test('what a reason of an answer is, is a short text', async () => {
  const { client } = await answering((_, response) =>
    response.writeHead(400).end(JSON.stringify({ reason: { deep: ['x'] }, message: 'm' })),
  );
  await expect(client.get('/api/v1/nodes/a', within())).rejects.toThrow(/^GET \/api\/v1\/nodes\/a: 400: m$/);
});

test.each(['uid', 'name', 'nodeName'])('a Pod with a long %s is none', (field) => {
  const pod = (text: string): object => ({
    metadata: { resourceVersion: '1', uid: 'u', name: 'n', ...(field === 'nodeName' ? {} : { [field]: text }) },
    ...(field === 'nodeName' ? { spec: { nodeName: text } } : {}),
  });
  expect(podOf(pod('x'.repeat(POD_TEXT_CHARS)))).toMatchObject({ [field]: 'x'.repeat(POD_TEXT_CHARS) });
  expect(() => podOf(pod('x'.repeat(POD_TEXT_CHARS + 1)))).toThrow(
    `not a Pod: a name or uid of ${POD_TEXT_CHARS + 1} characters; allowed: at most ${POD_TEXT_CHARS}`,
  );
});
