/** Queue of workflows and of everything that any worker may do. */
export const SHARED_QUEUE = 'belay';

/** The queues of a host by its name: only workers of this host serve them. */
export function queuesOfHost(host: string): { readonly hostQueue: string; readonly loadQueue: string } {
  return { hostQueue: `${SHARED_QUEUE}-host-${host}`, loadQueue: `${SHARED_QUEUE}-load-${host}` };
}
