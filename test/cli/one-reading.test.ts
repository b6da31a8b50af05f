import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { createResolve } from '../../src/activities/resolve.ts';
import { readSpec } from '../../src/adapters/evidence/spec-store.ts';
import { toolVariable } from '../../src/adapters/toolchain/tools.ts';
import { checkCampaign } from '../../src/cli/campaign-input.ts';
import { planCommand } from '../../src/cli/plan.ts';
import { runCommand as belayRun } from '../../src/cli/run.ts';
import type { CampaignSpec } from '../../src/core/plan/spec.ts';
import { aRoom } from '../core/plan/make.ts';
import { runCommand } from './run-command.ts';

let folder: string;
let path: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'belay-one-reading-'));
  mkdirSync(join(folder, 'archetypes'));
  path = join(folder, 'mine.yaml');
  for (const name of ['BELAY_HOME', 'BELAY_RUNS']) vi.stubEnv(name, join(folder, name));
  // `run` checks its files first, then looks for tools. It ends there.
  vi.stubEnv(toolVariable('temporal'), '/not-there/temporal');
});
afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(folder, { recursive: true });
});

const CATALOGUE = `apiVersion: belay.dev/v1
kind: Catalogue
archetypes:
  - &plain { name: plain, weight: 3, instanceTypes: [m6i.large], zones: [zone-a], resources: { cpu: 100m, memory: 64Mi } }
  - { <<: *plain, name: large, weight: 1, resources: { cpu: 400m, memory: 64Mi } }
`;
const PROFILE = `apiVersion: belay.dev/v1
kind: Profile
metadata: { name: mine }
system: kube-scheduler
scale: { machines: 6, density: 5 }
catalog: { archetypes: own }
`;
const LOAD = 'loadProfile: { rampSeconds: 20, soakSeconds: 30 }\n';

/** Writes the profile and its catalogue into a folder that is not a search folder. */
function write(profile: string, catalogue = CATALOGUE): void {
  writeFileSync(path, profile);
  writeFileSync(join(folder, 'archetypes', 'own.yaml'), catalogue);
}

interface Planned {
  readonly profile: string;
  readonly plan: Record<string, unknown>;
  readonly gates: unknown;
  readonly deadlines: unknown;
}

async function plan(...changes: readonly string[]): Promise<Planned & { readonly stderr: string }> {
  const { stdout, stderr } = await runCommand(planCommand(), [path, '-o', 'json', ...changes]);
  return { ...(JSON.parse(stdout) as Planned), stderr };
}

/** The specification that a worker makes of what `belay run` sends it, after the way through JSON. */
async function specOfRun(): Promise<CampaignSpec> {
  const { input } = checkCampaign({ profile: path, overrides: {} });
  const request = { workflowId: 'one-1', runId: 'r1', scheduled: false, child: false };
  const host = {
    caller: () => request,
    hostRoom: () => aRoom({ cores: 2, memoryBytes: 24e9 }),
    capacity: () => 1,
    freeCapacity: () => 1,
    hasFleetSecret: () => false,
  };
  const outline = await createResolve(host).resolve({
    ...request,
    input: JSON.parse(JSON.stringify(input)) as unknown,
  });
  const spec = readSpec(outline.campaign, outline.specHash);
  if (spec === undefined) throw new Error('resolve wrote no specification');
  return spec;
}

/** How `belay run` refuses the files; undefined if it accepts them and stops at the missing tool. */
async function refusalOfRun(): Promise<string | undefined> {
  const ended = await runCommand(belayRun(), [path]).then(
    () => 'it did not stop',
    (error: unknown) => (error instanceof Error ? error.message : String(error)),
  );
  return ended.includes('/not-there/temporal') ? undefined : ended;
}

async function refusalOfPlan(): Promise<string | undefined> {
  return await plan().then(
    () => undefined,
    (error: unknown) => (error instanceof Error ? error.message : String(error)),
  );
}

describe('plan and run accept the same file and make the same of it:', () => {
  const upstream = PROFILE.replace('belay.dev/v1', 'bigfleet.io/scaletest/v1').replace('{ name: mine }', '{}');
  test.for([
    ['a merge key', `${PROFILE}loadProfile: { <<: { rampSeconds: 20, soakSeconds: 9 }, soakSeconds: 30 }\n`],
    [
      'a merge key with an anchor',
      `${PROFILE}${LOAD}gates:\n  one: &gate { description: d, unit: Pods, bar: held, query: up, max: 7 }\n  two: { <<: *gate, max: 8 }\n`,
    ],
    [
      'a merge key with a list',
      `${PROFILE}loadProfile:\n  <<: [{ soakSeconds: 30 }, { soakSeconds: 9, rampSeconds: 20 }]\n`,
    ],
    ['an alias', `${PROFILE}loadProfile: { rampSeconds: &seconds 20, soakSeconds: *seconds }\n`],
    ['CRLF and a byte order mark', `\uFEFF${PROFILE}${LOAD}`.replaceAll('\n', '\r\n')],
    ['a document mark', `---\n${PROFILE}${LOAD}...\n`],
    ['numbers in other bases', `${PROFILE}loadProfile: { rampSeconds: 0x14, soakSeconds: 0o36 }\n`],
    ['a profile that has the name of its file', `${upstream}${LOAD}`],
  ] as const)('%s', async ([, profile]) => {
    write(profile);
    expect(await refusalOfRun()).toBeUndefined();
    const planned = await plan();
    const spec = await specOfRun();
    expect(planned.profile).toBe('mine');
    expect(spec.profile.metadata.name).toBe('mine');
    expect(spec.catalogue.name).toBe('own');
    expect(spec.catalogue.archetypes.map(({ name, zones }) => [name, zones])).toEqual([
      ['plain', ['zone-a']],
      ['large', ['zone-a']],
    ]);
    const { podsOfCluster, ...numbers } = planned.plan;
    expect(podsOfCluster).toBeDefined();
    expect(JSON.parse(JSON.stringify(spec.plan))).toEqual(numbers);
    expect(JSON.parse(JSON.stringify(spec.gates))).toEqual(planned.gates);
  });
});

describe('plan and run refuse the same file with the same words:', () => {
  test.for([
    ['a merge key in quotes', `${PROFILE}loadProfile: { "<<": { rampSeconds: 20 } }\n`, /mine\.yaml:7:\d+.*<</],
    ['a merge of a number', `${PROFILE}loadProfile: { <<: 7 }\n`, /mine\.yaml:7:\d+/],
    ['an unknown anchor', `${PROFILE}loadProfile: { <<: *load }\n`, /mine\.yaml:7:\d+.*load/],
    ['a key that comes twice', `${PROFILE}${LOAD}system: kube-scheduler\n`, /mine\.yaml:8:1.*system/],
    ['two documents', `${PROFILE}${LOAD}---\n${PROFILE}`, /mine\.yaml:\d+:\d+.*document/],
    [
      'an unknown key that is merged',
      `${PROFILE}loadProfile: { <<: { rampSecond: 20 } }\n`,
      /mine\.yaml:7:\d+.*rampSecond/,
    ],
    ['a catalogue that is not there', PROFILE.replace('own', 'onw') + LOAD, /mine\.yaml:6:\d+.*onw/],
    ['a system that is not there', PROFILE.replace('kube-scheduler', 'kube-schedule') + LOAD, /mine\.yaml:4:\d+/],
    ['a plan that cannot work', `${PROFILE}${LOAD}deadlines: { campaign: 1m }\n`, /mine\.yaml:8:\d+.*campaign/],
  ] as const)('%s', async ([, profile, where]) => {
    write(profile);
    const refusal = await refusalOfPlan();
    expect(refusal).toMatch(where);
    expect(refusal).not.toContain('input');
    expect(await refusalOfRun()).toBe(refusal);
  });

  test('an error in the catalogue', async () => {
    write(PROFILE + LOAD, CATALOGUE.replace('weight: 3', 'weight: -3').replace('<<: *plain', '<<: *plane'));
    const refusal = await refusalOfPlan();
    expect(refusal).toMatch(/own\.yaml:4:\d+.*weight/);
    expect(refusal).toMatch(/own\.yaml:5:\d+.*plane/);
    expect(await refusalOfRun()).toBe(refusal);
  });
});

test('a profile and a catalogue that are within the bounds of a file are accepted together', async () => {
  const zones = Array.from({ length: 33 }, (_, index) => `zone-${index}`).join(', ');
  const archetypes = Array.from(
    { length: 440 },
    (_, index) =>
      `  - { name: kind-${index}, weight: 1, instanceTypes: [m6i.large], zones: *zones, resources: { cpu: 1m, memory: 1Mi } }\n`,
  );
  const gates = Array.from({ length: 450 }, (_, index) => `  gate${index}: *gate\n`);
  write(
    `${PROFILE}${LOAD}gates:\n  gate: &gate { description: d, unit: Pods, bar: held, query: up, max: 7 }\n${gates.join('')}`,
    CATALOGUE.replace('zones: [zone-a]', `zones: &zones [${zones}]`) + archetypes.join(''),
  );
  expect(await refusalOfPlan()).toBeUndefined();
  expect(await refusalOfRun()).toBeUndefined();
});
