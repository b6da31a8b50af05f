import { ADVERTISE_VARIABLE, advertisedAddress } from '../adapters/fleet/advertised-address.ts';
import { CAPACITY_VARIABLE, hostCapacity } from '../adapters/host/host-capacity.ts';
import { startTicksOf } from '../adapters/host/processes.ts';
import { shareSettings } from '../adapters/host/shared-settings.ts';

/**
 * Gives this worker the capacity and the address that the other workers of its host have. A command that got no answer from a busy
 * worker starts another one, and need not know with which options the first was started.
 * @throws Error naming a variable that is wrong, or is set to something else than the other workers have
 */
export function shareHostSettings(): void {
  const variables = [CAPACITY_VARIABLE, ADVERTISE_VARIABLE];
  // What is wrong by itself is refused as such.
  const usual = { [CAPACITY_VARIABLE]: String(hostCapacity()), [ADVERTISE_VARIABLE]: advertisedAddress(process.env[ADVERTISE_VARIABLE]) }; // prettier-ignore
  const given = Object.fromEntries(variables.map((name) => [name, process.env[name] || undefined]));
  const own = { pid: process.pid, startTicks: startTicksOf(process.pid) ?? '' };
  Object.assign(process.env, shareSettings(own, given, usual));
}
