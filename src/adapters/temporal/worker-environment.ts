import { delimiter, resolve } from 'node:path';

/** The settings of Belay and Temporal, and what it takes to get out of this machine; nothing else of the user's environment. */
const PASSED_ON =
  /^(BELAY_|TEMPORAL_|KUBECONFIG$|NODE_EXTRA_CA_CERTS$|SSL_CERT_|(HTTPS?|NO)_PROXY$|(https?|no)_proxy$|XDG_CACHE_HOME$|NODE_COMPILE_CACHE$)/;
/** Paths among them, one or several: the worker works in another folder than the process that starts it. */
const PATHS =
  /^(BELAY_(HOME|CACHE|RUNS|PATH)|KUBECONFIG|TEMPORAL_CONFIG_FILE|TEMPORAL_TLS_\w+_PATH|NODE_EXTRA_CA_CERTS|SSL_CERT_FILE|SSL_CERT_DIR)$/;

/** What a worker in the background gets of an environment, with its paths made absolute. It may hold an API key. */
export function workerEnvironment(environment: Readonly<Record<string, string | undefined>>): Record<string, string> {
  const passed: Record<string, string> = {};
  for (const [name, value] of Object.entries(environment)) {
    if (value === undefined || value === '' || !PASSED_ON.test(name)) continue;
    passed[name] = PATHS.test(name) ? absolute(value) : value;
  }
  return passed;
}

function absolute(paths: string): string {
  return paths
    .split(delimiter)
    .filter((path) => path !== '')
    .map((path) => resolve(path))
    .join(delimiter);
}
