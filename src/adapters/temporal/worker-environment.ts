import { delimiter, resolve } from 'node:path';
import { ADVERTISE_VARIABLE } from '../fleet/advertised-address.ts';
import { CAPACITY_VARIABLE } from '../host/host-capacity.ts';

/** The settings of Belay and Temporal, and what it takes to get out of this machine; nothing else of the user's environment. */
const PASSED_ON =
  /^(BELAY_|TEMPORAL_|KUBECONFIG$|NODE_EXTRA_CA_CERTS$|SSL_CERT_|(HTTPS?|ALL|NO|GRPC)_PROXY$|(https?|all|no|grpc)_proxy$|XDG_CACHE_HOME$|NODE_COMPILE_CACHE$)/;
/** What opens the store of evidence, for a worker that has one. */
const OF_STORE = /^AWS_/;
/** Paths among them, one or several: the worker works in another folder than the process that starts it. */
const PATHS =
  /^(BELAY_(HOME|CACHE|RUNS|PATH|FLEET_SECRET_FILE)|AWS_(SHARED_CREDENTIALS_FILE|CONFIG_FILE|WEB_IDENTITY_TOKEN_FILE|CA_BUNDLE)|KUBECONFIG|TEMPORAL_CONFIG_FILE|TEMPORAL_TLS_\w+_PATH|NODE_EXTRA_CA_CERTS|SSL_CERT_FILE|SSL_CERT_DIR)$/;

const HOST_VARIABLES = [CAPACITY_VARIABLE, ADVERTISE_VARIABLE] as const;

/** What a worker in the background gets of an environment, with its paths made absolute. It may hold an API key. */
export function workerEnvironment(environment: Readonly<Record<string, string | undefined>>): Record<string, string> {
  const passed: Record<string, string> = {};
  const hasStore = Boolean(environment['BELAY_EVIDENCE']);
  for (const [name, value] of Object.entries(environment)) {
    if (value === undefined || value === '') continue;
    if (!PASSED_ON.test(name) && !(hasStore && OF_STORE.test(name))) continue;
    passed[name] = PATHS.test(name) ? absolute(value) : value;
  }
  return passed;
}

/** The settings about its host that a worker in the background got, as far as they are set. */
export function hostSettings(environment: Readonly<Record<string, string | undefined>>): Record<string, string> {
  return Object.fromEntries(
    HOST_VARIABLES.flatMap((name) => {
      const value = environment[name];
      return value === undefined || value === '' ? [] : [[name, value] as const];
    }),
  );
}

function absolute(paths: string): string {
  return paths
    .split(delimiter)
    .filter((path) => path !== '')
    .map((path) => resolve(path))
    .join(delimiter);
}
