import type { NativeConnectionOptions } from '@temporalio/worker';
import type { TemporalTarget } from './target.ts';

/** How a worker gets to a server: by the same way as the command line. */
export function nativeConnectionOptions({ connection, proxy }: TemporalTarget): NativeConnectionOptions {
  const options = connection as NativeConnectionOptions;
  if (proxy === undefined) return options;
  const { address, user, password = '' } = proxy;
  const basicAuth = user === undefined ? {} : { basicAuth: { username: user, password } };
  return { ...options, proxy: { type: 'http-connect', targetHost: address, ...basicAuth } };
}
