import { readFileSync } from 'node:fs';
import { isIP, isIPv4 } from 'node:net';
import { networkInterfaces } from 'node:os';

/** Environment variable with the address at which other hosts reach this one. */
export const ADVERTISE_VARIABLE = 'BELAY_ADVERTISE';

const LOOPBACK = '127.0.0.1';
/** A DNS name: labels of letters, digits and hyphens. */
const NAME = /^(?=.{1,253}$)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)*[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/i;
const UP = 1;

/**
 * The address at which other hosts reach this one: what the user gave, or the address of the interface of the default route.
 * Without a default route it is loopback, where only workers of the same machine get through.
 * @param name of the setting, for messages
 * @throws Error when what the user gave is no address that others can connect to
 */
export function advertisedAddress(given?: string, name = ADVERTISE_VARIABLE): string {
  if (given === undefined || given === '') return addressOfDefaultRoute() ?? LOOPBACK;
  const isAddress = isIP(given) !== 0;
  const isWildcard = given === '0.0.0.0' || given === '::';
  // A name of digits and dots is a misspelt address.
  if (isWildcard || (!isAddress && (!NAME.test(given) || /^[\d.]+$/.test(given)))) {
    throw new Error(
      `${name}: found "${given}"; allowed is an IP address of this host that others reach, or its DNS name`,
    );
  }
  return given;
}

/**
 * Where a server listens that is advertised at `address`: there, if this machine has it; else on all interfaces, because a
 * name, or an address that a gateway translates, is not one that can be listened on.
 */
export function listenAddress(address: string): string {
  const own = Object.values(networkInterfaces()).flatMap((each) => (each ?? []).map((one) => one.address));
  if (own.includes(address)) return address;
  // All of 127.0.0.0/8 is this machine's, also what no interface lists.
  if (isIPv4(address) && address.startsWith('127.')) return address;
  return '::';
}

/** `host:port`, with brackets around an IPv6 address. */
export function authorityOf(address: string, port: number): string {
  return isIP(address) === 6 ? `[${address}]:${port}` : `${address}:${port}`;
}

function addressOfDefaultRoute(): string | undefined {
  const name = defaultRoute4() ?? defaultRoute6();
  if (name === undefined) return undefined;
  // Link-local addresses mean nothing without the interface that they belong to.
  const addresses = (networkInterfaces()[name] ?? []).filter(
    ({ internal, address }) => !internal && !/^fe[89ab]/i.test(address),
  );
  return (addresses.find(({ family }) => family === 'IPv4') ?? addresses[0])?.address;
}

/** The interface of the default route with the lowest metric. */
function defaultRoute4(): string | undefined {
  return linesOf('/proc/net/route')
    .slice(1)
    .map((line) => line.split(/\s+/))
    .filter(([, destination, , flags, , , , mask]) => isZero(destination) && isZero(mask) && isUp(flags))
    .toSorted((a, b) => Number(a[6]) - Number(b[6]))[0]?.[0];
}

function defaultRoute6(): string | undefined {
  return linesOf('/proc/net/ipv6_route')
    .map((line) => line.split(/\s+/))
    .filter(
      ([destination, prefix, , , , , , , flags, name]) =>
        isZero(destination) && prefix === '00' && isUp(flags) && name !== 'lo',
    )
    .toSorted((a, b) => Number.parseInt(a[5] ?? '', 16) - Number.parseInt(b[5] ?? '', 16))[0]?.[9];
}

function isZero(hex: string | undefined): boolean {
  return hex !== undefined && /^0+$/.test(hex);
}

function isUp(flags: string | undefined): boolean {
  return (Number.parseInt(flags ?? '0', 16) & UP) === UP;
}

function linesOf(path: string): readonly string[] {
  try {
    return readFileSync(path, 'utf8')
      .split('\n')
      .map((line) => line.trim())
      .filter((line) => line !== '');
  } catch {
    return [];
  }
}
