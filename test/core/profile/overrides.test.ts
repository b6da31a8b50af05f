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
    // Labels have dots in their names.
    [
      { 'pods.labels.kueue.x-k8s.io/queue-name': 'a' },
      { ...raw, pods: { labels: { 'kueue.x-k8s.io/queue-name': 'a' } } },
    ],
    [
      { pods: { annotations: { 'a.b/c.d': '1' }, 'nodeSelector.x.y': '2', schedulerName: 's' } },
      { ...raw, pods: { annotations: { 'a.b/c.d': '1' }, nodeSelector: { 'x.y': '2' }, schedulerName: 's' } },
    ],
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
    [{ 'list[01].at': 1 }, 'list is a list of 2, 01 is no index of it'],
    [{ 'list[2]': null }, 'list is a list of 2, 2 is no index of it'],
    [{ 'list[2].at': null }, 'list is a list of 2, 2 is no index of it'],
    [{ 'scale.machines': 1, scale: { machines: 2 } }, 'changed twice'],
    [{ 'list[0].at': 1, 'list.0.at': 2 }, 'changed twice'],
    [{ 'list[2].at': 1, 'list.2.at': 2 }, 'changed twice'],
    [{ 'scale.machines': 1, scale: null }, 'changed twice'],
    [{ 'gates.a.max': 1, gates: {} }, 'changed twice'],
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
  it('names the override also where it made the maps on the way to its field', () => {
    const text = 'apiVersion: belay.dev/v1\nkind: Profile\nmetadata: { name: x }\nscale: { machines: 1, density: 1 }';
    const parsed = parseProfile(text, { overrides: { 'loadProfile.rampSeconds': 1, 'scael.machines': 5 } });
    expect(parsed.ok ? '' : formatFileErrors(parsed.errors)).toMatch(
      /^override "scael\.machines" scael: unknown key; found a map; known here: .*; did you mean scale\?/,
    );
  });

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

describe('an override that changes nothing', () => {
  const text = [
    'apiVersion: belay.dev/v1',
    'kind: Profile',
    'metadata: { name: x }',
    'scale: { machines: 15, density: 10 }',
    'loadProfile: { rampSeconds: 20, soakSeconds: 20 }',
    'gates: { mine: { query: sum(foo), max: 3 } }',
    'runnerActions: [{ atSeconds: 3, action: fail-node }, { atSeconds: 5, action: fail-node }]',
  ].join('\n');

  it.each<[string, RegExp]>([
    ['foo', /^override "foo" foo: unknown key; found nothing \(null\); known here: .*scale, .*gates/],
    ['scael', /^override "scael" scael: unknown key; .*; did you mean scale\?$/],
    ['scael.machines', /^override "scael\.machines" scael: unknown key; .*; did you mean scale\?$/],
    ['loadProfile.soakSecond', /loadProfile\.soakSecond: unknown key; .*soakSeconds, .*; did you mean soakSeconds\?$/],
    [
      'deadlines.seed.foo',
      /deadlines\.seed\.foo: deadlines\.seed has no fields; found nothing \(null\); allowed: deadlines\.seed$/,
    ],
    ['scale.machines.foo', /scale\.machines holds 15 \(number\) and has no fields; found nothing \(null\)/],
    ['gates.mien', /gates\.mien: nothing to take out; found nothing \(null\); allowed: mine; did you mean mine\?$/],
    ['gates.mine.mxa', /gates\.mine\.mxa: unknown key; .*; did you mean max\?$/],
    [
      'runnerActions[2]',
      /runnerActions is a list of 2, 2 is no index of it; found nothing \(null\); allowed: an index from 0 to 1$/,
    ],
    ['runnerActions[0].atSecond', /runnerActions\[0\]\.atSecond: unknown key; .*; did you mean atSeconds\?$/],
    [
      'loadProfile.bursts[0]',
      /loadProfile\.bursts\.0: nothing to take out; .*; allowed: nothing, because there is no entry$/,
    ],
  ])('is refused: %s without a value', (path, message) => {
    for (const overrides of [{ [path]: null }, nested(path)]) {
      const parsed = parseProfile(text, { overrides });
      expect(parsed.ok ? 'accepted' : formatFileErrors(parsed.errors)).toMatch(message);
    }
  });

  it('is accepted where the default of the field applies already', () => {
    const overrides = { 'loadProfile.settleSeconds': null, 'gates.mine.min': null, 'deadlines.seed': null };
    expect(parseProfile(text, { overrides })).toMatchObject({ ok: true });
  });

  it('is one that takes out an unknown key of the file, and is accepted', () => {
    const faulty = `${text}\nfoo: 1`;
    expect(parseProfile(faulty)).toMatchObject({ ok: false });
    expect(parseProfile(faulty, { overrides: { foo: null } })).toMatchObject({ ok: true });
  });
});

/** The same change, as a map in a map. */
function nested(path: string): Record<string, unknown> {
  const [head = '', ...rest] = path.split('.');
  return { [head]: rest.length === 0 ? null : nested(rest.join('.')) };
}

describe('--set', () => {
  it.each([
    ['gates.x.max=5', 'gates.x.max', 5],
    ['a.b=true', 'a.b', true],
    ['a.b=10m', 'a.b', '10m'],
    ['a.b="5"', 'a.b', '5'],
    ['a.b=', 'a.b', null],
    ['a.b= # none', 'a.b', null],
    ['a.b={<<: {c: 1}, d: 2}', 'a.b', { c: 1, d: 2 }],
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
    ['a.b=*x', /--set a\.b: the value cannot be used: no anchor &x before \*x$/],
    ['a.b=&x [*x]', /--set a\.b: the value cannot be used: the anchor &x holds itself/],
    [
      'a.b={{ 1 }}',
      /--set a\.b: the value cannot be used: a key that is no plain word; allowed: keys are words or numbers$/,
    ],
    ['a.b={{ .Values.n }}', /the value cannot be used: a key that is no plain word/],
    ['a.b={? [c] : 1}', /the value cannot be used: a key that is no plain word/],
    ['a.b={c: 1, c: 2}', /the value cannot be used: a duplicate key; allowed: each key once$/],
    ['a.b={__proto__: {c: 1}}', /the value cannot be used: a key that no field may have$/],
    ['a.b=!!js/function x', /the value cannot be used: a tag that means nothing here/],
    ['a.b=1\n---\n2', /the value cannot be used: a second document; allowed: one document a file$/],
    [`a.b=${'['.repeat(200)}`, /the value cannot be used: nested too deeply/],
  ])('%s is refused', (text, message) => {
    expect(() => parseSet(text)).toThrow(message);
  });
});
