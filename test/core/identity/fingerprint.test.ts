import { createHash } from 'node:crypto';
import { assert, infiniteStream, nat, property } from 'fast-check';
import { describe, expect, test } from 'vitest';
import { fingerprintOf } from '../../../src/core/identity/fingerprint.ts';
import type { Identity } from '../../../src/core/identity/identity-schema.ts';
import { anIdentity, hashOf } from './make-identity.ts';

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');
const RUN = { campaign: 'dev-50', workflowId: 'w', runId: 'r1' };
const OTHER_RUN = { campaign: 'dev-50', workflowId: 'w', runId: 'r2' };

function fingerprint(identity: Identity, run = RUN): string {
  return fingerprintOf(identity, run, sha256);
}

/** Every way to change one value of an identity: its path, and the identity with another value there. */
function changes(value: unknown, path = ''): readonly (readonly [string, unknown])[] {
  if (Array.isArray(value)) {
    const items: readonly unknown[] = value;
    return [
      ...items.flatMap((item, index) =>
        changes(item, `${path}[${index}]`).map(([at, next]) => [at, items.with(index, next)] as const),
      ),
      ...items.map((_, index) => [`${path} without [${index}]`, items.toSpliced(index, 1)] as const),
    ];
  }
  if (typeof value === 'object' && value !== null) {
    return Object.entries(value).flatMap(([key, item]) =>
      changes(item, `${path}.${key}`).map(([at, next]) => [at, { ...value, [key]: next }] as const),
    );
  }
  if (typeof value === 'number') return [[path, value + 1]];
  if (typeof value === 'boolean') return [[path, !value]];
  return [[path, `${String(value)}x`]];
}

/** The same value with the keys of its maps and the items of its lists in another order. */
function shuffled(value: unknown, orderOf: (length: number) => readonly number[]): unknown {
  if (Array.isArray(value)) return orderOf(value.length).map((index) => shuffled(value[index], orderOf));
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value);
  return Object.fromEntries(
    orderOf(entries.length)
      .flatMap((index) => entries.slice(index, index + 1))
      .map(([key, item]) => [key, shuffled(item, orderOf)]),
  );
}

describe('a fingerprint', () => {
  const same = [/^\.code\[0\]\.(?:commit|dirty)$/];
  const all = changes(anIdentity());

  test.for(all.filter(([path]) => !same.some((one) => one.test(path))))('differs when %s changes', ([, changed]) => {
    expect(fingerprint(changed as Identity)).not.toBe(fingerprint(anIdentity()));
  });

  test('is that of another run with the same things', () => {
    expect(fingerprint(anIdentity(), OTHER_RUN)).toBe(fingerprint(anIdentity()));
  });

  test('does not depend on the commit while the content is the same', () => {
    const [code] = anIdentity().code;
    const elsewhere = anIdentity({ code: code === undefined ? [] : [{ ...code, commit: null, dirty: null }] });
    expect(fingerprint(elsewhere)).toBe(fingerprint(anIdentity()));
  });

  test('is equal to no other while a part is unknown, also to that of a run with the same unknown part', () => {
    const partial = anIdentity({ images: [], unknown: [{ part: 'images', why: 'no answer' }] });
    expect(fingerprint(partial)).not.toBe(fingerprint(partial, OTHER_RUN));
    expect(fingerprint(partial)).not.toBe(fingerprint({ ...partial, unknown: [] }));
    expect(fingerprint(partial)).toBe(fingerprint(partial));
  });

  test('does not depend on the order of keys and lists', () => {
    assert(
      property(infiniteStream(nat(1_000_000)), (draws) => {
        const orderOf = (length: number): readonly number[] => {
          const order = Array.from({ length }, (_, index) => [draws.next().value, index] as const);
          return order.toSorted(([a], [b]) => a - b).map(([, index]) => index);
        };
        const other = shuffled(anIdentity(), orderOf) as Identity;
        expect(fingerprint(other)).toBe(fingerprint(anIdentity()));
      }),
    );
  });

  test('a list with a repeated item is the same set', () => {
    const { tools } = anIdentity();
    expect(fingerprint(anIdentity({ tools: [...tools, ...tools] }))).toBe(fingerprint(anIdentity()));
    const one = { name: 'etcd', version: '3.7.0', sha256: hashOf('x') };
    expect(fingerprint(anIdentity({ tools: [...tools, one] }))).not.toBe(fingerprint(anIdentity()));
  });
});
