import { createHash } from 'node:crypto';
import { hostname } from 'node:os';
import { queuesOfHost } from '../../core/model/host-queues.ts';
import { stateFolder } from './folders.ts';

/** Name of this host: readable, and unique among the hosts of a Temporal. Two state folders on one machine are two hosts. */
export function hostName(): string {
  const machine = hostname().replaceAll(/[^A-Za-z0-9-]/g, '-');
  return `${machine}-${createHash('sha256').update(stateFolder()).digest('hex').slice(0, 8)}`;
}

/**
 * Queues that only workers of this host and state folder serve: what a campaign made lies in that folder, so that its
 * later stages must come back to it.
 */
export function hostQueues(): { readonly hostQueue: string; readonly loadQueue: string } {
  return queuesOfHost(hostName());
}
