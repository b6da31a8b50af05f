import { execPluginOf, type ExecPlugin } from './exec-plugin.ts';
import { headerText, impersonationHeaders, type Headers } from './impersonation.ts';
import { KubeconfigProblem } from './kubeconfig-problem.ts';
import { proxyOf, type Environment } from './proxy-of.ts';
import { textOf, type SelectedContext } from './select-context.ts';
import { serverAddress, shownAddress, type ServerAddress } from './server-address.ts';

/** Text that lies in a file, or in the kubeconfig itself. */
export type Held = { readonly file: string } | { readonly text: string };

/** How a context is reached and who it is, checked in form. Nothing of it was read from files or asked for yet. */
export interface ClusterAccess {
  readonly context: string;
  readonly cluster: string;
  readonly user: string;
  readonly server: ServerAddress;
  readonly proxy: URL | undefined;
  readonly tls: {
    readonly ca: Held | undefined;
    readonly cert: Held | undefined;
    readonly key: Held | undefined;
    /** Name that the certificate is checked against; empty = the server's. */
    readonly serverName: string;
    readonly insecure: boolean;
  };
  /** The token of the kubeconfig; empty = none. A token file counts before it. */
  readonly token: string;
  /** Empty = none. */
  readonly tokenFile: string;
  readonly exec: ExecPlugin | undefined;
  /** The old way of a login by OpenID Connect, as it is in the kubeconfig. */
  readonly oidc: Readonly<Record<string, string>> | undefined;
  readonly impersonation: Headers;
}

/** What a user sees of an access: no secrets. */
export interface AccessName {
  readonly context: string;
  readonly cluster: string;
  readonly server: string;
  /** Empty: the context names no user. */
  readonly user: string;
}

/**
 * Checks how a context is reached, and refuses what cannot work or what Belay does not do.
 * @param environment of the shell: its proxies count where the cluster names none
 * @throws KubeconfigProblem naming context, entry and field
 */
export function clusterAccess(selected: SelectedContext, environment: Environment): ClusterAccess {
  const { context, cluster, user, clusterFields, userFields } = selected;
  const ofCluster = `context ${context}: cluster "${cluster}"`;
  const ofUser = `context ${context}: user "${user}"`;
  const ca = held(clusterFields, 'certificate-authority', ofCluster);
  const insecure = clusterFields['insecure-skip-tls-verify'] === true;
  if (insecure && ca !== undefined) {
    throw new KubeconfigProblem(
      `${ofCluster}: insecure-skip-tls-verify and certificate-authority exclude each other; remove one of them`,
    );
  }
  const cert = held(userFields, 'client-certificate', ofUser);
  const key = held(userFields, 'client-key', ofUser);
  if ((cert === undefined) !== (key === undefined)) {
    const [has, lacks] =
      cert === undefined ? ['client-key', 'client-certificate'] : ['client-certificate', 'client-key'];
    throw new KubeconfigProblem(`${ofUser}: it has a ${has} and no ${lacks}`);
  }
  const hasTls = ca !== undefined || cert !== undefined || insecure;
  const server = serverAddress(textOf(clusterFields, 'server'), hasTls, ofCluster);
  refusePassword(userFields, ofUser);
  const token = headerText(textOf(userFields, 'token'), `${ofUser}: token`);
  const exec = execPluginOf(selected, ofUser);
  const oidc = oidcOf(userFields, ofUser);
  if (exec !== undefined && oidc !== undefined)
    throw new KubeconfigProblem(`${ofUser}: exec and auth-provider exclude each other; remove one of them`);
  return {
    context,
    cluster,
    user,
    server,
    proxy: proxyOf(server, textOf(clusterFields, 'proxy-url'), environment, ofCluster),
    tls: { ca, cert, key, serverName: textOf(clusterFields, 'tls-server-name'), insecure },
    token,
    tokenFile: textOf(userFields, 'tokenFile'),
    exec,
    oidc,
    impersonation: impersonationHeaders(userFields, ofUser),
  };
}

/** What a user sees of an access. */
export function nameOfAccess({ context, cluster, server, user }: ClusterAccess): AccessName {
  return { context, cluster, server: shownAddress(server), user };
}

/** An access in one line: `cluster staging at https://192.0.2.1:6443, context x, user y`. */
export function accessInWords({ context, cluster, server, user }: AccessName): string {
  return `cluster ${cluster} at ${server}, context ${context}, ${user === '' ? 'no user' : `user ${user}`}`;
}

/** A field that may be a file or hold its data itself, which counts first. */
function held(fields: SelectedContext['userFields'], name: string, what: string): Held | undefined {
  const data = textOf(fields, `${name}-data`);
  const file = textOf(fields, name);
  if (data === '') return file === '' ? undefined : { file };
  try {
    return { text: atob(data.replaceAll(/\s/g, '')) };
  } catch (cause) {
    throw new KubeconfigProblem(`${what}: ${name}-data: it is not Base64`, { cause });
  }
}

function refusePassword(fields: SelectedContext['userFields'], what: string): void {
  if (textOf(fields, 'username') === '' && textOf(fields, 'password') === '') return;
  throw new KubeconfigProblem(
    `${what}: it has a user name and a password, which API servers take no longer since Kubernetes 1.19; use a token, a client certificate or an exec plugin`,
  );
}

function oidcOf(fields: SelectedContext['userFields'], what: string): ClusterAccess['oidc'] {
  const provider = fields['auth-provider'] as { readonly name?: unknown; readonly config?: unknown } | null | undefined;
  if (provider === null || provider === undefined) return undefined;
  const name = typeof provider.name === 'string' ? provider.name : '';
  if (name === '') throw new KubeconfigProblem(`${what}: auth-provider: it has no name`);
  if (name !== 'oidc') {
    const instead = { gcp: 'gke-gcloud-auth-plugin', azure: 'kubelogin' }[name];
    throw new KubeconfigProblem(
      `${what}: auth-provider ${name} is no longer in Kubernetes clients since 1.26; use an exec plugin${instead === undefined ? '' : `, here ${instead}`}`,
    );
  }
  const config = Object.entries((provider.config ?? {}) as Readonly<Record<string, unknown>>);
  return Object.fromEntries(config.map(([key, value]) => [key, String(value)]));
}
