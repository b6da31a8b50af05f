import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { KubeConfig } from '@kubernetes/client-node';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { makeCertificate } from '../../../src/adapters/fleet/certificate.ts';
import { collectionPath, discover, type ApiResource } from '../../../src/adapters/kube/api-resources.ts';
import { connectCluster, type ClusterClient } from '../../../src/adapters/kube/client.ts';
import { LastingRefusal } from '../../../src/adapters/kube/kube-error.ts';
import { measureClock } from '../../../src/adapters/kube/measure-clock.ts';
import { ensureNamespace } from '../../../src/adapters/kube/namespace.ts';
import { preflight, tryPods } from '../../../src/adapters/kube/preflight.ts';
import { removeCampaign } from '../../../src/adapters/kube/remove-campaign.ts';
import type { TrialObjects } from '../../../src/core/plan/trial-objects.ts';
import { campaignTaint, namespaceLabels, ownershipLabels } from '../../../src/core/plan/labels.ts';
import { podBody } from '../../../src/core/plan/pod-shape.ts';
import { rightsNeeded } from '../../../src/core/plan/rights.ts';
import { clusterOfFile } from '../../cluster-of-file.ts';
import { archetype } from '../../core/plan/catalogue-samples.ts';
import { eventually } from '../eventually.ts';
import { closed, listen } from '../prometheus/metrics-server.ts';
import { within } from './test-load.ts';

/** A cluster whose namespaces have the Pod security standard `restricted`. */
const own = clusterOfFile({ configuredBy: 'kwokctl', podSecurity: { level: 'restricted', exempt: [] } });
const MANIFEST = join(import.meta.dirname, '../../../deploy/borrowed-cluster/rbac.yaml');
const ADMISSION = '/apis/admissionregistration.k8s.io/v1';

interface Document {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace?: string };
}

let folder: string;
/** A client with the rights of the manifest, and no others. */
let guest: ClusterClient;
const undo: (() => Promise<unknown>)[] = [];

beforeAll(async () => {
  const kinds = await discover(own.client, within());
  for (const document of manifest())
    await own.client.create(collection(kinds, document), JSON.stringify(document), within());
  folder = mkdtempSync(join(tmpdir(), 'belay-guest-'));
  guest = await connectCluster({ kubeconfigPath: await guestKubeconfig(), connections: 8 });
});
afterAll(async () => {
  await guest.close();
  rmSync(folder, { recursive: true, force: true });
});
afterEach(async () => {
  for (const step of undo.splice(0).toReversed()) await step();
});

function manifest(): readonly Document[] {
  return parseAllDocuments(readFileSync(MANIFEST, 'utf8')).map((document) => document.toJS() as Document);
}

function collection(kinds: readonly ApiResource[], { apiVersion, kind, metadata }: Document): string {
  const found = kinds.find(
    (each) => each.kind === kind && [each.version, `${each.group}/${each.version}`].includes(apiVersion),
  );
  if (found === undefined) throw new Error(`${kind} is not served`);
  return collectionPath(found, metadata.namespace);
}

/** A kubeconfig with a token of the manifest's ServiceAccount. */
async function guestKubeconfig(): Promise<string> {
  const path = '/api/v1/namespaces/belay/serviceaccounts/belay/token';
  const body = JSON.stringify({ apiVersion: 'authentication.k8s.io/v1', kind: 'TokenRequest', spec: {} });
  const answer = await own.client.request({ method: 'POST', path, body }, within());
  const { status } = JSON.parse(answer.body) as { status: { token: string } };
  const config = new KubeConfig();
  config.loadFromFile(own.cluster.kubeconfigPath);
  const { server, caFile, caData } = config.getCurrentCluster() ?? {};
  const ca = caData ?? readFileSync(caFile ?? '').toString('base64');
  const file = join(folder, 'kubeconfig');
  const content = {
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': 'lent',
    contexts: [{ name: 'lent', context: { cluster: 'lent', user: 'guest' } }],
    clusters: [{ name: 'lent', cluster: { server, 'certificate-authority-data': ca } }],
    users: [{ name: 'guest', user: { token: status.token } }],
  };
  writeFileSync(file, JSON.stringify(content));
  return file;
}

const owner = (campaign: string) => ({ campaign, stage: 'seed', expiresAtMs: Date.now() + 600_000 });

function objectsOf(campaign: string): TrialObjects {
  const workload = {
    index: 0,
    archetype: 'web',
    firstSlot: 0,
    replicas: 1,
    together: undefined,
    resources: { cpu: '2', memory: '64Mi' },
    labels: {},
    priority: 1_000,
    spread: false,
  };
  const context = { slug: campaign, owner: owner(campaign), domains: new Map<number, never>(), anyInstanceType: false };
  const pod = podBody(workload, archetype({ name: 'web' }), context, {
    slot: 0,
    generation: 0,
    intendedAtMs: 0,
    sentAtMs: 0,
  });
  return {
    namespace: campaign,
    namespaceBody: { metadata: { name: campaign, labels: namespaceLabels(owner(campaign)) } },
    nodeBody: {
      metadata: { name: `${campaign}-n0`, labels: ownershipLabels(owner(campaign)) },
      spec: { taints: [campaignTaint(owner(campaign))] },
    },
    priorityBodies: [],
    podBodies: [JSON.stringify(pod)],
  };
}

async function tried(campaign: string, client = guest): Promise<readonly string[] | Error> {
  const request = { target: 'context lent', campaign, objects: objectsOf(campaign) };
  return await preflight(client, request, within(20_000)).catch((cause: unknown) => cause as Error);
}

/** Makes an object, which is deleted after the test. */
async function make(path: string, object: { readonly metadata: { readonly name: string } }): Promise<void> {
  await own.client.create(path, JSON.stringify(object), within());
  undo.push(() => own.client.delete(`${path}/${object.metadata.name}`, {}, within()));
}

test('with the rights of the manifest a campaign can begin and end, and what it may not list is named', async () => {
  const unsearched = await tried('guest');
  expect(unsearched).toContainEqual(expect.stringMatching(/^secrets cannot be listed: .*may not list secrets/));
  expect(unsearched).not.toContainEqual(expect.stringMatching(/^(pods|nodes|namespaces) /));
  const { namespaceBody, nodeBody = {}, podBodies } = objectsOf('guest');
  await ensureNamespace(
    guest,
    'guest',
    (namespaceBody['metadata'] as { labels: Record<string, string> }).labels,
    within(),
  );
  await guest.create('/api/v1/nodes', JSON.stringify(nodeBody), within());
  await tryPods(guest, { namespace: 'guest', podBodies, pods: 1 }, within());
  await guest.create('/api/v1/namespaces/guest/pods', podBodies[0] ?? '', within());
  const request = { campaign: 'guest', onProgress: () => {} };
  expect((await removeCampaign(guest, request, within(60_000))).left).toEqual([]);
  for (const path of ['/api/v1/namespaces/guest', '/api/v1/nodes/guest-n0'])
    expect(await own.client.get(path, within())).toBeUndefined();
});

test('each right that is missing is named before anything was created, with the manifest that has it', async () => {
  const role = '/apis/rbac.authorization.k8s.io/v1/clusterroles/belay';
  const before = await own.client.get<{ rules: { resources?: string[]; verbs: string[] }[] }>(role, within());
  const rules = (before?.rules ?? []).map((rule) =>
    rule.resources?.includes('nodes') === true ? { ...rule, verbs: ['get', 'list'] } : rule,
  );
  undo.push(() => own.client.patch(role, 'merge', { rules: before?.rules }, within()));
  await own.client.patch(role, 'merge', { rules }, within());
  const refused = await eventually(async () => {
    const found = await tried('short');
    return found instanceof Error ? found : undefined;
  });
  expect(refused).toBeInstanceOf(LastingRefusal);
  expect(refused.message).toMatch(
    /^context lent refuses the campaign before anything was created: its user may not patch, create, delete nodes; deploy\/borrowed-cluster\/rbac\.yaml has all rights/,
  );
  expect(await own.client.get('/api/v1/namespaces/short', within())).toBeUndefined();
});

test('the table of rights is what the manifest gives, where a campaign makes Nodes and where its system does', () => {
  const needed = rightsNeeded({ makesNodes: true, makesPriorities: true });
  const fewer = rightsNeeded({ makesNodes: false, makesPriorities: false });
  expect(needed.flatMap(({ verbs }) => verbs).length).toBe(fewer.flatMap(({ verbs }) => verbs).length + 6);
  const rules = manifest().flatMap(
    (document) =>
      (document as Partial<{ rules: { apiGroups?: string[]; resources?: string[]; verbs: string[] }[] }>).rules ?? [],
  );
  for (const { group, resource, verbs } of needed)
    for (const verb of verbs)
      expect(
        rules.some(
          (rule) => rule.apiGroups?.includes(group) && rule.resources?.includes(resource) && rule.verbs.includes(verb),
        ),
        `${verb} ${resource}`,
      ).toBe(true);
  // Nothing is given for all kinds, and nothing that changes what others have but Nodes, Pods and namespaces.
  for (const rule of rules) expect([...(rule.resources ?? []), ...rule.verbs]).not.toContain('*');
});

test.each([
  [
    'an admission policy',
    async () => {
      await make(`${ADMISSION}/validatingadmissionpolicies`, {
        metadata: { name: 'teams' },
        spec: {
          matchConstraints: {
            resourceRules: [{ apiGroups: [''], apiVersions: ['v1'], operations: ['CREATE'], resources: ['pods'] }],
          },
          validations: [{ expression: 'has(object.metadata.labels.team)', message: 'every Pod has the label team' }],
        },
      } as never);
      await make(`${ADMISSION}/validatingadmissionpolicybindings`, {
        metadata: { name: 'teams' },
        spec: { policyName: 'teams', validationActions: ['Deny'] },
      } as never);
    },
    /a Pod: .*admission policy teams \(binding teams\): every Pod has the label team/,
  ],
  [
    'a webhook that does not answer',
    async () => {
      await make(`${ADMISSION}/validatingwebhookconfigurations`, {
        metadata: { name: 'gate' },
        webhooks: [
          {
            name: 'gate.example.com',
            clientConfig: { url: 'https://127.0.0.1:9/' },
            rules: [{ apiGroups: [''], apiVersions: ['v1'], operations: ['CREATE'], resources: ['nodes'] }],
            sideEffects: 'None',
            admissionReviewVersions: ['v1'],
          },
        ],
      } as never);
    },
    /POST \/api\/v1\/nodes\?dryRun=All.*admission webhook gate\.example\.com does not answer/,
  ],
  [
    'a namespace of the same name',
    () => make('/api/v1/namespaces', { metadata: { name: 'refused' } }),
    /namespace refused exists already and is not this campaign's/,
  ],
] as const)('%s is named as the cause', async (_what, prepare, message) => {
  await prepare();
  const refused = await eventually(async () => {
    const found = await tried('refused');
    return found instanceof Error ? found : undefined;
  });
  expect(refused.message).toMatch(message);
});

/** A validating webhook of Pods and Nodes, as it is stored. */
function webhookOf(url: string, sideEffects: string, caBundle = '') {
  const rule = { apiGroups: [''], apiVersions: ['v1'], operations: ['CREATE'], resources: ['pods', 'nodes'] };
  return {
    apiVersion: 'admissionregistration.k8s.io/v1',
    kind: 'ValidatingWebhookConfiguration',
    metadata: { name: 'gate' },
    webhooks: [
      {
        name: 'gate.example.com',
        clientConfig: { url, ...(caBundle === '' ? {} : { caBundle: btoa(caBundle) }) },
        rules: [{ ...rule, scope: '*' }],
        failurePolicy: 'Fail',
        sideEffects,
        admissionReviewVersions: ['v1'],
      },
    ],
  };
}

/**
 * Stores a webhook with side effects. API servers take no new one since 1.22, but one that was made before, with v1beta1, stays in
 * force.
 */
async function storeOldWebhook(sideEffects: string): Promise<void> {
  const path = `${ADMISSION}/validatingwebhookconfigurations/gate`;
  const old = webhookOf('https://127.0.0.1:9/', sideEffects);
  const stored = { ...old, metadata: { ...old.metadata, uid: crypto.randomUUID() } };
  const written = readFileSync(`/proc/${own.cluster.pidOf('etcd')}/cmdline`, 'utf8');
  const [, etcd = ''] = /--listen-client-urls[=\0](\S+?)[,\0]/.exec(written) ?? [];
  const key = btoa('/registry/validatingwebhookconfigurations/gate');
  const body = JSON.stringify({ key, value: btoa(JSON.stringify(stored)) });
  expect((await fetch(`${etcd}/v3/kv/put`, { method: 'POST', body })).status).toBe(200);
  undo.push(() => own.client.delete(path, {}, within()));
}

/** A webhook that takes requests only for real, as its own answer says. */
async function webhookAgainstTrials(): Promise<void> {
  const { certificatePem, keyPem } = await makeCertificate({ address: '127.0.0.1', validMs: 600_000 });
  const server = createServer({ cert: certificatePem, key: keyPem }, (request, answer) => {
    void (async () => {
      const review = JSON.parse(await text(request)) as { request: { uid: string; dryRun?: boolean } };
      const { uid, dryRun } = review.request;
      const status = { code: 400, message: 'a dry run cannot be registered in the inventory' };
      const response = { uid, allowed: dryRun !== true, ...(dryRun === true ? { status } : {}) };
      answer.writeHead(200, { 'content-type': 'application/json' });
      answer.end(JSON.stringify({ apiVersion: 'admission.k8s.io/v1', kind: 'AdmissionReview', response }));
    })();
  });
  const url = `https://127.0.0.1:${await listen(server)}/`;
  undo.push(() => closed(server));
  await make(`${ADMISSION}/validatingwebhookconfigurations`, webhookOf(url, 'None', certificatePem));
}

/** A policy of one namespace: the owner keeps `default` free of Pods. */
async function policyOfDefault(): Promise<void> {
  const rule = { apiGroups: [''], apiVersions: ['v1'], operations: ['CREATE'], resources: ['pods'] };
  await make(`${ADMISSION}/validatingadmissionpolicies`, {
    metadata: { name: 'empty' },
    spec: {
      matchConstraints: { resourceRules: [rule] },
      validations: [{ expression: 'false', message: 'teams have namespaces of their own' }],
    },
  } as never);
  const namespaceSelector = { matchLabels: { 'kubernetes.io/metadata.name': 'default' } };
  await make(`${ADMISSION}/validatingadmissionpolicybindings`, {
    metadata: { name: 'empty' },
    spec: { policyName: 'empty', validationActions: ['Deny'], matchResources: { namespaceSelector } },
  } as never);
}

test.each([
  ['a webhook with side effects', () => storeOldWebhook('Some'), ['a Node', 'a Pod'], /gate\.example\.com.* dry run/],
  ['a webhook of unknown ones', () => storeOldWebhook('Unknown'), ['a Node', 'a Pod'], /gate\.example\.com.* dry run/],
  ['a webhook that refuses trials', webhookAgainstTrials, ['a Node', 'a Pod'], /a dry run cannot be registered/],
  ['a policy of `default` only', policyOfDefault, ['a Pod'], /only namespace default refuses it.* of their own/],
] as const)('%s keeps no campaign from a cluster that takes it, and is named', async (_what, prepare, kinds, why) => {
  await prepare();
  const noted = await eventually(async () => {
    const found = await tried('usable');
    if (found instanceof Error) throw found;
    return found.filter((line) => line.includes('cannot be tried')).length > 0 && found;
  });
  for (const kind of kinds)
    expect(noted).toContainEqual(expect.stringMatching(new RegExp(`^${kind} cannot be tried: .*${why.source}`)));
  await ensureNamespace(own.client, 'usable', ownershipLabels(owner('usable')), within());
  const { podBodies } = objectsOf('usable');
  await tryPods(guest, { namespace: 'usable', podBodies, pods: 1 }, within());
});

test.each([
  ['ResourceQuota', 'resourcequotas', { hard: { pods: '3' } }, /quota limits: pods=3 allowed, 0 used, 5 wanted/],
  [
    'ResourceQuota',
    'resourcequotas',
    { hard: { 'requests.cpu': '1' } },
    /quota limits: requests\.cpu=1 allowed, .* requests\.cpu=2 more/,
  ],
  [
    'LimitRange',
    'limitranges',
    { limits: [{ type: 'Container', max: { cpu: '1' } }] },
    /LimitRange: maximum cpu usage per Container is 1/,
  ],
])('a %s of the namespace is named with the value that it allows: %s %j', async (kind, plural, spec, message) => {
  await ensureNamespace(own.client, 'limited', ownershipLabels(owner('limited')), within());
  const path = `/api/v1/namespaces/limited/${plural}`;
  await make(path, { apiVersion: 'v1', kind, metadata: { name: 'limits' }, spec } as never);
  const { podBodies } = objectsOf('limited');
  const refused = await eventually(async () => {
    const pods = { namespace: 'limited', podBodies, pods: 5 };
    return await tryPods(guest, pods, { ...within(), budgetMs: 5_000 }).then(
      () => undefined,
      (cause: unknown) => cause as Error,
    );
  });
  expect(refused).toBeInstanceOf(LastingRefusal);
  expect(refused.message).toMatch(message);
});

test('a PriorityClass that admission has not heard of yet is waited for, and one that does not exist is named', async () => {
  await ensureNamespace(own.client, 'ranked', ownershipLabels(owner('ranked')), within());
  const { podBodies } = objectsOf('ranked');
  const pod = JSON.parse(podBodies[0] ?? '') as { spec: object };
  const ranked = JSON.stringify({ ...pod, spec: { ...pod.spec, priorityClassName: 'ranked-late' } });
  const trial = (): Promise<void> =>
    tryPods(own.client, { namespace: 'ranked', podBodies: [ranked], pods: 1 }, within());
  await expect(trial()).rejects.toThrow('no PriorityClass with name ranked-late was found');
  const waiting = trial();
  await make('/apis/scheduling.k8s.io/v1/priorityclasses', {
    apiVersion: 'scheduling.k8s.io/v1',
    kind: 'PriorityClass',
    metadata: { name: 'ranked-late' },
    value: 5,
  } as never);
  await waiting;
});

test('the clock of a cluster on this host is that of the host', async () => {
  const clock = await measureClock(guest, within());
  expect(clock?.lowMs).toBeLessThanOrEqual(0);
  expect(clock?.highMs).toBeGreaterThanOrEqual(0);
});
