import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseAllDocuments } from 'yaml';
import { collectionPath, discover } from '../../src/adapters/kube/api-resources.ts';
import type { ClusterClient, ObjectMeta } from '../../src/adapters/kube/client.ts';
import { LABELS } from '../../src/core/plan/labels.ts';
import { eventually } from '../adapters/eventually.ts';

const MANIFEST = join(import.meta.dirname, '../../deploy/borrowed-cluster/rbac.yaml');
const FINALIZER = 'house.example.com/machine';
/**
 * How long the house's controller takes to end a machine of the first campaign: longer than a sweep that takes finalizers off would wait.
 * Those of later campaigns are ended at once, so that the time is spent once.
 */
const ENDING_MS = 30_000;
const LATER_ENDING_MS = 500;

interface Document {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace?: string };
}

function within(): { readonly signal: AbortSignal; readonly budgetMs: number } {
  return { signal: AbortSignal.timeout(60_000), budgetMs: 20_000 };
}

/** Gives the rights of the shipped manifest to a guest. @returns the guest's token */
export async function guestToken(client: ClusterClient): Promise<string> {
  const kinds = await discover(client, within());
  for (const parsed of parseAllDocuments(readFileSync(MANIFEST, 'utf8'))) {
    const { apiVersion, kind, metadata, ...rest } = parsed.toJS() as Document;
    const found = kinds.find(
      (each) => each.kind === kind && [each.version, `${each.group}/${each.version}`].includes(apiVersion),
    );
    if (found === undefined) throw new Error(`${kind} is not served`);
    const path = collectionPath(found, metadata.namespace);
    await client.create(path, JSON.stringify({ apiVersion, kind, metadata, ...rest }), within());
  }
  const path = '/api/v1/namespaces/belay/serviceaccounts/belay/token';
  const body = JSON.stringify({ apiVersion: 'authentication.k8s.io/v1', kind: 'TokenRequest', spec: {} });
  const answer = await client.request({ method: 'POST', path, body }, within());
  return (JSON.parse(answer.body) as { status: { token: string } }).status.token;
}

function podsOfHouse(cpu: string): object {
  return {
    metadata: { labels: { app: 'house' } },
    spec: { containers: [{ name: 'one', image: 'none', resources: { requests: { cpu } } }] },
  };
}

/**
 * What else a lent cluster has: a Deployment with Pods that find no room, a DaemonSet, a policy, and a kind whose conversion webhook
 * is dead.
 */
export async function furnish(client: ClusterClient): Promise<void> {
  const make = (path: string, object: object): Promise<unknown> =>
    client.create(path, JSON.stringify(object), within());
  const selector = { matchLabels: { app: 'house' } };
  await make('/apis/apps/v1/namespaces/house/deployments', {
    metadata: { name: 'waiting' },
    spec: { replicas: 9, selector, template: podsOfHouse('1') },
  });
  await make('/apis/apps/v1/namespaces/house/daemonsets', {
    metadata: { name: 'everywhere' },
    spec: { selector, template: podsOfHouse('100m') },
  });
  const admission = '/apis/admissionregistration.k8s.io/v1';
  await make(`${admission}/validatingadmissionpolicies`, {
    metadata: { name: 'no-root' },
    spec: {
      matchConstraints: {
        resourceRules: [{ apiGroups: [''], apiVersions: ['v1'], operations: ['CREATE'], resources: ['pods'] }],
      },
      validations: [
        {
          expression:
            "object.metadata.namespace == 'house' || (has(object.spec.securityContext) && has(object.spec.securityContext.runAsNonRoot))",
          message: 'every Pod says that it does not run as root',
        },
      ],
    },
  });
  await make(`${admission}/validatingadmissionpolicybindings`, {
    metadata: { name: 'no-root' },
    spec: { policyName: 'no-root', validationActions: ['Deny'] },
  });
  await deadConversion(client);
}

async function deadConversion(client: ClusterClient): Promise<void> {
  const schema = { openAPIV3Schema: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } };
  const version = (name: string, storage: boolean): object => ({ name, served: true, storage, schema });
  const crds = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions';
  const spec = { group: 'dead.example.com', names: { kind: 'Gizmo', plural: 'gizmos' }, scope: 'Cluster' };
  const metadata = { name: 'gizmos.dead.example.com' };
  await client.create(crds, JSON.stringify({ metadata, spec: { ...spec, versions: [version('v1', true)] } }), within());
  const gizmos = '/apis/dead.example.com/v1/gizmos';
  const gizmo = { apiVersion: 'dead.example.com/v1', kind: 'Gizmo', metadata: { name: 'old' } };
  await eventually(async () => {
    await client.create(gizmos, JSON.stringify(gizmo), { ...within(), budgetMs: 1_000 }).catch(() => undefined);
    return (await client.get(`${gizmos}/old`, within())) !== undefined;
  });
  const clientConfig = { url: 'https://127.0.0.1:9/' };
  const conversion = { strategy: 'Webhook', webhook: { conversionReviewVersions: ['v1'], clientConfig } };
  const versions = [version('v1', false), version('v2', true)];
  await client.patch(`${crds}/${metadata.name}`, 'merge', { spec: { conversion, versions } }, within());
  await eventually(async () => {
    const { status } = await client.ask({ method: 'GET', path: '/apis/dead.example.com/v2/gizmos' }, within());
    return status >= 400;
  });
}

/** Controllers of the house, and what they did. */
export interface HouseControllers {
  /** Machines whose finalizer was still there when the controller had ended them. */
  readonly ended: readonly string[];
  /** Machines that were gone before. */
  readonly lost: readonly string[];
  stop(): Promise<void>;
}

/** Gives every namespace of a campaign a quota, and every Node a machine, which takes its time to end. */
export function houseControllers(client: ClusterClient): HouseControllers {
  const [ended, lost]: [string[], string[]] = [[], []];
  const known = new Set<string>();
  const endings: Promise<void>[] = [];
  const state = { stopped: false, first: '' };
  const listed = async (path: string): Promise<readonly ObjectMeta[]> =>
    (
      await client.list(
        path,
        { labelSelector: LABELS.campaign, pick: ({ metadata }: { metadata: ObjectMeta }) => metadata },
        within(),
      )
    ).items;
  const end = async ({ name, labels }: ObjectMeta): Promise<void> => {
    const campaign = labels?.[LABELS.campaign] ?? '';
    if (state.first === '') state.first = campaign;
    await sleep(campaign === state.first ? ENDING_MS : LATER_ENDING_MS);
    const path = `/api/v1/nodes/${name}`;
    const now = await client.get<{ metadata: ObjectMeta }>(path, within());
    (now?.metadata.finalizers?.includes(FINALIZER) === true ? ended : lost).push(name);
    await client.patch(path, 'merge', { metadata: { finalizers: null } }, within());
  };
  const look = async (): Promise<void> => {
    for (const { name } of await listed('/api/v1/namespaces')) {
      if (known.has(name)) continue;
      known.add(name);
      const quota = { metadata: { name: 'house' }, spec: { hard: { pods: '60' } } };
      await client.create(`/api/v1/namespaces/${name}/resourcequotas`, JSON.stringify(quota), within());
    }
    for (const node of await listed('/api/v1/nodes')) {
      if (node.deletionTimestamp === undefined && !known.has(node.uid)) {
        known.add(node.uid);
        await client.patch(`/api/v1/nodes/${node.name}`, 'merge', { metadata: { finalizers: [FINALIZER] } }, within());
      }
      if (node.deletionTimestamp !== undefined && known.delete(node.uid)) endings.push(end(node));
    }
  };
  const running = (async () => {
    while (!state.stopped) {
      await look().catch(() => undefined);
      await sleep(250);
    }
  })();
  return {
    ended,
    lost,
    stop: async () => {
      state.stopped = true;
      await running;
      await Promise.all(endings);
    },
  };
}
