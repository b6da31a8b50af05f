import { API_LIST_OBJECTS, API_LIST_PAGES, LIST_PAGE, LIST_STARTS } from '../../core/plan/limits.ts';
import { readAccess } from './credentials.ts';
import { KubeError, refusal, statusOf } from './kube-error.ts';
import type { Patience } from './patience.ts';
import { Transport } from './transport.ts';
import type { ApiAnswer, ApiRequest, Within } from './api-request.ts';

/** Objects of a list, as many of their fields as the reader keeps. */
export interface Listed<Kept> {
  readonly items: Kept[];
  /** Where a watch goes on from. */
  readonly resourceVersion: string;
}

/** Which objects of a collection are meant. */
export interface Selection {
  readonly labelSelector?: string;
  readonly fieldSelector?: string;
}

/** How a collection is listed. */
interface ListOptions<Kept> extends Selection {
  readonly metadataOnly?: boolean;
  readonly pick: (item: never) => Kept;
  readonly onPage?: () => void;
}

/** What all Kubernetes objects have in common. */
export interface ObjectMeta {
  readonly name: string;
  readonly namespace?: string;
  readonly uid: string;
  readonly resourceVersion: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly finalizers?: readonly string[];
  readonly deletionTimestamp?: string;
}

/** Kinds of patch the API server takes. */
export type PatchType = 'merge' | 'json' | 'strategic-merge';

const METADATA_ONLY = 'application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1,application/json';

/**
 * Connects to the cluster of a kubeconfig (`kubeconfigPath` empty = the user's own, `context` empty = its current one).
 * Requests share `connections` connections.
 * @throws Error when the kubeconfig does not name a cluster that can be reached
 */
export async function connectCluster(request: {
  readonly kubeconfigPath: string;
  readonly context?: string;
  readonly connections?: number;
}): Promise<ClusterClient> {
  const access = await readAccess(request.kubeconfigPath, request.context ?? '');
  return new ClusterClient(access.server, new Transport(access, request.connections ?? 64));
}

/**
 * The API of one cluster. Every call ends when its signal aborts (with the signal's reason) or its budget is used up
 * (KubeError); what already exists or is already gone is a result, not an error.
 */
export class ClusterClient {
  readonly server: string;
  readonly #transport: Transport;
  readonly #patience: Patience | undefined;

  constructor(server: string, transport: Transport, patience?: Patience) {
    this.server = server;
    this.#transport = transport;
    this.#patience = patience;
  }

  /**
   * This client for a load: its requests wait for a server that refuses or does not answer. A budget is then the time of the first
   * attempt, and `patience` decides when a request ends. It shares the connections.
   */
  patient(patience: Patience): ClusterClient {
    return new ClusterClient(this.server, this.#transport, patience);
  }

  /** Any request; the answer whatever its status, after retries. */
  request(request: ApiRequest, within: Within): Promise<ApiAnswer> {
    const patience = this.#patience;
    return patience === undefined
      ? this.#transport.send(request, within)
      : this.#transport.sendPatiently(request, within, patience);
  }

  /**
   * Sends a request once and gives its answer whatever its status, e.g. to find out whether the API server is well.
   * @throws the signal's reason; KubeError when no answer comes within the budget
   */
  ask(request: ApiRequest, within: Within): Promise<ApiAnswer> {
    return this.#transport.once(request, within);
  }

  /** The object at a path; undefined when there is none. */
  async get<T>(path: string, within: Within): Promise<T | undefined> {
    const { status, body } = await this.request({ method: 'GET', path }, within);
    if (status === 404) return undefined;
    if (status !== 200) throw refusal('GET', path, status, body);
    return objectIn('GET', path, body) as T;
  }

  /**
   * All objects of a collection, page by page. Every page has the whole budget, so that a long list on a slow server is late
   * and not broken. `pick` keeps what the caller needs of an object; the type of its parameter is what the caller expects. A list
   * whose pages expire, or whose pages show different versions, starts again. With `metadataOnly` the server sends only metadata.
   * `onPage` is called after each page that was answered.
   * @throws KubeError when the list is not complete
   */
  async list<Kept>(path: string, options: ListOptions<Kept>, within: Within): Promise<Listed<Kept>> {
    for (let start = 0; start < LIST_STARTS; start += 1) {
      const listed = await this.#pages(path, options, within);
      if (listed !== undefined) return listed;
    }
    throw new KubeError(`GET ${path}: the list expired before its last page ${LIST_STARTS} times`, 410, 'Expired');
  }

  /** Creates an object; the text is sent as it is. `attempts` beyond the first are retries. */
  async create(
    path: string,
    body: string,
    within: Within,
  ): Promise<{ readonly outcome: 'created' | 'exists'; readonly attempts: number }> {
    const answer = await this.request({ method: 'POST', path, body, ignoreBody: true }, within);
    if (answer.status === 409 && statusOf(answer.body).reason === 'AlreadyExists') {
      return { outcome: 'exists', attempts: answer.attempts };
    }
    if (answer.status >= 300) throw refusal('POST', path, answer.status, answer.body);
    return { outcome: 'created', attempts: answer.attempts };
  }

  /**
   * Deletes an object, by default with the grace its kind has. `uid` given: only that very one. `foreground`: it stays,
   * being deleted, until what it owns is gone. `keepBody`: returns the text of the answer, for Pods their last state.
   */
  async delete(
    path: string,
    options: {
      readonly gracePeriodSeconds?: number;
      readonly uid?: string;
      readonly foreground?: boolean;
      readonly keepBody?: boolean;
    },
    within: Within,
  ): Promise<{ readonly outcome: 'deleted' | 'absent'; readonly attempts: number; readonly body?: string }> {
    const { gracePeriodSeconds, uid, foreground, keepBody = false } = options;
    const body = JSON.stringify({
      kind: 'DeleteOptions',
      apiVersion: 'v1',
      propagationPolicy: foreground === true ? 'Foreground' : 'Background',
      ...(gracePeriodSeconds === undefined ? {} : { gracePeriodSeconds }),
      ...(uid === undefined ? {} : { preconditions: { uid } }),
    });
    const answer = await this.request({ method: 'DELETE', path, body, ignoreBody: !keepBody }, within);
    // A conflict is another object under the same name: the one that was meant is gone.
    if (answer.status === 404 || (answer.status === 409 && uid !== undefined)) {
      return { outcome: 'absent', attempts: answer.attempts };
    }
    if (answer.status >= 300) throw refusal('DELETE', path, answer.status, answer.body);
    const { attempts } = answer;
    return keepBody ? { outcome: 'deleted', attempts, body: answer.body } : { outcome: 'deleted', attempts };
  }

  /** Asks for the deletion of all selected objects of a collection. */
  async deleteCollection(path: string, selection: Selection, within: Within): Promise<void> {
    const target = withQuery(path, { ...selection });
    const { status, body } = await this.request({ method: 'DELETE', path: target, ignoreBody: true }, within);
    if (status >= 300 && status !== 404) throw refusal('DELETE', target, status, body);
  }

  /** Patches an object and returns it; undefined when there is none. */
  async patch<T>(path: string, type: PatchType, patch: unknown, within: Within): Promise<T | undefined> {
    const request: ApiRequest = {
      method: 'PATCH',
      path,
      body: JSON.stringify(patch),
      contentType: `application/${type}-patch+json`,
    };
    const { status, body } = await this.request(request, within);
    if (status === 404) return undefined;
    if (status >= 300) throw refusal('PATCH', path, status, body);
    return objectIn('PATCH', path, body) as T;
  }

  /** Opens a watch; see `watchPods` for one that keeps itself alive. */
  open(path: string, signal: AbortSignal): ReturnType<Transport['open']> {
    return this.#transport.open(path, signal);
  }

  /** The API server's version, e.g. `v1.37.2`. */
  async version(within: Within): Promise<string> {
    const version = await this.get<{ gitVersion: string }>('/version', within);
    if (version === undefined) throw new KubeError(`GET /version: 404, ${this.server} is no API server`, 404);
    return version.gitVersion;
  }

  /** Requests sent so far, by method and status (`error` = no answer), retries included: `{ "POST 201": 400 }`. */
  counts(): Readonly<Record<string, number>> {
    return this.#transport.counts();
  }

  /** Cuts every connection; calls under way fail. */
  close(): Promise<void> {
    return this.#transport.close();
  }

  /** Undefined when the continue token expired on the way, or when a later page shows another version than the first one. */
  async #pages<Kept>(path: string, options: ListOptions<Kept>, within: Within): Promise<Listed<Kept> | undefined> {
    const items: Kept[] = [];
    let version: string | undefined;
    let next = '';
    for (let pages = 1; ; pages++) {
      const target = withQuery(path, {
        ...options,
        limit: String(LIST_PAGE),
        ...(next === '' ? {} : { continue: next }),
      });
      const accept = options.metadataOnly === true ? { accept: METADATA_ONLY } : {};
      const { pick, onPage } = options;
      const {
        status,
        body,
        items: found = [],
      } = await this.request({ method: 'GET', path: target, ...accept, pick }, within);
      if (status === 410) return undefined;
      if (status !== 200) throw refusal('GET', target, status, body);
      const page = readPage(target, body);
      onPage?.();
      version ??= page.resourceVersion;
      if (page.resourceVersion !== version) return undefined;
      for (const item of found) items.push(item as Kept);
      if (items.length > API_LIST_OBJECTS)
        throw new KubeError(`GET ${path}: the list has more than ${API_LIST_OBJECTS} objects`, status);
      if (page.next === '') return { items, resourceVersion: version };
      if (page.next === next) throw new KubeError(`GET ${target}: the page refers to itself as the next one`, status);
      if (pages === API_LIST_PAGES) throw new KubeError(`GET ${path}: the list has more than ${pages} pages`, status);
      next = page.next;
    }
  }
}

/** The object that an answer has. A page of a proxy is none. @throws KubeError */
function objectIn(method: string, path: string, body: string): object {
  let found: unknown;
  try {
    found = JSON.parse(body);
  } catch {
    // Said below.
  }
  if (typeof found === 'object' && found !== null) return found;
  throw new KubeError(`${method} ${path}: 200, the answer is no object: ${body.slice(0, 100)}`, 200);
}

/**
 * One page of a list, without its objects. `next` is the token of the page after it, empty on the last one.
 * @throws KubeError when it is no page
 */
function readPage(path: string, body: string): { readonly resourceVersion: string; readonly next: string } {
  const { items, metadata } = parseList(body);
  // An empty list may be null. An answer without a list shows nothing about the collection.
  if (items !== null && !Array.isArray(items)) {
    throw new KubeError(`GET ${path}: the answer is not a list: ${body.slice(0, 100)}`, 200);
  }
  const resourceVersion = metadata?.resourceVersion ?? '';
  const next = metadata?.continue ?? '';
  if (typeof resourceVersion !== 'string' || typeof next !== 'string')
    throw new KubeError(`GET ${path}: the answer is not a list: its version or its continue is no text`, 200);
  return { resourceVersion, next };
}

function parseList(body: string): {
  readonly items?: unknown;
  readonly metadata?: { readonly resourceVersion?: unknown; readonly continue?: unknown } | null;
} {
  try {
    return (JSON.parse(body) ?? {}) as ReturnType<typeof parseList>;
  } catch {
    return {};
  }
}

/** A path with selectors and other parameters as its query. */
export function withQuery(path: string, parameters: Readonly<Record<string, unknown>>): string {
  const query = new URLSearchParams();
  for (const name of ['labelSelector', 'fieldSelector', 'limit', 'continue', 'watch', 'resourceVersion'] as const) {
    const value = parameters[name];
    if (typeof value === 'string' && value !== '') query.set(name, value);
  }
  return query.size === 0 ? path : `${path}?${query.toString()}`;
}
