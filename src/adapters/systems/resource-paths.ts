import { setTimeout as sleep } from 'node:timers/promises';
import type { ClusterClient } from '../kube/client.ts';
import { KubeError } from '../kube/kube-error.ts';
import type { Within } from '../kube/transport.ts';
import type { ManifestObject } from './manifests.ts';

interface ApiResource {
  readonly name: string;
  readonly kind: string;
  readonly namespaced: boolean;
}

const POLL_MS = 200;

/** Finds the API path of objects by their kind, as the server itself tells it; what it told is remembered. */
export class ResourcePaths {
  readonly #client: ClusterClient;
  readonly #known = new Map<string, readonly ApiResource[]>();

  constructor(client: ClusterClient) {
    this.#client = client;
  }

  /** Path of an object; undefined when the server does not serve its kind. */
  async find(object: ManifestObject, within: Within): Promise<string | undefined> {
    const { apiVersion, kind, metadata } = object;
    const base = apiVersion.includes('/') ? `/apis/${apiVersion}` : `/api/${apiVersion}`;
    const isThis = (each: ApiResource): boolean => each.kind === kind && !each.name.includes('/');
    let resource = this.#known.get(base)?.find(isThis);
    if (resource === undefined) {
      const listed = await this.#client.get<{ resources: ApiResource[] }>(base, within);
      this.#known.set(base, listed?.resources ?? []);
      resource = this.#known.get(base)?.find(isThis);
    }
    if (resource === undefined) return undefined;
    const scope = resource.namespaced ? `/namespaces/${metadata.namespace ?? 'default'}` : '';
    return `${base}${scope}/${resource.name}/${metadata.name}`;
  }

  /** Path of an object, waiting until its kind is served: right after its CRD was made it is not. @throws KubeError */
  async await(object: ManifestObject, within: Within): Promise<string> {
    const until = performance.now() + within.budgetMs;
    for (;;) {
      const path = await this.find(object, { ...within, budgetMs: Math.max(1, until - performance.now()) });
      if (path !== undefined) return path;
      if (performance.now() + POLL_MS > until) {
        throw new KubeError(`${object.apiVersion} ${object.kind} is not served after ${within.budgetMs} ms`, 404);
      }
      await sleep(POLL_MS, undefined, { signal: within.signal });
    }
  }
}
