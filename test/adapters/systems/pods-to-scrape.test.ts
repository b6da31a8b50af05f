import { describe, expect, it } from 'vitest';
import type { ClusterClient } from '../../../src/adapters/kube/client.ts';
import { podsToScrape } from '../../../src/adapters/systems/pods-to-scrape.ts';
import type { ScrapeEntry } from '../../../src/core/model/scrape-entry.ts';

/** Objects that a cluster answers with, by the last word of the path. */
interface Answers {
  readonly pods?: readonly unknown[];
  readonly endpointslices?: readonly unknown[];
  readonly service?: unknown;
}

async function found(entry: Pick<ScrapeEntry, 'service' | 'pods'>, answers: Answers): Promise<unknown> {
  const client = {
    get: () => Promise.resolve(answers.service),
    list: (path: string, { pick }: { pick: (item: never) => unknown }) => {
      const items = answers[path.split('/').at(-1) as 'pods' | 'endpointslices'] ?? [];
      return Promise.resolve({ items: items.map((item) => pick(item as never)), resourceVersion: '1' });
    },
  } as unknown as ClusterClient;
  const result = await podsToScrape(client, entry, { signal: AbortSignal.timeout(5_000), budgetMs: 1 });
  return typeof result === 'string' ? result : result.map(({ kind, name, port }) => `${kind} ${name}:${port}`);
}

const pod = (name: string, ready = 'True', more: object = {}): unknown => ({
  metadata: { name, ...more },
  spec: { containers: [{}, { ports: [{ name: 'metrics', containerPort: 8443 }] }] },
  status: { conditions: [{ type: 'Ready', status: ready }] },
});
const slice = (pods: readonly (string | undefined)[], port: number | null = 9443, more: object = {}): unknown => ({
  ports: [
    { name: 'other', port: 1 },
    { name: 'https', port },
  ],
  endpoints: pods.map((name) => ({ ...(name === undefined ? {} : { targetRef: { kind: 'Pod', name } }), ...more })),
});

describe('Pods by a selector', () => {
  it.each<[string, string | number, readonly unknown[], unknown]>([
    ['are all that are ready, by name', 'metrics', [pod('b'), pod('a')], ['pods a:8443', 'pods b:8443']],
    ['have the port of the entry', 7000, [pod('a')], ['pods a:7000']],
    [
      'are not those that are being deleted',
      7000,
      [pod('a'), pod('b', 'True', { deletionTimestamp: 'x' })],
      ['pods a:7000'],
    ],
    ['are waited for', 7000, [], 'no ready Pod among the 0 Pods app=a in namespace n'],
    [
      'are waited for until all are ready',
      7000,
      [pod('a'), pod('b', 'False')],
      '1 of 2 Pods app=a in namespace n are ready',
    ],
    ['are none without the port', 'http', [pod('a')], 'Pod a in namespace n has no port named http'],
  ])('%s', async (_what, port, pods, expected) => {
    expect(await found({ pods: { namespace: 'n', selector: 'app=a', port } }, { pods })).toEqual(expected);
  });
});

describe('Pods of a Service', () => {
  const service = { spec: { ports: [{ name: 'https', port: 443 }] } };
  it.each<[string, string | number, Answers, unknown]>([
    ['are its endpoints', 'https', { service, endpointslices: [slice(['b', 'a'])] }, ['pods a:9443', 'pods b:9443']],
    ['are found by the number of its port', 443, { service, endpointslices: [slice(['a'])] }, ['pods a:9443']],
    ['are each one target', 443, { service, endpointslices: [slice(['a']), slice(['a'])] }, ['pods a:9443']],
    [
      'are those that are ready',
      443,
      { service, endpointslices: [slice(['a']), slice(['b'], 9443, { conditions: { ready: false } })] },
      ['pods a:9443'],
    ],
    [
      'may be no Pods: then it is asked itself',
      443,
      { service, endpointslices: [slice([undefined])] },
      ['services s:https'],
    ],
    [
      'may be several that are no Pods: then nothing says whose the answers are',
      443,
      { service, endpointslices: [slice([undefined, undefined])] },
      'Service n/s has 2 endpoints that are no Pods, and the API server would ask them in turn',
    ],
    [
      'are not what the path of a request could lead elsewhere with',
      443,
      { service, endpointslices: [slice(['../../../secrets?x=', 'a/../b', 'a%2f', 'a\n', 'A', '', 'a'])] },
      ['pods a:9443'],
    ],
    ['are waited for', 443, { service, endpointslices: [] }, 'Service n/s has no ready endpoint'],
    ['need the Service', 443, {}, 'Service n/s does not exist'],
    ['need its port', 80, { service }, 'Service n/s has no port 80; its ports: 443 (https)'],
  ])('%s', async (_what, port, answers, expected) => {
    expect(await found({ service: { namespace: 'n', name: 's', port } }, answers)).toEqual(expected);
  });
});
