import type { ConnectionOptions } from '@temporalio/client';
import { loadClientConfigProfile, toClientOptions } from '@temporalio/envconfig';
import { existsSync } from 'node:fs';
import { CREDENTIAL_BYTES } from '../../core/plan/limits.ts';
import { readLimitedFile } from '../host/limited-text.ts';
import { readStackRecord } from './stack-record.ts';
import { proxyOf, type Proxy } from '../../core/model/proxy.ts';
import { controlCharacterIn } from '../../core/text/control-character.ts';
import { messageOf } from '../../core/text/message-of.ts';

/** Which Temporal is meant, and how it is connected to (for clients and for workers). */
export interface TemporalTarget {
  /** A server that somebody else runs, named by TEMPORAL_*; we start and stop nothing there. */
  readonly external: boolean;
  readonly address: string;
  readonly namespace: string;
  /** Address, TLS, API key, metadata. Holds secrets: never log or keep it. */
  readonly connection: Pick<ConnectionOptions, 'address' | 'apiKey' | 'metadata'> & {
    readonly tls?: NonNullable<ConnectionOptions['tls']>;
  };
  /** The proxy on the way to it. It may hold a password. */
  readonly proxy?: Proxy;
}

/** Port of a server whose address has none, as the SDK adds it. */
const DEFAULT_PORT = '7233';

/** Any of these says that a server is meant which is there already. */
const NAMING_VARIABLES = ['TEMPORAL_ADDRESS', 'TEMPORAL_PROFILE', 'TEMPORAL_CONFIG_FILE'] as const;

/**
 * The server named by TEMPORAL_* (address, namespace, profile of the TOML file, TLS, API key, read as every Temporal SDK
 * reads them); undefined when none is, and the dev server is meant. A config file in the user's home alone names none.
 * @throws Error when what is named cannot be read
 */
export function externalTarget(): TemporalTarget | undefined {
  const named = NAMING_VARIABLES.filter((name) => (process.env[name] ?? '') !== '');
  if (named.length === 0) return undefined;
  try {
    const { connectionOptions, namespace } = toClientOptions(withFiles(profileOf()));
    const address = connectionOptions.address ?? 'localhost:7233';
    const { apiKey, metadata, tls } = connectionOptions;
    const found = typeof apiKey === 'string' ? controlCharacterIn(apiKey) : undefined;
    if (found !== undefined)
      throw new Error(`TEMPORAL_API_KEY, or api_key of its file, has ${found}; allowed: one line`);
    const proxy = proxyOf('grpc', hostAndPort(address), process.env);
    return {
      external: true,
      address,
      namespace: namespace ?? 'default',
      connection: {
        address,
        ...(apiKey === undefined ? {} : { apiKey }),
        ...(metadata === undefined ? {} : { metadata }),
        ...(tls === undefined || tls === null ? {} : { tls }),
      },
      ...(proxy === undefined ? {} : { proxy }),
    };
  } catch (cause) {
    throw new Error(`the Temporal server named by ${named.join(', ')} cannot be read: ${messageOf(cause)}`, {
      cause,
    });
  }
}

type ClientProfile = ReturnType<typeof loadClientConfigProfile>;
type Source = NonNullable<NonNullable<ClientProfile['tls']>['clientCert']>;

/** As every SDK reads it, but for files that are no plain ones. */
function profileOf(): ClientProfile {
  const file = process.env['TEMPORAL_CONFIG_FILE'] || undefined;
  if (file === undefined || !existsSync(file)) return loadClientConfigProfile();
  return loadClientConfigProfile({ configSource: { data: readLimitedFile(file, CREDENTIAL_BYTES) } });
}

/** A profile with the content of the files that it names for TLS. */
function withFiles(profile: ClientProfile): ClientProfile {
  // What is switched off need not be there.
  if (profile.tls === undefined || profile.tls.disabled === true) return profile;
  const { clientCert, clientKey, serverCACert, ...rest } = profile.tls;
  return {
    ...profile,
    tls: {
      ...rest,
      ...(clientCert === undefined ? {} : { clientCert: withContent(clientCert) }),
      ...(clientKey === undefined ? {} : { clientKey: withContent(clientKey) }),
      ...(serverCACert === undefined ? {} : { serverCACert: withContent(serverCACert) }),
    },
  };
}

function withContent(source: Source): Source {
  return 'path' in source ? { data: readLimitedFile(source.path, CREDENTIAL_BYTES) } : source;
}

/** The dev server of this checkout as last started; whether it still runs is another question. Undefined before its first start. */
export function devServerTarget(): TemporalTarget | undefined {
  const record = readStackRecord();
  if (record === undefined) return undefined;
  const { address, namespace } = record;
  return { external: false, address, namespace, connection: { address } };
}

/** The Temporal that commands and workers use. @throws Error saying how to start one when there is none */
export function temporalTarget(): TemporalTarget {
  const target = externalTarget() ?? devServerTarget();
  if (target === undefined) {
    throw new Error('no Temporal server: "./belay up" starts one here, TEMPORAL_ADDRESS names one that runs already');
  }
  return target;
}

/** An address in its parts, an IPv6 address without brackets. */
export function hostAndPort(address: string): { readonly host: string; readonly port: number } {
  const [, host = address, port = DEFAULT_PORT] = /^(\[[^\]]*\]|[^:]*)(?::(\d+))?$/.exec(address) ?? [];
  return { host: host.replace(/^\[(.*)\]$/, '$1'), port: Number(port) };
}
