import { LABELS } from '../../core/plan/labels.ts';
import { ADMISSION_LAG_MS, API_FIRST_BACKOFF_MS, PREFLIGHT_AT_ONCE } from '../../core/plan/limits.ts';
import { parseQuantity } from '../../core/model/quantity.ts';
import { rightsNeeded, type Right } from '../../core/plan/rights.ts';
import { countsPod, type QuotaScopes, type ScopedPod } from '../../core/plan/quota-scopes.ts';
import type { TrialObjects } from '../../core/plan/trial-objects.ts';
import { messageOf } from '../../core/text/message-of.ts';
import { allAtOnce } from '../host/at-once.ts';
import { pause } from '../host/poll-until.ts';
import type { ClusterClient, ObjectMeta } from './client.ts';
import { dryRun, PodTrials, TRIED_IN, type DryRun } from './dry-run.ts';
import { LastingRefusal, TargetRefusal } from './kube-error.ts';
import { PRIORITIES } from './priority-classes.ts';
import { podsPath } from './slot-book.ts';
import { CampaignSearch } from './search-campaign.ts';
import type { Within } from './api-request.ts';

/** What is tried in a cluster before a campaign creates anything. */
export interface PreflightRequest {
  /** The cluster in words, e.g. `context mine`. */
  readonly target: string;
  readonly campaign: string;
  readonly objects: TrialObjects;
}

/** How many refusals a message quotes. */
const QUOTED = 6;

/**
 * Finds out whether a campaign can begin in a borrowed cluster, and end: its rights, by asking for each; whether the cluster takes its
 * objects, by creations that change nothing; whether what it leaves can be found, by a search. Nothing is created.
 * @returns what could not be found out: objects that cannot be tried, and kinds and API groups that cannot be searched, where the
 *   campaign has nothing
 * @throws LastingRefusal naming everything that is refused; KubeError when the cluster does not answer
 */
export async function preflight(
  client: ClusterClient,
  { target, campaign, objects }: PreflightRequest,
  within: Within,
): Promise<readonly string[]> {
  const makes = { makesNodes: objects.nodeBody !== undefined, makesPriorities: objects.priorityBodies.length > 0 };
  const missing = await missingRights(client, rightsNeeded(makes), within);
  // Without the rights every trial is refused for the same reason.
  const { refused, untried } =
    missing.length > 0 ? { refused: missing, untried: [] } : await triedObjects(client, campaign, objects, within);
  const search = new CampaignSearch(client, { campaign }, within);
  await search.find();
  const problems = [...refused, ...(missing.length > 0 ? [] : search.unseen)];
  if (problems.length === 0) return [...untried, ...search.unsearched];
  const more = problems.length > QUOTED ? `; and ${problems.length - QUOTED} more` : '';
  const hint = missing.length > 0 ? '; deploy/borrowed-cluster/rbac.yaml has all rights that are needed' : '';
  throw new LastingRefusal(
    `${target} refuses the campaign before anything was created: ${problems.slice(0, QUOTED).join('; ')}${more}${hint}`,
    403,
    'Forbidden',
  );
}

/** The rights that the kubeconfig's user does not have, e.g. `it may not create nodes`. */
async function missingRights(
  client: ClusterClient,
  needed: readonly Right[],
  within: Within,
): Promise<readonly string[]> {
  const rights = needed.flatMap((right) => right.verbs.map((verb) => ({ ...right, verb })));
  const answers = await allAtOnce(
    rights,
    { atOnce: PREFLIGHT_AT_ONCE, signal: within.signal },
    async (right, signal) => ((await isAllowed(client, right, { ...within, signal })) ? undefined : right),
  );
  const verbs = new Map<string, string[]>();
  for (const right of answers) {
    if (right === undefined) continue;
    const what = `${right.resource}${right.group === '' ? '' : `.${right.group}`}${right.namespace === undefined ? '' : ` in ${right.namespace}`}`;
    verbs.set(what, [...(verbs.get(what) ?? []), right.verb]);
  }
  return [...verbs].map(([what, all]) => `its user may not ${all.join(', ')} ${what}`);
}

async function isAllowed(
  client: ClusterClient,
  { group, resource, namespace, verb }: Right & { readonly verb: string },
  within: Within,
): Promise<boolean> {
  const path = '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews';
  // The Lease of a campaign has one name, and a Role may name it. A creation has no name yet.
  const name = namespace === TRIED_IN && verb !== 'create' ? { name: 'belay' } : {};
  const attributes = { group, resource, verb, ...(namespace === undefined ? {} : { namespace }), ...name };
  const review = { apiVersion: 'authorization.k8s.io/v1', kind: 'SelfSubjectAccessReview' };
  const body = JSON.stringify({ ...review, spec: { resourceAttributes: attributes } });
  const { status, body: answer } = await client.request({ method: 'POST', path, body }, within);
  // A cluster that does not tell is found out by the trials.
  if (status >= 400) return true;
  return (JSON.parse(answer) as { readonly status?: { readonly allowed?: boolean } }).status?.allowed === true;
}

/** Why the cluster does not take the objects of a campaign, or why that cannot be tried, one sentence for each reason. */
async function triedObjects(
  client: ClusterClient,
  campaign: string,
  { namespace, namespaceBody, nodeBody, priorityBodies, podBodies }: TrialObjects,
  within: Within,
): Promise<{ readonly refused: readonly string[]; readonly untried: readonly string[] }> {
  const found = await client.get<{ metadata: ObjectMeta }>(`/api/v1/namespaces/${namespace}`, within);
  if (found !== undefined && found.metadata.labels?.[LABELS.campaign] !== campaign)
    return { refused: [`namespace ${namespace} exists already and is not this campaign's`], untried: [] };
  const pods = new PodTrials(client, within);
  const created = (path: string, object: unknown) => (limits: Within) =>
    dryRun(client, path, JSON.stringify(object), limits);
  const trials = [
    ...(found === undefined ? [{ kind: 'a Namespace', try: created('/api/v1/namespaces', namespaceBody) }] : []),
    ...(nodeBody === undefined ? [] : [{ kind: 'a Node', try: created('/api/v1/nodes', nodeBody) }]),
    ...priorityBodies.map((body) => ({ kind: 'a PriorityClass', try: created(PRIORITIES, body) })),
    ...podBodies.map((body) => ({ kind: 'a Pod', try: (limits: Within) => pods.try(body, limits) })),
  ];
  const refused = new Set<string>();
  const untried = new Set<string>();
  await allAtOnce(trials, { atOnce: PREFLIGHT_AT_ONCE, signal: within.signal }, async (trial, signal) => {
    const came = await trial.try({ ...within, signal });
    if (came.outcome === 'refused') refused.add(`${trial.kind}: ${messageOf(came.error)}`);
    if (came.outcome === 'untried') untried.add(`${trial.kind} cannot be tried: ${came.why}`);
  });
  return { refused: [...refused], untried: [...untried] };
}

/** Pods that are going to be created in a namespace. */
export interface PodTrial {
  readonly namespace: string;
  /** JSON of a Pod of each shape. */
  readonly podBodies: readonly string[];
  /** How many Pods there will be at least. */
  readonly pods: number;
}

/**
 * Tries the Pods of a campaign in its own namespace, where quotas, limits and policies of its own may hold by now. Nothing is created.
 * @throws LastingRefusal naming what is refused, with the value and what is allowed
 */
export async function tryPods(
  client: ClusterClient,
  { namespace, podBodies, pods }: PodTrial,
  within: Within,
): Promise<void> {
  for (const body of podBodies) {
    const came = await triedPod(client, namespace, body, within);
    // What cannot be tried is found out when the Pods are created.
    if (came.outcome !== 'refused') continue;
    const { error } = came;
    // 422: a field of the Pods that no cluster takes stays what it is.
    const isLasting = error instanceof TargetRefusal || error.status === 422;
    throw isLasting ? new LastingRefusal(messageOf(error), error.status, error.reason) : error;
  }
  const quotas = await client
    .list(`/api/v1/namespaces/${namespace}/resourcequotas`, { pick: (quota: Quota) => quota }, within)
    .catch((cause: unknown) => {
      if (cause instanceof TargetRefusal) return { items: [] };
      throw cause;
    });
  const bodies = podBodies.map((body) => JSON.parse(body) as ScopedPod);
  for (const { metadata, spec, status } of quotas.items) {
    // One that counts only some of the Pods refuses those when they are created.
    if (!bodies.every((body) => countsPod(spec ?? {}, body))) continue;
    for (const name of ['pods', 'count/pods']) {
      const allowed = parseQuantity(spec?.hard?.[name] ?? '');
      const used = parseQuantity(status?.used?.[name] ?? '0') ?? 0;
      // What the campaign has made already, on a retry, counts as used.
      if (allowed === undefined || pods <= allowed) continue;
      throw new LastingRefusal(
        `namespace ${namespace}: the cluster refuses the load: quota ${metadata.name}: ${name}=${allowed} allowed, ${used} used, ${pods} wanted`,
        403,
        'Forbidden',
      );
    }
  }
}

/** What an API server says of a PriorityClass or a ServiceAccount that it has not heard of yet: its admission answers from caches. */
const UNHEARD_OF = /no PriorityClass with name|serviceaccount "[^"]*" not found/;

/** Tries a Pod that needs what was made a moment ago. It waits no longer than one call may take, which is what `seed` has time for. */
async function triedPod(client: ClusterClient, namespace: string, body: string, within: Within): Promise<DryRun> {
  const untilMs = performance.now() + Math.min(ADMISSION_LAG_MS, within.budgetMs);
  for (;;) {
    const came = await dryRun(client, podsPath(namespace), body, within);
    const isLate = came.outcome === 'refused' && UNHEARD_OF.test(came.error.message);
    if (!isLate || performance.now() > untilMs) return came;
    await pause(API_FIRST_BACKOFF_MS, within.signal);
  }
}

interface Quota {
  readonly metadata: ObjectMeta;
  readonly spec?: QuotaScopes & { readonly hard?: Readonly<Record<string, string>> };
  readonly status?: { readonly used?: Readonly<Record<string, string>> };
}
