import { describe, expect, it } from 'vitest';
import { formatFileErrors, formatNotice } from '../../../src/core/files/file-error.ts';
import type { Profile } from '../../../src/core/model/profile.ts';
import { parseProfile, profileFromObject } from '../../../src/core/profile/parse.ts';

const smallest = `apiVersion: belay.dev/v1
kind: Profile
metadata: { name: small }
scale: { machines: 2, density: 3 }
loadProfile: { rampSeconds: 10 }
`;

function loaded(text: string): Profile {
  const parsed = parseProfile(text, { file: 'p.yaml' });
  if (!parsed.ok) throw new Error(formatFileErrors(parsed.errors));
  return parsed.value;
}

/** A minute of ramp and one of soak, for a budget of time. */
function within(wallClock: string): string {
  return `${smallest.replace('rampSeconds: 10', 'rampSeconds: 60, soakSeconds: 60')}budget: { wallClock: ${wallClock} }\n`;
}

function told(text: string): string {
  const parsed = parseProfile(text, { file: 'p.yaml' });
  return parsed.ok ? 'it loads' : formatFileErrors(parsed.errors);
}

describe('a profile', () => {
  it('gets every default', () => {
    expect(loaded(smallest)).toEqual({
      metadata: { name: 'small', description: '' },
      scale: { machines: 2, density: 3 },
      catalog: { archetypes: 'realistic' },
      seed: {
        configuredFraction: 0,
        speculativeMultiplier: 0,
        speculativeCount: 0,
        spotCount: 0,
        idleHeadroomFraction: 0,
        preBind: false,
      },
      loadProfile: {
        rampSeconds: 10,
        soakSeconds: 0,
        churnPerMinute: 0,
        settleSeconds: 0,
        arrival: 'constant',
        bursts: [],
        scaleDowns: [],
        demandSteps: [],
        openLoopDemandMultiplier: 0,
      },
      rampBudgetMs: 0,
      runnerActions: [],
      topology: { shardReplicas: 0, coordinatorReplicas: 0 },
      shard: { failureRatePerSec: 0 },
      slo: {},
      system: 'kube-scheduler',
      gates: {},
      deadlines: {},
      budget: { usd: 0, wallClockMs: 0 },
      randomSeed: 1,
    });
  });

  it('turns every duration into milliseconds', () => {
    const profile = loaded(
      `${smallest}rampBudget: 1h45m
hostWait: 2m
hold: 90s
budget: { usd: 2.5, wallClock: 20m }
deadlines: { podReady: 5m, gateInterval: 500ms, teardown: 1.5h }
gates: { a: { query: up, max: 1, window: 2m }, b: { query: up, max: 1, window: soak } }
`,
    );
    expect(profile.rampBudgetMs).toBe(6_300_000);
    expect(profile.hostWaitMs).toBe(120_000);
    expect(profile.holdMs).toBe(90_000);
    expect(profile.budget).toEqual({ usd: 2.5, wallClockMs: 1_200_000 });
    expect(profile.deadlines).toEqual({ podReadyMs: 300_000, gateIntervalMs: 500, teardownMs: 5_400_000 });
    expect(profile.gates).toEqual({
      a: { query: 'up', max: 1, windowMs: 120_000 },
      b: { query: 'up', max: 1, windowMs: 'soak' },
    });
  });

  it.each([
    ['0', 0],
    ['false', 0],
    ['0s', 0],
    ['30m', 1_800_000],
  ])('takes hold: %s', (hold, ms) => {
    expect(loaded(`${smallest}hold: ${hold}\n`).holdMs).toBe(ms);
  });

  it('makes a gate with scale a scaled one', () => {
    const { gates } = loaded(
      `${smallest}gates: { a: { query: up, scale: { by: pods, steps: [{ upTo: 10, max: 1 }, { max: 2 }] } } }\n`,
    );
    expect(gates['a']).toEqual({
      query: 'up',
      bar: 'scaled',
      scale: { by: 'pods', steps: [{ upTo: 10, max: 1 }, { max: 2 }] },
    });
  });

  it('may change one thing of a gate that its system has', () => {
    expect(loaded(`${smallest}gates: { podBindP99: { failFast: false } }\n`).gates).toEqual({
      podBindP99: { failFast: false },
    });
  });

  it('takes a byte order mark and Windows line ends', () => {
    expect(loaded(`\uFEFF${smallest.replaceAll('\n', '\r\n')}`)).toEqual(loaded(smallest));
  });

  it('takes anchors and merges, with errors at the line they are written on', () => {
    const text = `${smallest}gates:\n  a: &bar { query: up, max: 1 }\n  b: { <<: *bar, max: 2 }\n`;
    expect(loaded(text).gates['b']).toEqual({ query: 'up', max: 2 });
    expect(told(text.replace('query: up', 'query: up('))).toContain('p.yaml:7:20 gates.b.query');
  });

  it('says which override is wrong, and leaves the rest with the file', () => {
    const parsed = parseProfile(smallest.replace('density: 3', 'density: 0'), {
      file: 'p.yaml',
      overrides: { 'loadProfile.soakSecs': 5, gates: { a: { query: 'sum(', max: 1 } } },
    });
    const lines = parsed.ok ? [] : formatFileErrors(parsed.errors).split('\n');
    expect(lines.map((line) => line.slice(0, line.indexOf(': ')))).toEqual([
      'p.yaml:4:32 scale.density',
      'override "loadProfile.soakSecs" loadProfile.soakSecs',
      'override "gates.a.query" gates.a.query',
    ]);
  });

  it('must have the time of ramp and soak, which the first refusal says in full', () => {
    expect(told(within('1m'))).toBe(
      'p.yaml:6:22 budget.wallClock: the campaign would end before its soak does, after 2m: ramp 1m and soak 1m; limits (rampBudget, deadlines, hold) are not counted; found "1m" (string); allowed: 2m or more',
    );
    expect(told(within('119s'))).toContain('allowed: 2m or more');
    expect(loaded(within('2m')).budget.wallClockMs).toBe(120_000);
    // How long the ramp may take is a limit, and no campaign is expected to reach it.
    expect(loaded(`${within('12m')}rampBudget: 240m\n`).rampBudgetMs).toBe(14_400_000);
  });

  it('tells a hundred errors as thirty and a number', () => {
    const keys = Array.from({ length: 100 }, (_, index) => `k${index}: 1\n`).join('');
    const lines = told(smallest + keys).split('\n');
    expect(lines).toHaveLength(31);
    expect(lines.at(-1)).toBe('p.yaml: and 70 more');
  });
});

describe("a profile of BigFleet's version", () => {
  const upstream = smallest.replace('belay.dev/v1', 'bigfleet.io/scaletest/v1');

  it('is for BigFleet', () => {
    expect(loaded(upstream).system).toBe('bigfleet');
  });

  it('takes empty fields for absent ones, as upstream does', () => {
    const profile = loaded(
      upstream.replace('name: small', 'name: ""') +
        'rampBudget: ""\nseed:\nrunnerActions:\ncatalog: { archetypes: "" }\n',
    );
    expect(profile.metadata.name).toBe('p');
    expect(profile.rampBudgetMs).toBe(0);
    expect(profile.runnerActions).toEqual([]);
    expect(profile.catalog.archetypes).toBe('realistic');
  });

  it('loads what upstream passes over, and says so', () => {
    const parsed = parseProfile(
      `${upstream.replace('rampSeconds: 10', 'rampSeconds: 10, soakSeconds: 60, settleSeconds: 60, scaleDowns: [{ atSeconds: 5, targetMultiplier: 2 }]')}slo: { internalBindingLatencyP99Seconds: 15 }\n`,
      { file: 'p.yaml' },
    );
    expect(parsed.ok && parsed.notices.map(({ path, line }) => [path, line])).toEqual([
      ['slo.internalBindingLatencyP99Seconds', 6],
      ['loadProfile.settleSeconds', 5],
      ['loadProfile.scaleDowns[0].targetMultiplier', 5],
    ]);
    expect(parsed.ok && parsed.value.loadProfile.settleSeconds).toBe(0);
    expect(parsed.ok && parsed.value.loadProfile.scaleDowns).toEqual([]);
  });

  it.each(['', ', soakSeconds: 0', ', soakSeconds: null'])('soaks ten minutes where it says%s nothing', (written) => {
    const text = upstream.replace('rampSeconds: 10', `rampSeconds: 10, settleSeconds: 60${written}`);
    const actions = 'runnerActions: [{ atSeconds: 599, action: fail-node }]\n';
    const parsed = parseProfile(text + actions, { file: 'p.yaml' });
    expect(parsed.ok && parsed.value.loadProfile).toMatchObject({ soakSeconds: 600, settleSeconds: 60 });
    expect(parsed.ok && parsed.notices.map(({ path, message }) => [path, message])).toEqual([
      ['loadProfile.soakSeconds', 'is 0 or missing: the soak takes 10 minutes, as in BigFleet'],
    ]);
    expect(told(text + actions.replace('599', '600'))).toContain('not before the end of the soak (600 s)');
    expect(loaded(smallest).loadProfile.soakSeconds).toBe(0);
  });

  it.each([0, -0.5, 1, 1.5])("passes over a scale-down to %d, which Belay's own version refuses", (multiplier) => {
    const drop = `rampSeconds: 10, soakSeconds: 60, scaleDowns: [{ atSeconds: 15, targetMultiplier: ${multiplier} }]`;
    const parsed = parseProfile(upstream.replace('rampSeconds: 10', drop), { file: 'p.yaml' });
    expect(parsed.ok && parsed.value.loadProfile.scaleDowns).toEqual([]);
    expect(parsed.ok && parsed.notices.map(({ path }) => path)).toEqual(['loadProfile.scaleDowns[0].targetMultiplier']);
    expect(told(smallest.replace('rampSeconds: 10', drop))).toContain(
      `loadProfile.scaleDowns[0].targetMultiplier: no drop; found ${multiplier} (number); allowed: more than 0 and less than 1`,
    );
  });

  it('counts what the driver does from the start of the driver, before the ramp', () => {
    const text = upstream.replace(
      '{ rampSeconds: 10 }',
      '\n  rampSeconds: 1800\n  soakSeconds: 2400\n  bursts:\n' +
        '    - { atSeconds: 2400, archetype: web, extraTarget: 1 }\n    - { atSeconds: 600, archetype: web, extraTarget: 1 }\n' +
        '  scaleDowns: [{ atSeconds: 4199, targetMultiplier: 0.5 }]\n' +
        '  demandSteps: [{ atSeconds: 1700, targetMultiplier: 2 }, { atSeconds: 100, targetMultiplier: 3 }]\n' +
        'runnerActions: [{ atSeconds: 600, action: fail-node }]',
    );
    const parsed = parseProfile(text, { file: 'p.yaml' });
    expect(parsed.ok ? '' : formatFileErrors(parsed.errors)).toBe('');
    const profile = loaded(text);
    expect(profile.loadProfile.bursts.map(({ atSeconds }) => atSeconds)).toEqual([600, -1_200]);
    expect(profile.loadProfile.scaleDowns).toEqual([{ atSeconds: 2_399, targetMultiplier: 0.5 }]);
    expect(profile.loadProfile.demandSteps.map(({ atSeconds }) => atSeconds)).toEqual([-100, -1_700]);
    // The runner counts its actions from the start of the soak.
    expect(profile.runnerActions).toEqual([{ atSeconds: 600, action: 'fail-node' }]);
    expect(parsed.ok && parsed.notices.slice(0, 2).map(formatNotice)).toEqual([
      'p.yaml:9:9 loadProfile.bursts[0].atSeconds: counts from the start of the load driver, as in BigFleet, before the ramp of 1800 s: it happens 600 s into the soak',
      'p.yaml:10:9 loadProfile.bursts[1].atSeconds: counts from the start of the load driver, as in BigFleet, before the ramp of 1800 s, and during the ramp: it happens when the soak begins',
    ]);
    // Upstream's runner does not look at them: such a file can be judged, and is refused by the plan.
    const late = parseProfile(
      text.replace('4199', '4200').replace('extraTarget: 1 }', 'extraTarget: 1, durationSeconds: 9 }'),
      { file: 'p.yaml' },
    );
    expect(late.ok && late.notices.map(formatNotice).join('\n')).toMatch(
      /scaleDowns\[0\]\.atSeconds: .* and after the end of the soak of 2400 s: it never happens/,
    );
    const over = parseProfile(
      text.replace('atSeconds: 600, archetype: web', 'atSeconds: 600, durationSeconds: 1200, archetype: web'),
      { file: 'p.yaml' },
    );
    expect(over.ok && over.notices.map(formatNotice).join('\n')).toMatch(
      /bursts\[1\]\.atSeconds: .* and ends during the ramp: it never happens/,
    );
    // Belay's own version counts from the start of the soak.
    const own = loaded(text.replace('bigfleet.io/scaletest/v1', 'belay.dev/v1'));
    expect(own.loadProfile.bursts.map(({ atSeconds }) => atSeconds)).toEqual([2_400, 600]);
  });

  it('is as strict with unknown keys', () => {
    expect(told(`${upstream}sede: {}\n`)).toContain('p.yaml:6:1 sede: unknown key');
  });
});

describe('a profile given as an object', () => {
  it('is validated the same way', () => {
    const parsed = profileFromObject({ kind: 'Profile', apiVersion: 'belay.dev/v1', metadata: { name: 'x' } });
    expect(parsed.ok ? '' : formatFileErrors(parsed.errors)).toContain('profile x loadProfile: missing');
  });

  it('cannot change what every object has', () => {
    const parsed = profileFromObject(JSON.parse('{"__proto__": {"polluted": true}, "kind": "Profile"}'));
    expect(parsed.ok).toBe(false);
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
  });

  it('may hold neither itself nor what JSON cannot carry', () => {
    const circle: Record<string, unknown> = {};
    circle['scale'] = { inner: circle };
    expect(profileFromObject(circle).ok).toBe(false);
    expect(profileFromObject({ scale: () => 1, seed: new Date(0) }).ok).toBe(false);
  });
});
