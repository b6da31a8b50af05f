import { describe, expect, it } from 'vitest';
import { GateProblems, resolveGates } from '../../../src/core/gates/resolve.ts';
import type { GatePatch } from '../../../src/core/model/gate-patch.ts';

type Gates = Readonly<Record<string, GatePatch>>;

const SCALE = { machines: 5_000, pods: 50_000, clusters: 2 };
const steps = { by: 'machines', steps: [{ upTo: 5_000, max: 5 }, { upTo: 50_000, max: 25 }, { max: 100 }] } as const;
const system: Gates = {
  cycle: { query: 'max(cycle)', unit: 's', scale: steps, failFast: true },
  bind: { query: 'max(bind)', unit: 's', max: 10, windowMs: 60_000, job: 'worker' },
  shown: { query: 'max(shown)', bar: 'informational' },
};

function problems(gates: Gates, profile: Gates = {}): readonly string[] {
  try {
    resolveGates(gates, profile, SCALE);
    return [];
  } catch (cause) {
    if (!(cause instanceof GateProblems)) throw cause;
    expect(cause.message.split('\n')).toHaveLength(cause.problems.length);
    return cause.problems.map((one) => `${one.gate}.${one.field}: ${one.message}`);
  }
}

describe('resolveGates', () => {
  it("fills in defaults and keeps the file's order", () => {
    const [cycle, bind, shown] = resolveGates(system, {}, SCALE);
    expect(cycle).toEqual({
      name: 'cycle',
      description: '',
      unit: 's',
      source: { kind: 'query', query: 'max(cycle)' },
      bar: { max: 5 },
      barKind: 'scaled',
      scaleRule: 'max 5 up to 5,000 machines, max 25 up to 50,000 machines, max 100 beyond',
      failFast: true,
      windowMs: 'soak',
      minSamples: 5,
      unmeasured: 'fail',
    });
    expect(bind).toMatchObject({ name: 'bind', bar: { max: 10 }, barKind: 'held', windowMs: 60_000, job: 'worker' });
    expect(shown).toMatchObject({ name: 'shown', bar: {}, barKind: 'informational' });
  });

  it.each([
    [1, 5],
    [5_000, 5],
    [5_001, 25],
    [1e9, 100],
  ])('takes the step for %d machines', (machines, max) => {
    expect(resolveGates(system, {}, { ...SCALE, machines })[0]?.bar).toEqual({ max });
  });

  it("changes by name, adds the profile's own, and lets its numbers win over a scale", () => {
    const own: GatePatch = { ratio: { numerator: 'a', denominator: 'b' }, min: 0.99, unmeasured: 'allow' };
    const gates = resolveGates(system, { bind: { max: 30 }, cycle: { max: 7 }, own }, SCALE);
    expect(gates.map((gate) => [gate.name, gate.barKind, gate.bar])).toEqual([
      ['cycle', 'held', { max: 7 }],
      ['bind', 'held', { max: 30 }],
      ['shown', 'informational', {}],
      ['own', 'held', { min: 0.99 }],
    ]);
    expect(gates[1]).toMatchObject({ source: { query: 'max(bind)' }, unit: 's', windowMs: 60_000 });
    expect(gates[0]?.scaleRule).toBeUndefined();
    expect(gates[3]).toMatchObject({
      source: { kind: 'ratio', numerator: 'a', denominator: 'b' },
      unmeasured: 'allow',
    });
  });

  it('takes `for` from a fail-fast gate, and minEvents from a kind whose events are counted', () => {
    const [cycle] = resolveGates(system, { cycle: { forReadings: 3 } }, SCALE);
    expect(cycle).toMatchObject({ failFast: true, forReadings: 3 });
    const error: GatePatch = { share: { counter: 'bad_total', of: 'all_total' }, max: 0.01, minEvents: 100 };
    expect(resolveGates({ error }, {}, SCALE)[0]).toMatchObject({ minEvents: 100 });
    expect(problems(system, { bind: { forReadings: 3, minEvents: 5 } })).toEqual([
      'bind.for: the gate is read once, at the end of the soak; failFast: true, or leave `for` out',
      'bind.minEvents: a gate of kind query rests on no number of events; allowed for ratio, share, quantile',
    ]);
    const lasting = { cycle: { ...system['cycle'], forReadings: 3 } };
    expect(resolveGates(lasting, { cycle: { failFast: false } }, SCALE)[0]).not.toHaveProperty('forReadings');
  });

  it('judges what the system only shows where the profile gives it a bar, and then it must be there', () => {
    const shown = { shown: { query: 'a', bar: 'informational', unmeasured: 'allow', max: 100 } } as const;
    const [given] = resolveGates(shown, { shown: { min: 1 } }, SCALE);
    expect(given).toMatchObject({ barKind: 'held', bar: { min: 1, max: 100 }, unmeasured: 'fail' });
    const [held] = resolveGates(shown, { shown: { bar: 'held', unmeasured: 'allow' } }, SCALE);
    expect(held).toMatchObject({ barKind: 'held', bar: { max: 100 }, unmeasured: 'allow' });
    const [still] = resolveGates(shown, { shown: { bar: 'informational', max: 7 } }, SCALE);
    expect(still).toMatchObject({ barKind: 'informational', bar: { max: 7 }, unmeasured: 'allow' });
  });

  it('can make a gate informational, with its bar still shown', () => {
    const [gate] = resolveGates({ bind: { query: 'a', max: 10 } }, { bind: { bar: 'informational' } }, SCALE);
    expect(gate).toMatchObject({ barKind: 'informational', bar: { max: 10 } });
  });

  it('refuses a bar for a gate that nobody has, naming those there are', () => {
    expect(problems(system, { bnd: { max: 1 } })).toEqual([
      'bnd.query: the system has no gate "bnd" to change, and a new gate needs one of query, ratio, delta, share, quantile, idle, trend; known gates: cycle, bind, shown',
    ]);
  });

  it('reports every problem at once', () => {
    const found = problems({ a: { query: 'sum(', max: 1 }, b: { query: 'x' }, c: { query: 'x', min: 3, max: 2 } });
    expect(found.map((text) => text.split(':')[0])).toEqual(['a.query', 'b.max', 'c.min']);
  });

  it.each<[string, GatePatch, string]>([
    ['two sources', { query: 'a', delta: { counter: 'b' }, max: 1 }, 'a.delta: query and delta are given'],
    ['a counter that is a rate', { delta: { counter: 'rate(b[1m])' }, max: 1 }, 'a.delta.counter: a counter may be'],
    [
      'bad PromQL in a ratio',
      { ratio: { numerator: 'a', denominator: '(' }, max: 1 },
      'a.ratio.denominator: PromQL: the expression ends too early',
    ],
    ['failFast that cannot fail', { query: 'a', bar: 'informational', failFast: true }, 'a.failFast:'],
    ['no sample', { query: 'a', max: 1, minSamples: 0 }, 'a.minSamples: found 0'],
    ['half a sample', { query: 'a', max: 1, minSamples: 1.5 }, 'a.minSamples: found 1.5'],
    ['no window', { query: 'a', max: 1, windowMs: 0 }, 'a.window: found 0 ms'],
    ['scaled without scale', { query: 'a', max: 1, bar: 'scaled' }, 'a.bar: bar is "scaled"'],
    ['held with scale', { query: 'a', bar: 'held', scale: steps }, 'a.bar: bar is "held"'],
    [
      'steps that fall',
      {
        query: 'a',
        scale: {
          by: 'pods',
          steps: [
            { upTo: 9, max: 1 },
            { upTo: 8, max: 2 },
          ],
        },
      },
      'a.scale.steps: upTo must rise',
    ],
    ['a step without a bar', { query: 'a', scale: { by: 'pods', steps: [{}] } }, 'a.scale.steps: a step has no bar'],
    [
      'a step that no value is within',
      { query: 'a', scale: { by: 'pods', steps: [{ min: 9, max: 5 }] } },
      'a.scale.steps: found a step with min 9 above max 5',
    ],
    [
      'no step for the scale',
      { query: 'a', scale: { by: 'pods', steps: [{ upTo: 9, max: 1 }] } },
      'a.scale.steps: no step holds for 50,000 pods',
    ],
  ])('refuses %s', (_, patch, words) => {
    expect(problems({ a: patch })).toContainEqual(expect.stringContaining(words));
  });

  it('refuses a number that would take the other, scaled bar away', () => {
    expect(problems(system, { cycle: { min: 0.001 } })).toEqual([
      expect.stringMatching(/^cycle\.max: the system scales max/),
    ]);
    expect(problems(system, { cycle: { min: 0.001, max: 5 } })).toEqual([]);
  });

  it('does not take over what the system says of its series to a source of the profile', () => {
    const errors: Gates = {
      errors: { delta: { counter: 'a_total' }, absentIs: 0, topFiniteBucket: 8, job: 'j', max: 0 },
    };
    const [changed] = resolveGates(errors, { errors: { query: 'sum(b)' } }, SCALE);
    expect(changed).toMatchObject({ job: 'j', bar: { max: 0 } });
    expect(changed).not.toHaveProperty('absentIs');
    expect(changed).not.toHaveProperty('topFiniteBucket');
  });
});
