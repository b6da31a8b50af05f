import { describe, expect, it } from 'vitest';
import { formatFileErrors } from '../../../src/core/files/file-error.ts';
import { applyOverrides, parseSet } from '../../../src/core/profile/overrides.ts';
import { parseProfile } from '../../../src/core/profile/parse.ts';

const raw = { scale: { machines: 5 }, list: [{ at: 1 }, { at: 2 }], name: 'x' };

function changed(overrides: Record<string, unknown>): unknown {
  return JSON.parse(JSON.stringify(applyOverrides(raw, overrides).raw));
}

describe('overrides', () => {
  it.each([
    [{ 'scale.machines': 7 }, { ...raw, scale: { machines: 7 } }],
    [{ scale: { density: 2 } }, { ...raw, scale: { machines: 5, density: 2 } }],
    [
      { 'gates.a': { max: 3 }, gates: { 'a.min': 1 } },
      { ...raw, gates: { a: { max: 3, min: 1 } } },
    ],
    [{ 'list[1].at': 9 }, { ...raw, list: [{ at: 1 }, { at: 9 }] }],
    [{ 'list.2.at': 9 }, { ...raw, list: [{ at: 1 }, { at: 2 }, { at: 9 }] }],
    [
      { 'list[0]': null, name: null },
      { scale: { machines: 5 }, list: [{ at: 2 }] },
    ],
    [{ list: [] }, { ...raw, list: [] }],
    [{}, raw],
  ])('%j', (overrides, expected) => {
    const before = JSON.stringify(raw);
    expect(changed(overrides)).toEqual(expected);
    expect(JSON.stringify(raw)).toBe(before);
  });

  it.each([
    [{ 'name.first': 1 }, 'name holds "x" (string) and has no fields'],
    [{ 'list.first': 1 }, 'list is a list of 2, first is no index of it'],
    [{ 'list[5].at': 1 }, 'list is a list of 2, 5 is no index of it'],
    [{ 'a..b': 1 }, 'not a path to a field'],
    [{ '': 1 }, 'not a path to a field'],
    [{ '__proto__.polluted': 1 }, 'not a path to a field'],
    [{ 'constructor.prototype.polluted': 1 }, 'not a path to a field'],
  ])('%j is refused', (overrides, problem) => {
    expect(applyOverrides(raw, overrides).errors.map((error) => error.problem)).toEqual([problem]);
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
  });
});

describe('an error in an override', () => {
  it('shows the value of the override, not what the file has there', () => {
    const text = [
      'apiVersion: belay.dev/v1',
      'kind: Profile',
      'metadata: { name: x }',
      'scale: { machines: 15, density: 1e1 }',
      'loadProfile: { rampSeconds: 20 }',
    ].join('\n');
    const parsed = parseProfile(text, { overrides: { 'scale.machines': -1, 'loadProfile.rampSeconds': 0.5 } });
    expect(parsed.ok ? '' : formatFileErrors(parsed.errors)).toMatch(
      /scale\.machines: too small; found -1 \(number\)[^]*rampSeconds: not a whole number; found 0\.5 \(number\)/,
    );
  });
});

describe('--set', () => {
  it.each([
    ['gates.x.max=5', 'gates.x.max', 5],
    ['a.b=true', 'a.b', true],
    ['a.b=10m', 'a.b', '10m'],
    ['a.b="5"', 'a.b', '5'],
    ['a.b=', 'a.b', null],
    ['a.b=[1, 2]', 'a.b', [1, 2]],
    ['gates.x.query=sum(foo{a="b"})', 'gates.x.query', 'sum(foo{a="b"})'],
    [' a.b = 5', 'a.b', 5],
  ])('%s', (text, path, value) => {
    expect(parseSet(text)).toEqual({ path, value });
  });

  it.each([
    ['gates.x.max', /found no path and value; allowed: PATH=VALUE/],
    ['=5', /found no path and value/],
    ['a..b=5', /found no path and value/],
    ['a.b=[1', /--set a\.b: the value is not YAML/],
    ['a.b=*x', /--set a\.b: the value (is not YAML|holds an alias)/],
  ])('%s is refused', (text, message) => {
    expect(() => parseSet(text)).toThrow(message);
  });
});
