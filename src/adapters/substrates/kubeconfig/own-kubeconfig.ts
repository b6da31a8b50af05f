import { stringify } from 'yaml';
import { clusterAccess, nameOfAccess, type AccessName } from '../../../core/kubeconfig/cluster-access.ts';
import { extensionsOf, SHELL_EXTENSION } from '../../../core/kubeconfig/exec-plugin.ts';
import type { Fields } from '../../../core/kubeconfig/kubeconfig-text.ts';
import type { Environment } from '../../../core/kubeconfig/proxy-of.ts';
import type { SelectedContext } from '../../../core/kubeconfig/select-context.ts';

/** The shell in which a campaign was typed: programs and proxies of a kubeconfig are used as they would be there. */
export interface Shell {
  readonly folder: string;
  readonly env: Environment;
}

/** A kubeconfig of our own, with one context and what belongs to it. */
export interface OwnKubeconfig {
  readonly name: AccessName;
  /** It may hold secrets, as the one it is taken from. */
  readonly text: string;
}

/** The settings of Belay and Temporal, keys among them, are nothing that a program for a cluster's credentials needs. */
const NOT_PASSED_ON = /^(BELAY_|TEMPORAL_|NODE_OPTIONS$|NODE_COMPILE_CACHE$)/;

/**
 * A kubeconfig that leads where a context leads in a shell, wherever it is used: with the proxy that the shell's environment names,
 * and for a program with that environment itself.
 * @throws KubeconfigProblem when the context cannot be used
 */
export function ownKubeconfig(selected: SelectedContext, shell: Shell): OwnKubeconfig {
  const access = clusterAccess(selected, shell.env);
  const { context, cluster, user } = selected;
  // For Go's clients, helm among them, socks5 leaves names to the proxy, and socks5h is unknown.
  const proxy = access.proxy === undefined ? {} : { 'proxy-url': access.proxy.href.replace(/^socks5h:/, 'socks5:') };
  const own = {
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': context,
    contexts: [{ name: context, context: { cluster, ...(user === '' ? {} : { user }) } }],
    clusters: [
      { name: cluster, cluster: { ...selected.clusterFields, server: nameOfAccess(access).server, ...proxy } },
    ],
    users: user === '' ? [] : [{ name: user, user: withShell(selected.userFields, shell) }],
  };
  return { name: nameOfAccess(access), text: stringify(own) };
}

/** A user whose program finds the shell's folder and environment again. Other users need neither. */
function withShell(fields: Fields, { folder, env }: Shell): Fields {
  const exec = fields['exec'] as Fields | null | undefined;
  if (exec === null || exec === undefined) return fields;
  const known = extensionsOf(fields);
  // A copy of a copy keeps the shell of the first.
  if (known.some(({ name }) => name === SHELL_EXTENSION)) return fields;
  const passed = Object.entries(env).filter(([name, value]) => value !== undefined && !NOT_PASSED_ON.test(name));
  const own = (exec['env'] ?? []) as readonly Fields[];
  return {
    ...fields,
    // Helm runs the program itself and reads no extensions.
    exec: { ...exec, env: [...passed.map(([name, value]) => ({ name, value })), ...own] },
    extensions: [...known, { name: SHELL_EXTENSION, extension: { folder, env: Object.fromEntries(passed) } }],
  };
}
