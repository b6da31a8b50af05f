import { EnvHttpProxyAgent, fetch } from 'undici';
import { downloadProxies } from '../../core/model/proxy.ts';
import { HTTP_CONNECT_MS, REACHABLE_MS } from '../../core/plan/limits.ts';

const answers = new Map<string, Promise<boolean>>();

/** The way out for downloads: through HTTPS_PROXY and its like where they are set, for other machines. */
export const downloadAgent: EnvHttpProxyAgent = new EnvHttpProxyAgent({
  ...downloadProxies(process.env),
  connect: { timeout: HTTP_CONNECT_MS },
  headersTimeout: 15_000,
  bodyTimeout: 15_000,
});

/**
 * Whether a server answers at all, whatever it says. Asked once per origin in the life of this process, for at most 3 s;
 * a machine without a way out learns it here and not by waiting for every download.
 */
export async function canReach(url: string): Promise<boolean> {
  const { origin } = new URL(url);
  const known = answers.get(origin);
  if (known !== undefined) return known;
  const answer = fetch(origin, {
    method: 'HEAD',
    redirect: 'manual',
    dispatcher: downloadAgent,
    signal: AbortSignal.timeout(REACHABLE_MS),
  }).then(
    () => true,
    () => false,
  );
  answers.set(origin, answer);
  return answer;
}
