import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import type { ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { connectCluster } from '../../../src/adapters/kube/client.ts';
import { KubeError } from '../../../src/adapters/kube/kube-error.ts';
import { Patience } from '../../../src/adapters/kube/patience.ts';
import { answer, kubeconfig, refuse, scriptedApi } from './scripted-api.ts';
import type { Script, ScriptedApi } from './scripted-api.ts';
import { eventually } from './scripted-pod-api.ts';

const apis: ScriptedApi[] = [];
const PODS = '/api/v1/namespaces/x/pods';

afterEach(async () => {
  await Promise.all(apis.splice(0).map((api) => api.close()));
});

async function serve(script: Script, user?: Readonly<Record<string, unknown>>): Promise<ScriptedApi> {
  const api = await scriptedApi(script, user);
  apis.push(api);
  return api;
}

function within(budgetMs = 20_000): { signal: AbortSignal; budgetMs: number } {
  return { signal: AbortSignal.timeout(30_000), budgetMs };
}

describe('a server behind a path, as Rancher serves it', () => {
  test('is reached by requests, by lists and by watches', async () => {
    const { server, seen } = await serve((_, response) => answer(response, 200, { metadata: {}, items: [] }));
    const client = await connectedTo(`${server}/k8s/clusters/c-1`);
    await client.get('/api/v1/namespaces/x', within());
    await client.list(PODS, { pick: () => 0 }, within());
    await client.ask({ method: 'GET', path: '/readyz' }, within());
    const { body } = await client.open(`${PODS}?watch=true`, AbortSignal.timeout(20_000));
    await body.dump();
    await client.close();
    expect(seen.map((line) => line.split('?')[0])).toEqual(
      ['/api/v1/namespaces/x', PODS, '/readyz', PODS].map((path) => `GET /k8s/clusters/c-1${path}`),
    );
  });
});

describe('a request that is sent once', () => {
  test('gives the answer whatever its status, without another attempt', async () => {
    const { client, seen } = await serve((_, response) => refuse(response, 503, 'ServiceUnavailable'));
    expect(await client.ask({ method: 'GET', path: '/readyz' }, within())).toMatchObject({ status: 503, attempts: 1 });
    expect(seen).toEqual(['GET /readyz']);
  });
});

describe('retries', () => {
  test('429, 5xx and a lost connection are tried again; each attempt is counted', async () => {
    let calls = 0;
    const { client } = await serve((request, response) => {
      calls++;
      if (calls === 1) answer(response, 429, {}, { 'retry-after': '0' });
      else if (calls === 2) refuse(response, 503, 'ServiceUnavailable');
      else if (calls === 3) request.socket.destroy();
      else answer(response, 201, {});
    });
    expect(await client.create(PODS, '{}', within())).toEqual({ outcome: 'created', attempts: 4 });
    expect(client.counts()).toEqual({ 'POST 429': 1, 'POST 503': 1, 'POST error': 1, 'POST 201': 1 });
  });

  test('Retry-After is respected: with a second to wait and less in the budget it ends at once, naming the last answer', async () => {
    const { client, seen } = await serve((_, response) =>
      answer(response, 429, { message: 'slow' }, { 'retry-after': '1' }),
    );
    await expect(client.create(PODS, '{}', within(500))).rejects.toThrow(
      /^POST \/api\/v1\/namespaces\/x\/pods: no success within 500 ms, one attempt; last: 429 .*slow/,
    );
    expect(seen).toHaveLength(1);
  });

  test('a server that cannot be reached uses up the budget, not more', async () => {
    const api = await serve((_, response) => answer(response, 200, {}));
    await api.close();
    apis.splice(0);
    const client = await connectedTo(api.server);
    await expect(client.version(within(300))).rejects.toMatchObject({ name: 'KubeError', status: 0 });
    await client.close();
  });

  test('a server that never answers is left when the signal aborts, with the signal’s reason', async () => {
    const stop = new AbortController();
    const reason = new Error('enough');
    const { client } = await serve(() => stop.abort(reason));
    const call = client.get('/api/v1/nodes/a', { signal: stop.signal, budgetMs: 60_000 });
    await expect(call).rejects.toBe(reason);
  });

  test('a refusal is not tried again and says what the server said', async () => {
    const { client, seen } = await serve((_, response) => refuse(response, 403, 'Forbidden', 'user u may not'));
    await expect(client.create(PODS, '{}', within())).rejects.toThrow(
      `POST ${PODS}: 403 Forbidden: the cluster refuses it: user u may not`,
    );
    expect(seen).toHaveLength(1);
  });
});

describe('a call that may not be made any more', () => {
  const OVER = new Error('another one has taken over');

  test('sends nothing, not even when it has waited for a connection, and ends with the reason', async () => {
    let isOver = false;
    const waiting: ServerResponse[] = [];
    const { client, seen } = await serve((_, response) => void waiting.push(response));
    const beforeTry = (): void => {
      if (isOver) throw OVER;
    };
    const calls = Array.from({ length: 6 }, (_, index) =>
      client.get(`/${index}`, { ...within(), beforeTry }).catch((cause: unknown) => cause),
    );
    // The client has four connections.
    await eventually(() => expect(waiting).toHaveLength(4));
    isOver = true;
    for (const response of waiting) answer(response, 200, {});
    expect(await Promise.all(calls)).toEqual([{}, {}, {}, {}, OVER, OVER]);
    expect(seen).toHaveLength(4);
    isOver = false;
    const again = client.get('/again', { ...within(), beforeTry });
    await eventually(() => expect(waiting).toHaveLength(5));
    answer(waiting[4] as ServerResponse, 200, {});
    expect(await again).toEqual({});
  });

  test.each(['usual', 'patient'] as const)('is not tried again by a %s client', async (kind) => {
    let tries = 0;
    const { client, seen } = await serve((_, response) => refuse(response, 503, 'ServiceUnavailable'));
    const asking = kind === 'usual' ? client : client.patient(new Patience());
    const beforeTry = (): void => {
      if (++tries > 2) throw OVER;
    };
    expect(await asking.create(PODS, '{}', { ...within(), beforeTry }).catch((cause: unknown) => cause)).toBe(OVER);
    expect(seen).toHaveLength(2);
  });
});

describe('results that are no errors', () => {
  test('what exists already, what is gone already, and a newer object under the name', async () => {
    const { client } = await serve((request, response) => {
      if (request.method === 'POST') refuse(response, 409, 'AlreadyExists');
      else if (request.method === 'DELETE' && request.url === `${PODS}/newer`) refuse(response, 409, 'Conflict');
      else refuse(response, 404, 'NotFound');
    });
    expect(await client.create(PODS, '{}', within())).toEqual({ outcome: 'exists', attempts: 1 });
    expect(await client.get(`${PODS}/a`, within())).toBeUndefined();
    expect(await client.patch(`${PODS}/a`, 'merge', {}, within())).toBeUndefined();
    expect(await client.delete(`${PODS}/a`, {}, within())).toEqual({ outcome: 'absent', attempts: 1 });
    expect(await client.delete(`${PODS}/newer`, { uid: 'old' }, within())).toEqual({ outcome: 'absent', attempts: 1 });
  });

  test('another conflict on create is tried again: it lost the race for the numbers of a quota', async () => {
    let attempts = 0;
    const { client } = await serve((_, response) => {
      attempts += 1;
      if (attempts < 3) refuse(response, 409, 'Conflict', 'quota changed');
      else answer(response, 201, {});
    });
    expect(await client.create(PODS, '{}', within())).toEqual({ outcome: 'created', attempts: 3 });
  });
});

describe('lists', () => {
  test('are read page by page; when a page has expired, from the beginning', async () => {
    let expired = false;
    const { client, seen } = await serve((request, response) => {
      const next = new URL(request.url ?? '', 'http://x').searchParams.get('continue');
      if (next === null) {
        answer(response, 200, {
          items: [{ n: 1 }],
          metadata: { resourceVersion: expired ? '9' : '5', continue: 'p2' },
        });
      } else if (expired) answer(response, 200, { items: [{ n: 2 }], metadata: { resourceVersion: '9' } });
      else {
        expired = true;
        refuse(response, 410, 'Expired');
      }
    });
    const options = { labelSelector: 'a=b', pick: ({ n }: { n: number }) => n };
    expect(await client.list(PODS, options, within())).toEqual({ items: [1, 2], resourceVersion: '9' });
    expect(seen.at(0)).toBe(`GET ${PODS}?labelSelector=a%3Db&limit=500`);
    expect(seen).toHaveLength(4);
  });

  test('have the budget for each page: many slow pages are late, not broken', async () => {
    const { client } = await serve((request, response) => {
      const next = Number(new URL(request.url ?? '', 'http://x').searchParams.get('continue') ?? 0);
      const metadata = { resourceVersion: '5', ...(next < 3 ? { continue: String(next + 1) } : {}) };
      setTimeout(() => answer(response, 200, { items: [{ n: next }], metadata }), 400);
    });
    const all = await client.list(PODS, { pick: ({ n }: { n: number }) => n }, { ...within(), budgetMs: 1_200 });
    expect(all.items).toEqual([0, 1, 2, 3]);
  });

  test('that expire every time fail in the end', async () => {
    const { client, seen } = await serve((request, response) => {
      if (request.url?.includes('continue') === true) refuse(response, 410, 'Expired');
      else answer(response, 200, { items: [], metadata: { resourceVersion: '5', continue: 'p2' } });
    });
    await expect(client.list(PODS, { pick: (item: unknown) => item }, within())).rejects.toThrow(
      /the list expired before its last page 5 times/,
    );
    expect(seen).toHaveLength(10);
  });

  test('start again when a page shows another version than the first one', async () => {
    let starts = 0;
    const { client } = await serve((request, response) => {
      const second = request.url?.includes('continue') === true;
      if (!second) starts++;
      const resourceVersion = second && starts === 1 ? '6' : '5';
      answer(response, 200, {
        items: [{ n: starts }],
        metadata: { resourceVersion, ...(second ? {} : { continue: 'p2' }) },
      });
    });
    const listed = await client.list(PODS, { pick: ({ n }: { n: number }) => n }, within());
    expect(listed).toEqual({ items: [2, 2], resourceVersion: '5' });
  });

  test('whose page refers to itself as the next one fail', async () => {
    const { client } = await serve((_, response) =>
      answer(response, 200, { items: [], metadata: { resourceVersion: '5', continue: 'p2' } }),
    );
    await expect(client.list(PODS, { pick: (item: unknown) => item }, within())).rejects.toThrow(/refers to itself/);
  });

  test.each([
    '<html>',
    'null',
    '{}',
    '{"metadata":{"resourceVersion":"5"}}',
    '{"items":{}}',
    '{"items":[5]}',
    '{"items":[{]}',
  ])('fail when the answer is not a list: %s', async (text) => {
    const { client } = await serve((_, response) => response.writeHead(200).end(text));
    const listing = client.list(PODS, { pick: (item: unknown) => item }, within());
    await expect(listing).rejects.toThrow(/the answer is not a list/);
    await expect(listing).rejects.toBeInstanceOf(KubeError);
  });

  test('fail with what their reader throws, by their path, and are not asked for again', async () => {
    const { client, seen } = await serve((_, response) =>
      answer(response, 200, { items: [{}], metadata: { resourceVersion: '1' } }),
    );
    const listing = client.list(PODS, { pick: notOurs }, within());
    await expect(listing).rejects.toThrow(
      new KubeError(`GET ${PODS}?limit=500: an object of the list cannot be read: not one of ours`, 200),
    );
    await expect(listing).rejects.toMatchObject({ status: 200, cause: new TypeError('not one of ours') });
    expect(seen).toHaveLength(1);
  });

  test('end within their budget when an answer comes in pieces and never ends', async () => {
    const { client } = await serve((_, response) => {
      response.writeHead(200).write('{"items":[');
      const pieces = setInterval(() => response.write(' '), 50);
      response.on('close', () => clearInterval(pieces));
    });
    const listing = client.list(PODS, { pick: (item: unknown) => item }, { ...within(), budgetMs: 600 });
    await expect(listing).rejects.toThrow(/no success within 600 ms.*the body did not end within/);
  });

  test('an empty collection may come as null', async () => {
    const { client } = await serve((_, response) =>
      answer(response, 200, { items: null, metadata: { resourceVersion: '1' } }),
    );
    expect((await client.list(PODS, { pick: (item: unknown) => item }, within())).items).toEqual([]);
  });
});

function notOurs(): never {
  throw new TypeError('not one of ours');
}

describe('kubeconfig', () => {
  test.each([
    ['a token', { token: 'secret' }, 'Bearer secret'],
    [
      'an exec plugin',
      {
        exec: {
          apiVersion: 'client.authentication.k8s.io/v1',
          command: '/bin/sh',
          interactiveMode: 'Never',
          args: [
            '-c',
            `echo '{"apiVersion":"client.authentication.k8s.io/v1","kind":"ExecCredential","status":{"token":"from-plugin"}}'`,
          ],
        },
      },
      'Bearer from-plugin',
    ],
  ])('%s is sent', async (_, user, expected) => {
    let sent: string | undefined;
    const { client } = await serve((request, response) => {
      sent = request.headers.authorization;
      answer(response, 200, { gitVersion: 'v1.2.3' });
    }, user);
    expect(await client.version(within())).toBe('v1.2.3');
    expect(sent).toBe(expected);
  });

  test('a missing file and an unknown context are named', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'belay-kubeconfig-'));
    try {
      const kubeconfigPath = join(folder, 'config');
      await expect(connectCluster({ kubeconfigPath })).rejects.toThrow(
        `kubeconfig ${kubeconfigPath} cannot be read: there is no such file`,
      );
      const config = kubeconfig('https://127.0.0.1:1', {});
      writeFileSync(kubeconfigPath, JSON.stringify(config));
      await expect(connectCluster({ kubeconfigPath, context: 'prod' })).rejects.toThrow(
        `kubeconfig ${kubeconfigPath}: no "prod" in its contexts; found: only`,
      );
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});

async function connectedTo(server: string): ReturnType<typeof connectCluster> {
  const folder = mkdtempSync(join(tmpdir(), 'belay-kubeconfig-'));
  const kubeconfigPath = join(folder, 'config');
  writeFileSync(kubeconfigPath, JSON.stringify(kubeconfig(server, {})));
  try {
    return await connectCluster({ kubeconfigPath });
  } finally {
    rmSync(folder, { recursive: true });
  }
}
