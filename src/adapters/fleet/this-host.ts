import { hostName, hostQueues } from '../host/host-queues.ts';
import { ADVERTISE_VARIABLE, advertisedAddress } from './advertised-address.ts';

/** A host, as others see it. */
interface ThisHost {
  readonly host: string;
  readonly hostQueue: string;
  readonly loadQueue: string;
  readonly address: string;
}

/** This host: its name, the queues of its workers and where it is reached. @throws Error when `BELAY_ADVERTISE` is no address */
export function thisHost(): ThisHost {
  return { host: hostName(), ...hostQueues(), address: advertisedAddress(process.env[ADVERTISE_VARIABLE]) };
}
