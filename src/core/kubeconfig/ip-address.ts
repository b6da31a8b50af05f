/** An IP address as a number, with its length in bits. */
interface IpAddress {
  readonly bits: 32 | 128;
  readonly value: bigint;
}

/** An IPv4 or IPv6 address, without brackets and zone; undefined where the text is none. */
export function parseIp(text: string): IpAddress | undefined {
  const four = parseIpv4(text);
  if (four !== undefined) return { bits: 32, value: four };
  return text.includes(':') ? parseIpv6(text) : undefined;
}

/** Whether a host, without brackets, is this machine by its name or address. */
export function isLoopback(host: string): boolean {
  if (host.toLowerCase() === 'localhost') return true;
  const ip = parseIp(host);
  if (ip === undefined) return false;
  return ip.bits === 32 ? ip.value >> 24n === 127n : ip.value === 1n;
}

/** Whether an address lies in a network such as `10.0.0.0/8`; undefined where the text is no network. */
export function isInNetwork(ip: IpAddress | undefined, network: string): boolean | undefined {
  const [, address = '', length = ''] = /^(.+)\/(\d{1,3})$/.exec(network) ?? [];
  const base = parseIp(address);
  if (base === undefined || Number(length) > base.bits) return undefined;
  if (ip?.bits !== base.bits) return false;
  const shift = BigInt(base.bits - Number(length));
  return ip.value >> shift === base.value >> shift;
}

function parseIpv4(text: string): bigint | undefined {
  const parts = text.split('.');
  if (parts.length !== 4 || !parts.every((part) => /^\d{1,3}$/.test(part) && Number(part) < 256)) return undefined;
  return parts.reduce((value, part) => value * 256n + BigInt(part), 0n);
}

function parseIpv6(text: string): IpAddress | undefined {
  const halves = text.split('::');
  if (halves.length > 2) return undefined;
  const groups = halves.map(groupsOf);
  const [head, tail = []] = groups;
  if (head === undefined || groups.includes(undefined)) return undefined;
  const missing = 8 - head.length - (tail?.length ?? 0);
  if (halves.length === 1 ? missing !== 0 : missing < 1) return undefined;
  const all = [...head, ...Array.from({ length: missing }, () => 0), ...(tail ?? [])];
  const value = all.reduce((sum, group) => sum * 65_536n + BigInt(group), 0n);
  // An IPv4 address in IPv6 is that IPv4 address.
  return value >> 32n === 0xffffn ? { bits: 32, value: value & 0xffffffffn } : { bits: 128, value };
}

function groupsOf(half: string): readonly number[] | undefined {
  if (half === '') return [];
  const groups: number[] = [];
  const parts = half.split(':');
  for (const [index, part] of parts.entries()) {
    const four = index === parts.length - 1 ? parseIpv4(part) : undefined;
    if (four !== undefined) groups.push(Number(four >> 16n), Number(four & 0xffffn));
    else if (/^[\da-f]{1,4}$/i.test(part)) groups.push(Number.parseInt(part, 16));
    else return undefined;
  }
  return groups;
}
