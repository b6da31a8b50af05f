import { describe, expect, test } from 'vitest';
import { refuseChanges } from '../../../src/core/campaign/changes.ts';
import { outlineOf, type CampaignOutline } from '../../../src/core/campaign/outline.ts';
import type { CampaignSpec } from '../../../src/core/plan/spec.ts';
import { aGate, aSpec } from '../../workflows/make-spec.ts';
import { aProfile } from '../plan/make.ts';

function specWith(load: object = {}, change: Partial<CampaignSpec> = {}): CampaignOutline {
  const profile = aProfile();
  return outlineOf(
    aSpec({
      profile: { ...profile, loadProfile: { ...profile.loadProfile, soakSeconds: 60, settleSeconds: 10, ...load } },
      gates: [
        aGate(),
        aGate({ name: 'ratio', bar: { min: 0.99 } }),
        aGate({ name: 'cpu', bar: {}, barKind: 'informational' }),
      ],
      ...change,
    }),
  );
}

const PATHS =
  'a retry may change gates.<name>.<min|max|failFast|minSamples|unmeasured> and loadProfile.<soakSeconds|settleSeconds|churnPerMinute>.';

describe('the changes of a retry', () => {
  test.for<object>([
    { 'gates.podBindP99.max': 9 },
    { 'gates.podBindP99.max': 0, 'gates.ratio.min': -1 },
    { 'gates.podBindP99.failFast': false, 'gates.podBindP99.minSamples': 3, 'gates.podBindP99.unmeasured': 'allow' },
    { 'loadProfile.soakSeconds': 11 },
    { 'loadProfile.soakSeconds': 5, 'loadProfile.settleSeconds': 0, 'loadProfile.churnPerMinute': 0.25 },
    { 'gates.cpu.max': 2, 'gates.cpu.failFast': true },
  ])('%j are taken', (set) => {
    expect(refuseChanges(specWith(), set)).toEqual([]);
  });

  test.for<[unknown, string]>([
    [undefined, 'set: found nothing; allowed: an object of dotted paths, e.g. {"gates.podBindP99.max": 5}.'],
    [[], 'set: found [] (object); allowed: an object of dotted paths, e.g. {"gates.podBindP99.max": 5}.'],
    [{}, 'set: found {}; a retry without changes leaves it out.'],
    [{ 'gates.p99.max': 1 }, 'set.gates.p99.max: this campaign has no gate "p99"; its gates: podBindP99, ratio, cpu.'],
    [
      { 'gates.podBindP99.query': 'up' },
      'set.gates.podBindP99.query: of a gate a retry may change min, max, failFast, minSamples, unmeasured; found "query".',
    ],
    [
      { 'gates.podBindP99.constructor': 1 },
      'set.gates.podBindP99.constructor: of a gate a retry may change min, max, failFast, minSamples, unmeasured; found "constructor".',
    ],
    [
      { 'gates.podBindP9.max': 1 },
      'set.gates.podBindP9.max: this campaign has no gate "podBindP9"; its gates: podBindP99, ratio, cpu. Did you mean podBindP99?',
    ],
    [
      { 'gates.podBindP99.mxa': 1 },
      'set.gates.podBindP99.mxa: of a gate a retry may change min, max, failFast, minSamples, unmeasured; found "mxa". Did you mean max?',
    ],
    [
      { 'loadProfile.soakSecond': 1 },
      'set.loadProfile.soakSecond: of the load a retry may change soakSeconds, settleSeconds, churnPerMinute; found "soakSecond". Did you mean soakSeconds?',
    ],
    [{ 'gate.podBindP99.max': 1 }, `set.gate.podBindP99.max: ${PATHS} Did you mean gates?`],
    [{ 'gates.podBindP99': { max: 1 } }, `set.gates.podBindP99: ${PATHS}`],
    [{ 'gates.podBindP99.max.x': 1 }, `set.gates.podBindP99.max.x: ${PATHS}`],
    [{ 'scale.machines': 1 }, `set.scale.machines: ${PATHS}`],
    [{ '': 1 }, `set.: ${PATHS}`],
    [
      { __proto__: null, 'gates.__proto__.max': 1 },
      'set.gates.__proto__.max: this campaign has no gate "__proto__"; its gates: podBindP99, ratio, cpu.',
    ],
    [
      { 'loadProfile.rampSeconds': 1 },
      'set.loadProfile.rampSeconds: of the load a retry may change soakSeconds, settleSeconds, churnPerMinute; found "rampSeconds".',
    ],
    [{ 'gates.podBindP99.max': '5' }, 'set.gates.podBindP99.max: found "5" (string); allowed: a number.'],
    [{ 'gates.podBindP99.max': null }, 'set.gates.podBindP99.max: found null (null); allowed: a number.'],
    [
      { 'gates.podBindP99.failFast': 'yes' },
      'set.gates.podBindP99.failFast: found "yes" (string); allowed: true or false.',
    ],
    [
      { 'gates.podBindP99.minSamples': 0 },
      'set.gates.podBindP99.minSamples: found 0 (number); allowed: a whole number from 1 to 1000000000.',
    ],
    [
      { 'gates.podBindP99.unmeasured': 'pass' },
      'set.gates.podBindP99.unmeasured: found "pass" (string); allowed: "fail" or "allow".',
    ],
    [
      { 'loadProfile.soakSeconds': 1.5 },
      'set.loadProfile.soakSeconds: found 1.5 (number); allowed: a whole number from 1 to 1000000000.',
    ],
    [
      { 'loadProfile.soakSeconds': 1e12 },
      'set.loadProfile.soakSeconds: found 1000000000000 (number); allowed: a whole number from 1 to 1000000000.',
    ],
    [
      { 'loadProfile.settleSeconds': 0.5 },
      'set.loadProfile.settleSeconds: found 0.5 (number); allowed: a whole number from 0 to 1000000000.',
    ],
    [
      { 'loadProfile.churnPerMinute': -1 },
      'set.loadProfile.churnPerMinute: found -1 (number); allowed: a number >= 0.',
    ],
    [
      { 'loadProfile.soakSeconds': 10 },
      'set: loadProfile.settleSeconds 10 must be less than loadProfile.soakSeconds 10.',
    ],
    [
      { 'loadProfile.settleSeconds': 60 },
      'set: loadProfile.settleSeconds 60 must be less than loadProfile.soakSeconds 60.',
    ],
    [{ 'gates.podBindP99.min': 6 }, 'set: gate podBindP99 would have min 6 above its max 5.'],
    [{ 'gates.ratio.max': 0.5 }, 'set: gate ratio would have min 0.99 above its max 0.5.'],
    [
      { 'gates.cpu.failFast': true },
      'set.gates.cpu.failFast: an informational gate cannot end the soak; give it a bar as well.',
    ],
  ])('%j are refused', ([set, sentence]) => {
    expect(refuseChanges(specWith(), set)).toEqual([sentence]);
  });

  test('are refused all at once', () => {
    expect(
      refuseChanges(specWith(), { 'gates.p99.max': 1, 'loadProfile.soakSeconds': 0, system: 'other' }),
    ).toHaveLength(3);
  });

  test('that cut the soak short of an action are refused', () => {
    const profile = aProfile({ runnerActions: [{ action: 'kill-leader', atSeconds: 30 }] });
    const spec = specWith({}, { profile });
    expect(refuseChanges(spec, { 'loadProfile.soakSeconds': 30 })).toEqual([
      'set: loadProfile.soakSeconds 30 ends before the action kill-leader at 30 s; allowed: more than 30.',
    ]);
    expect(refuseChanges(spec, { 'loadProfile.soakSeconds': 31 })).toEqual([]);
  });

  test('that cut the soak short of a change of demand are refused', () => {
    const spec = specWith({
      bursts: [{ atSeconds: 20, archetype: 'web', extraTarget: 1, durationSeconds: 0, selectivity: 1 }],
      scaleDowns: [{ atSeconds: 21, targetMultiplier: 0.5 }],
      demandSteps: [{ atSeconds: 22, targetMultiplier: 1 }],
    });
    expect(refuseChanges(spec, { 'loadProfile.soakSeconds': 20 })).toEqual([
      'set: loadProfile.soakSeconds 20 ends before the burst of web at 20 s; allowed: more than 20.',
      'set: loadProfile.soakSeconds 20 ends before the scale-down at 21 s; allowed: more than 21.',
      'set: loadProfile.soakSeconds 20 ends before the demand step at 22 s; allowed: more than 22.',
    ]);
    expect(refuseChanges(spec, { 'loadProfile.soakSeconds': 23 })).toEqual([]);
  });

  test('are not refused for what they do not touch', () => {
    // A profile without a soak, as upstream has them.
    expect(refuseChanges(specWith({ soakSeconds: 0, settleSeconds: 0 }), { 'gates.podBindP99.max': 9 })).toEqual([]);
  });
});
