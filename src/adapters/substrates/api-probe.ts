import { request } from 'node:https';
import type { RequestOptions } from 'node:https';
import { request as plainRequest } from 'node:http';
import { KubeConfig } from '@kubernetes/client-node';
import { HEALTH_ANSWER_MS } from '../../core/plan/limits.ts';
import { messageOf } from '../../core/text/message-of.ts';

/** What a question was answered with. */
export interface Answer {
  readonly status: number;
  readonly body: string;
}

/** Identity and state of a cluster, as its API tells it. */
export interface ApiHealth {
  /** UID of the namespace kube-system: the cluster's own. */
  readonly uid: string;
  readonly nodes: number;
}

/** Asks the API server of a kubeconfig. */
export class ApiProbe {
  readonly #config: KubeConfig;

  /** `context` empty = the kubeconfig's current one. @throws Error when the file or the context is not there */
  constructor(kubeconfigPath: string, context: string) {
    this.#config = new KubeConfig();
    this.#config.loadFromFile(kubeconfigPath);
    if (context !== '') {
      if (this.#config.getContextObject(context) === null) {
        const known = this.#config.getContexts().map((each) => each.name);
        throw new Error(`${kubeconfigPath}: no context "${context}", it has: ${known.join(', ') || 'none'}`);
      }
      this.#config.setCurrentContext(context);
    }
    if (this.#config.getCurrentCluster() === null) throw new Error(`${kubeconfigPath}: the context names no cluster`);
  }

  /** The kubeconfig, with its context set. */
  get config(): KubeConfig {
    return this.#config;
  }

  /** One GET, bounded. @throws Error when nothing answers */
  async get(path: string, signal: AbortSignal): Promise<Answer> {
    const server = this.#config.getCurrentCluster()?.server ?? '';
    const url = new URL(path, server.endsWith('/') ? server : `${server}/`);
    const options: RequestOptions = { method: 'GET', headers: { accept: 'application/json' } };
    await this.#config.applyToHTTPSOptions(options);
    options.signal = AbortSignal.any([signal, AbortSignal.timeout(HEALTH_ANSWER_MS)]);
    return new Promise((done, fail) => {
      const asked = (url.protocol === 'https:' ? request : plainRequest)(url, options, (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('error', fail);
        response.on('end', () =>
          done({ status: response.statusCode ?? 0, body: Buffer.concat(chunks).toString('utf8') }),
        );
      });
      asked.on('error', fail);
      asked.end();
    });
  }

  /** Undefined when the API server says that it is ready, else what it says. */
  async notReady(signal: AbortSignal): Promise<string | undefined> {
    try {
      const { status, body } = await this.get('readyz', signal);
      if (status === 200) return undefined;
      return `/readyz answers ${status}: ${firstFailedCheck(body)}`;
    } catch (cause) {
      return `/readyz: ${messageOf(cause)}`;
    }
  }

  /**
   * Health by real calls: /readyz, the namespace kube-system, a list of Nodes.
   * @throws Error naming the call that was not answered well
   */
  async health(signal: AbortSignal): Promise<ApiHealth> {
    const reason = await this.notReady(signal);
    if (reason !== undefined) throw new Error(reason);
    const namespace = await this.#json<{ metadata: { uid: string } }>('api/v1/namespaces/kube-system', signal);
    const nodes = await this.#json<{ items: unknown[]; metadata: { remainingItemCount?: number } }>(
      'api/v1/nodes?limit=1',
      signal,
    );
    return { uid: namespace.metadata.uid, nodes: nodes.items.length + (nodes.metadata.remainingItemCount ?? 0) };
  }

  async #json<T>(path: string, signal: AbortSignal): Promise<T> {
    const { status, body } = await this.get(path, signal);
    if (status !== 200) throw new Error(`GET /${path} answers ${status}: ${body.slice(0, 200)}`);
    return JSON.parse(body) as T;
  }
}

function firstFailedCheck(body: string): string {
  return body.split('\n').find((line) => line.startsWith('[-]')) ?? body.slice(0, 200);
}
