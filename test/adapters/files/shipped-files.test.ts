import { readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { generateSchemas, schemaPath } from '../../../schemas/generate.ts';
import {
  availableNames,
  findLadder,
  findProfile,
  findSubstrate,
  findSystem,
  loadCatalogue,
} from '../../../src/adapters/files/find.ts';
import { loadCampaign } from '../../../src/adapters/files/load-campaign.ts';
import { repositoryFolder } from '../../../src/adapters/host/folders.ts';
import { formatFileErrors } from '../../../src/core/files/file-error.ts';
import { checkFeasible } from '../../../src/core/plan/feasibility.ts';
import { makePlan } from '../../../src/core/plan/make-plan.ts';

const folders = [repositoryFolder];

/** Where a profile is meant to run, if not on every substrate it fits. */
const SUBSTRATES: Readonly<Record<string, string>> = {
  quickstart: 'local',
  'karpenter-50': 'local',
  'rung-10': 'local',
  'rung-20': 'local',
  'rung-40': 'local',
  'large-20k': 'local-large',
  'dev-50': 'laptop',
  'thundering-herd': 'laptop',
  'scaleway-50k': 'mid-host',
};

describe('the profiles that come with Belay', () => {
  const names = availableNames('profiles', folders);

  it('are all there', () => {
    expect(names).toEqual(
      expect.arrayContaining(
        'quickstart karpenter-50 dev-50 5k 50k 500k 1m 5m scaleway-50k failover-leader failover-shard failover-partition spot-churn-50k reclaim-cycle oscillation-5k scarcity-5k preemption-5k cost-routing-5k thundering-herd'.split(
          ' ',
        ),
      ),
    );
  });

  it.each(names)('%s loads with its files, and can work', (name) => {
    const substrate = SUBSTRATES[name] ?? 'fat-host';
    const files = loadCampaign({ profile: { name }, substrate, overrides: {} }, folders);
    if (!files.ok) throw new Error(formatFileErrors(files.errors));
    const { profile, catalogue, system } = files;
    const plan = makePlan(profile, files.substrate, catalogue);
    expect(files.notices.map(({ path }) => path)).toEqual([]);
    expect(profile.metadata.name).toBe(name);
    expect(catalogue.name).toBe(profile.catalog.archetypes);
    expect(plan.rampFeasible).toBe(true);
    expect(checkFeasible(profile, files.substrate, plan, catalogue, system.value)).toEqual([]);
  });

  it('ask of dev-50 and of the climb what upstream asks', () => {
    expect(machines('dev-50')).toBe(610);
    expect(machines('5k')).toBe(5_784);
    expect(machines('50k')).toBe(56_892);
  });
});

describe('the other files that come with Belay', () => {
  it.each(availableNames('ladders', folders))('ladder %s names rungs that exist', (name) => {
    const ladder = findLadder(name, folders);
    if (!ladder.ok) throw new Error(formatFileErrors(ladder.errors));
    expect(ladder.value.metadata.name).toBe(name);
    for (const rung of ladder.value.rungs) {
      const found = findProfile(rung.profile, folders, { overrides: rung.overrides });
      expect(found.ok, found.ok ? '' : formatFileErrors(found.errors)).toBe(true);
      expect(findSubstrate(rung.substrate, folders).ok, rung.substrate).toBe(true);
    }
  });

  it.each(availableNames('substrates', folders))('substrate %s loads', (name) => {
    const substrate = findSubstrate(name, folders);
    expect(substrate.ok && substrate.value.metadata.name).toBe(name);
  });

  it.each(availableNames('systems', folders))('system %s loads, each gate with a description and a unit', (name) => {
    const system = findSystem(name, folders);
    if (!system.ok) throw new Error(formatFileErrors(system.errors));
    expect(system.value.metadata.name).toBe(name);
    for (const [gate, { description, unit }] of Object.entries(system.value.gates)) {
      expect([gate, description ?? '', unit ?? '']).not.toContain('');
    }
  });

  it.each(catalogues())('catalogue %s loads', (name) => {
    const catalogue = loadCatalogue(undefined, name, folders);
    expect(catalogue.ok && catalogue.value.name).toBe(name);
  });

  it('name their schema for editors', () => {
    const wanted: Readonly<Record<string, string>> = {
      profiles: '../schemas/profile.json',
      'profiles/archetypes': '../../schemas/catalogue.json',
      substrates: '../schemas/substrate.json',
      systems: '../schemas/system.json',
      ladders: '../schemas/ladder.json',
    };
    for (const [folder, schema] of Object.entries(wanted)) {
      for (const file of yamlFiles(folder)) {
        const [first] = readFileSync(join(repositoryFolder, folder, file), 'utf8').split('\n');
        expect(first, `${folder}/${file}`).toBe(`# yaml-language-server: $schema=${schema}`);
      }
    }
  });
});

describe('the schemas for editors', () => {
  it.each([...generateSchemas()])(
    '%s is what the parser checks; `node schemas/generate.ts` makes it anew',
    (file, text) => {
      expect(readFileSync(schemaPath(file), 'utf8')).toBe(text);
    },
  );
});

function machines(name: string): number | undefined {
  const files = loadCampaign({ profile: { name }, substrate: 'fat-host', overrides: {} }, folders);
  return files.ok ? makePlan(files.profile, files.substrate, files.catalogue).machinesEffective : undefined;
}

function yamlFiles(folder: string): readonly string[] {
  return readdirSync(join(repositoryFolder, folder)).filter((file) => file.endsWith('.yaml'));
}

function catalogues(): readonly string[] {
  return yamlFiles('profiles/archetypes').map((file) => basename(file, '.yaml'));
}
