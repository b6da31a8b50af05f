import type { Command } from 'commander';
import { ADVERTISE_VARIABLE, advertisedAddress } from '../adapters/fleet/advertised-address.ts';
import { CAPACITY_VARIABLE, hostCapacity } from '../adapters/host/host-capacity.ts';
import { CAPACITY_ALLOWED, parseCapacity } from '../core/plan/capacity.ts';
import { messageOf } from '../core/text/message-of.ts';
import { UsageError } from './usage-error.ts';

/** What a command says about the host of the worker that it runs or starts. */
export interface HostOptions {
  readonly clusters?: string;
  readonly advertise?: string;
}

/** Adds the options about a worker's host. */
export function withHostOptions(command: Command): Command {
  return command
    .option('--clusters <n>', 'how many local clusters this host takes; default: what its cores and memory suffice for')
    .option(
      '--advertise <address>',
      'where other hosts reach this one: an IP address or a DNS name; default: the address of the default route',
    );
}

/**
 * Passes the options on to the worker, which reads them from the environment.
 * @throws UsageError naming the option or the variable, the value found and what is allowed
 */
export function passHostOptions({ clusters, advertise }: HostOptions): void {
  if (clusters !== undefined) {
    if (parseCapacity(clusters) === undefined)
      throw new UsageError(`--clusters: found "${clusters}"; allowed: ${CAPACITY_ALLOWED}`);
    process.env[CAPACITY_VARIABLE] = clusters;
  }
  try {
    if (advertise !== undefined) process.env[ADVERTISE_VARIABLE] = advertisedAddress(advertise, '--advertise');
    advertisedAddress(process.env[ADVERTISE_VARIABLE]);
    hostCapacity();
  } catch (cause) {
    throw new UsageError(messageOf(cause));
  }
}
