import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { outlineOf, parseOutline } from '../../../src/core/campaign/outline.ts';
import { STAGES } from '../../../src/core/model/stages.ts';
import { parseSpec } from '../../../src/core/plan/parse-spec.ts';
import { FIRST_STAGES } from '../../../src/core/plan/spec.ts';
import { aGate, aSpec } from '../../workflows/make-spec.ts';
import { aProfile } from '../plan/make.ts';

/** As a history or a file has it. */
function recorded(value: unknown): Record<string, unknown> {
  return JSON.parse(JSON.stringify(value)) as Record<string, unknown>;
}

const firstVersion = JSON.parse(
  readFileSync(new URL('../../histories/first-version/on-disk/spec.json', import.meta.url), 'utf8'),
) as Record<string, unknown>;

describe('the outline of a campaign', () => {
  test('is read back as it was recorded', () => {
    const outline = outlineOf(
      aSpec({ gates: [aGate(), aGate({ name: 'ratio', bar: { min: 0.99 }, barKind: 'scaled' })] }),
    );
    expect(parseOutline(recorded(outline))).toEqual(outline);
  });

  test('keeps what was decided about its placement', () => {
    const outline = { ...outlineOf(aSpec()), placement: { clusterCount: 4, hostWaitMs: 300_000 } };
    expect(parseOutline(recorded(outline))).toEqual(outline);
    expect(() => parseOutline({ ...outline, placement: { clusterCount: 4 } })).toThrow(
      'outline of the campaign: placement: hostWaitMs: found nothing',
    );
  });

  test('has what a hold needs, and no query, derivation or catalogue', () => {
    const text = JSON.stringify(outlineOf(aSpec()));
    expect(text).toContain('"podBindP99"');
    expect(text).not.toMatch(/"query"|derivation|archetype/);
    expect(text.length).toBeLessThan(4_000);
  });

  test('keeps the latest events of a load that has thousands', () => {
    const runnerActions = Array.from({ length: 5_000 }, (_, i) => ({ action: 'fail-node', atSeconds: 5_000 - i }));
    const { events } = outlineOf(aSpec({ profile: aProfile({ runnerActions }) })).load;
    expect(events).toHaveLength(50);
    expect(events.at(-1)).toEqual({ what: 'the action fail-node', atSeconds: 5_000 });
  });

  test('of the first version is made of the specification that it recorded', () => {
    const { stages: _, ...unlisted } = recorded(aSpec());
    expect(parseOutline(unlisted)).toEqual(outlineOf(aSpec({ stages: FIRST_STAGES })));
    expect(parseOutline(firstVersion)).toMatchObject({
      profile: 'quickstart',
      holdMs: 14_400_000,
      stages: FIRST_STAGES,
    });
  });

  test.for<[string, unknown, string]>([
    ['no object', 'quickstart', 'outline of the campaign: found "quickstart" (string); allowed: an object'],
    ['no name', { campaign: undefined }, 'outline of the campaign: campaign: found nothing; allowed: a text'],
    [
      'a negative hold',
      { holdMs: -1 },
      'outline of the campaign: holdMs: found -1 (number); allowed: a whole number of at least 0',
    ],
    [
      'a stage of a later version',
      { stages: ['resolve', 'warmup'] },
      'outline of the campaign: stages[1]: found "warmup" (string)',
    ],
    [
      'no limits of a stage',
      { limits: {} },
      'outline of the campaign: limits: resolve: found nothing; allowed: an object',
    ],
  ])('with %s is refused by the name of the field', ([, change, message]) => {
    const value = typeof change === 'string' ? change : { ...recorded(outlineOf(aSpec())), ...(change as object) };
    expect(() => parseOutline(value)).toThrow(message);
  });

  test('ignores fields of a later version', () => {
    expect(parseOutline({ ...recorded(outlineOf(aSpec())), colour: 'blue' })).toEqual(outlineOf(aSpec()));
  });
});

describe('a specification on disk', () => {
  test('is read back as it was written', () => {
    expect(parseSpec(recorded(aSpec()))).toEqual(recorded(aSpec()));
  });

  test('of the first version has the stages that campaigns had then', () => {
    const spec = parseSpec(firstVersion);
    expect(spec.stages).toEqual([
      'resolve',
      'provision',
      'install',
      'seed',
      'ramp',
      'steady',
      'soak',
      'snapshot',
      'judge',
      'teardown',
    ]);
    expect(spec.plan).toMatchObject({ totalPods: 400, clusterCount: 1 });
  });

  test.for(['campaign', 'specHash', 'profile', 'plan', 'gates', 'deadlines', 'hostQueue', 'trigger'])(
    'without %s is refused by that name',
    (name) => {
      const { [name]: _, ...rest } = firstVersion;
      expect(() => parseSpec(rest)).toThrow(new RegExp(`^specification: ${name}: found nothing; allowed: `));
    },
  );
});

test('the stages of the first version are all known to this one', () => {
  expect(STAGES).toEqual(expect.arrayContaining([...FIRST_STAGES]));
});
