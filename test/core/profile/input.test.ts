import { describe, expect, it } from 'vitest';
import { formatFileErrors } from '../../../src/core/files/file-error.ts';
import { parseCampaignInput, parseLadderInput } from '../../../src/core/profile/input.ts';

const inline = {
  apiVersion: 'belay.dev/v1',
  kind: 'Profile',
  metadata: { name: 'inline' },
  scale: { machines: 2, density: 3 },
  loadProfile: { rampSeconds: 10, soakSeconds: 20 },
};

function campaign(input: unknown): unknown {
  const parsed = parseCampaignInput(input);
  return parsed.ok ? parsed.value : formatFileErrors(parsed.errors);
}

function ladder(input: unknown): unknown {
  const parsed = parseLadderInput(input);
  return parsed.ok ? parsed.value : formatFileErrors(parsed.errors);
}

describe('the input of a campaign', () => {
  it.each([
    [undefined, { profile: { name: 'quickstart' }, overrides: {} }],
    [null, { profile: { name: 'quickstart' }, overrides: {} }],
    ['dev-50', { profile: { name: 'dev-50' }, overrides: {} }],
    [{}, { profile: { name: 'quickstart' }, overrides: {} }],
    [
      { profile: 'dev-50', substrate: 'laptop', hold: '30m', trigger: 'ui', overrides: { 'a.b': 1 } },
      { profile: { name: 'dev-50' }, substrate: 'laptop', holdMs: 1_800_000, trigger: 'ui', overrides: { 'a.b': 1 } },
    ],
    [{ hostWait: '10s' }, { profile: { name: 'quickstart' }, overrides: {}, hostWaitMs: 10_000 }],
    [{ hold: false }, { profile: { name: 'quickstart' }, overrides: {}, holdMs: 0 }],
    [{ hold: 0 }, { profile: { name: 'quickstart' }, overrides: {}, holdMs: 0 }],
  ])('%j', (input, expected) => {
    expect(campaign(input)).toEqual(expected);
  });

  it('may hold a whole profile and catalogue, changed by overrides', () => {
    const parsed = parseCampaignInput({
      profile: inline,
      catalogue: { archetypes: [{ name: 'web', instanceTypes: ['a'], resources: { cpu: 1 } }] },
      overrides: { loadProfile: { soakSeconds: 5 }, 'gates.a': { query: 'up', max: 1 } },
    });
    const profile = parsed.ok && 'inline' in parsed.value.profile ? parsed.value.profile.inline : undefined;
    expect(profile?.loadProfile.soakSeconds).toBe(5);
    expect(profile?.gates).toEqual({ a: { query: 'up', max: 1 } });
    expect(parsed.ok && parsed.value.catalogue?.archetypes[0]?.sizeBuckets).toEqual([
      { weight: 1, resources: { cpu: '1' } },
    ]);
  });

  it.each([
    [
      { profle: 'dev-50' },
      'input profle: unknown key; known here: profile, catalogue, substrate, targets, overrides, hostWait, targetWait, keep, hold, trigger; did you mean profile?',
    ],
    [
      'profiles/dev-50.yaml',
      'input: a name, not a path, belongs here; found "profiles/dev-50.yaml" (string); allowed: a name, looked up in the configured folders',
    ],
    [
      { profile: '..' },
      'input profile: a name cannot hold ".."; found ".." (string); allowed: a name, looked up in the configured folders',
    ],
    [
      { substrate: '/etc/passwd' },
      'input substrate: a name, not a path, belongs here; found "/etc/passwd" (string); allowed: a name, looked up in the configured folders',
    ],
    [
      { hostWait: '9s' },
      'input hostWait: too short; found "9s" (string); allowed: a duration with its unit, such as 500ms, 90s, 10m or 1h45m, at least 10s',
    ],
    [
      { hold: 30 },
      'input hold: a duration needs its unit; found 30 (number); allowed: a duration with its unit, such as 500ms, 90s, 10m or 1h45m, or 0 or false',
    ],
    [
      { trigger: 'cron' },
      'input trigger: unknown value; found "cron" (string); allowed: one of cli, ui, schedule, ladder, comparison',
    ],
    [
      { overrides: ['a=1'] },
      'input overrides: wrong type; found a list of 1; allowed: a map, such as {"loadProfile.soakSeconds": 10}',
    ],
    [
      7,
      'input: cannot be read; found 7 (number); allowed: the name of a profile, or a map of profile, catalogue, substrate, targets, overrides, hostWait, targetWait, keep, hold, trigger',
    ],
    [
      { profile: inline, overrides: { 'loadProfile.soakSecs': 1 } },
      'override "loadProfile.soakSecs" loadProfile.soakSecs: unknown key; found 1 (number); known here: rampSeconds, soakSeconds, churnPerMinute, settleSeconds, arrival, bursts, scaleDowns, demandSteps, openLoopDemandMultiplier; did you mean soakSeconds?',
    ],
  ])('%j is refused', (input, expected) => {
    expect(campaign(input)).toBe(expected);
  });

  it('tells every error at once', () => {
    const parsed = parseCampaignInput({ profile: { kind: 'Profile' }, hold: 'long', substrate: 5, more: 1 });
    expect(parsed.ok ? [] : parsed.errors.map(({ path }) => path).sort()).toEqual([
      'apiVersion',
      'hold',
      'loadProfile',
      'metadata',
      'more',
      'scale',
      'substrate',
    ]);
  });
});

describe('the input of a ladder', () => {
  it.each([
    [undefined, { ladder: 'nightly' }],
    ['uber', { ladder: 'uber' }],
    [{}, { ladder: 'nightly' }],
    [
      { ladder: 'uber', hold: 0, trigger: 'schedule' },
      { ladder: 'uber', holdMs: 0, trigger: 'schedule' },
    ],
    [{ runAgain: true }, { ladder: 'nightly', runAgain: true }],
    [{ runAgain: 'yes' }, 'input runAgain: wrong type; found "yes" (string); allowed: true or false'],
    [{ targetsAgain: [null] }, { ladder: 'nightly', targetsAgain: [null] }],
    [
      { targetsAgain: 'mine' },
      'input targetsAgain: wrong type; found "mine" (string); allowed: a list with the clusters of each rung, or null',
    ],
    [
      { laddr: 'uber' },
      'input laddr: unknown key; known here: ladder, targets, targetsAgain, runAgain, hold, trigger; did you mean ladder?',
    ],
    [
      'ladders/nightly.yaml',
      'input: a name, not a path, belongs here; found "ladders/nightly.yaml" (string); allowed: a name, looked up in the configured folders',
    ],
  ])('%j', (input, expected) => {
    expect(ladder(input)).toEqual(expected);
  });
});
