import { createHmac } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { campaignPassword, readFleetSecret } from '../../../src/adapters/fleet/fleet-secret.ts';

const SECRET = 'a secret of the fleet';
let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'belay-secret-'));
  vi.stubEnv('BELAY_FLEET_SECRET', '');
  vi.stubEnv('BELAY_FLEET_SECRET_FILE', '');
});
afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(folder, { recursive: true });
});

function file(text: string): string {
  const path = join(folder, 'secret');
  writeFileSync(path, text);
  return path;
}

test('there is none unless a variable is set', () => {
  expect(readFleetSecret()).toBeUndefined();
});

test('it is the variable, or the content of the file, without white space around it', () => {
  vi.stubEnv('BELAY_FLEET_SECRET', ` ${SECRET}\n`);
  expect(readFleetSecret()).toBe(SECRET);
  vi.stubEnv('BELAY_FLEET_SECRET', '');
  vi.stubEnv('BELAY_FLEET_SECRET_FILE', file(`${SECRET}\r\n`));
  expect(readFleetSecret()).toBe(SECRET);
});

test('a secret may have several lines, as programs that make one write it: no request carries it', () => {
  vi.stubEnv('BELAY_FLEET_SECRET_FILE', file(`${SECRET}\n${SECRET}\n`));
  expect(readFleetSecret()).toBe(`${SECRET}\n${SECRET}`);
});

test('what cannot be used is refused by the name of its variable, without showing it', () => {
  vi.stubEnv('BELAY_FLEET_SECRET', 'hunter2');
  expect(() => readFleetSecret()).toThrow('BELAY_FLEET_SECRET: found 7 characters; at least 16 are needed');
  expect(() => readFleetSecret()).not.toThrow('hunter2');
  vi.stubEnv('BELAY_FLEET_SECRET', SECRET);
  vi.stubEnv('BELAY_FLEET_SECRET_FILE', file(SECRET));
  expect(() => readFleetSecret()).toThrow('are both set');
  vi.stubEnv('BELAY_FLEET_SECRET', '');
  vi.stubEnv('BELAY_FLEET_SECRET_FILE', join(folder, 'none'));
  expect(() => readFleetSecret()).toThrow('BELAY_FLEET_SECRET_FILE: ENOENT');
  vi.stubEnv('BELAY_FLEET_SECRET_FILE', file(' \n'));
  expect(() => readFleetSecret()).toThrow('found 0 characters');
  vi.stubEnv('BELAY_FLEET_SECRET_FILE', '/dev/zero');
  expect(() => readFleetSecret()).toThrow('BELAY_FLEET_SECRET_FILE: /dev/zero is a device; allowed: a plain file');
});

test("a campaign's password is HMAC-SHA256 of its name and of its lead's certificate", () => {
  // RFC 4231, test case 2.
  expect(campaignPassword('Jefe', 'what do ya want for nothing?')).toBe(
    '5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843',
  );
  expect(campaignPassword('Jefe', 'what do ya want', 'for nothing?')).toBe(
    createHmac('sha256', 'Jefe').update('what do ya want\nfor nothing?').digest('hex'),
  );
  const passwords = [
    campaignPassword(SECRET, 'a-1'),
    campaignPassword(SECRET, 'a-2'),
    campaignPassword(SECRET, 'a-1', 'A'),
    campaignPassword(SECRET, 'a-1', 'A\n'),
    campaignPassword(SECRET, 'a-2', 'A'),
  ];
  expect(new Set(passwords).size).toBe(passwords.length);
});
