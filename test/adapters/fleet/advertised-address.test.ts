import { networkInterfaces } from 'node:os';
import { expect, test } from 'vitest';
import { advertisedAddress, authorityOf, listenAddress } from '../../../src/adapters/fleet/advertised-address.ts';

test.for(['10.1.2.3', '::1', 'fd00::1', 'belay-0.belay.default.svc', 'host-1'])('%s is taken as it is', (address) => {
  expect(advertisedAddress(address)).toBe(address);
});

test.for(['0.0.0.0', '::', '10.1.2', '300.1.2.3', 'http://a', 'a b', 'a..b', '-a', 'a:1', '[::1]', 'a'.repeat(64)])(
  '%s is refused with what is allowed',
  (address) => {
    expect(() => advertisedAddress(address)).toThrow(`found "${address}"; allowed is an IP address`);
  },
);

test('without one it is an address of this machine', () => {
  const own = Object.values(networkInterfaces()).flatMap((each) => (each ?? []).map(({ address }) => address));
  expect(own).toContain(advertisedAddress());
  expect(advertisedAddress('')).toBe(advertisedAddress());
});

test('it is listened on where this machine has it, else on all interfaces', () => {
  expect(listenAddress('127.0.0.1')).toBe('127.0.0.1');
  expect(listenAddress('127.8.9.1')).toBe('127.8.9.1');
  expect(listenAddress(advertisedAddress())).toBe(advertisedAddress());
  expect(listenAddress('192.0.2.1')).toBe('::');
  expect(listenAddress('belay.example')).toBe('::');
});

test('an address of IPv6 has brackets before a port', () => {
  expect(authorityOf('fd00::1', 80)).toBe('[fd00::1]:80');
  expect(authorityOf('10.0.0.1', 80)).toBe('10.0.0.1:80');
});
