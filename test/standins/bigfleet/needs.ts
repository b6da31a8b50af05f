import { formatQuantity, quantityValue } from '../../../src/core/model/quantity.ts';

/** Amounts by resource: cores, bytes, Pods. */
export type Amounts = Readonly<Record<string, number>>;

/** A Pod that wants, or has, a place. */
export interface WantedPod {
  readonly name: string;
  readonly requests: Amounts;
}

/** What of a machine is free. */
export interface Room {
  readonly machine: string;
  readonly free: Amounts;
}

/** The machines that Pods need beyond the room there is, each by what it must hold. First fit, in the order given. */
export function machinesNeeded(
  pending: readonly WantedPod[],
  rooms: readonly Room[],
  podsPerMachine: number,
): readonly Amounts[] {
  const open = rooms.map(({ free }) => ({ ...free }));
  const made: Amounts[] = [];
  for (const { requests } of pending) {
    const wanted = { ...requests, pods: 1 };
    let room = open.find((free) => fits(wanted, free));
    if (room === undefined) {
      const machine = Object.fromEntries(Object.entries(wanted).map(([name, each]) => [name, each * podsPerMachine]));
      made.push(machine);
      room = { ...machine };
      open.push(room);
    }
    take(room, wanted);
  }
  return made;
}

/** What is left of a machine under the Pods it has. */
export function roomOf(machine: string, holds: Amounts, pods: readonly WantedPod[]): Room {
  const free = { ...holds };
  for (const { requests } of pods) take(free, { ...requests, pods: 1 });
  return { machine, free };
}

/** Sum of the requests of a Pod's containers. */
export function requestsOf(
  containers: readonly { readonly resources?: { readonly requests?: Readonly<Record<string, string>> } }[],
): Amounts {
  const sum: Record<string, number> = {};
  for (const { resources } of containers) {
    for (const [name, quantity] of Object.entries(resources?.requests ?? {}))
      sum[name] = (sum[name] ?? 0) + quantityValue(quantity);
  }
  return sum;
}

/** Amounts as a Node states them. */
export function quantitiesOf(amounts: Amounts): Record<string, string> {
  return Object.fromEntries(Object.entries(amounts).map(([name, amount]) => [name, formatQuantity(amount)]));
}

function fits(wanted: Amounts, free: Amounts): boolean {
  // Leeway for the dust of adding fractions.
  return Object.entries(wanted).every(([name, amount]) => amount <= (free[name] ?? 0) * (1 + 1e-9));
}

function take(free: Record<string, number>, wanted: Amounts): void {
  for (const [name, amount] of Object.entries(wanted)) free[name] = (free[name] ?? 0) - amount;
}
