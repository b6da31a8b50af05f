import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createInstall } from '../../src/activities/install.ts';
import { createJudge } from '../../src/activities/judge.ts';
import { createProvision } from '../../src/activities/provision.ts';
import { createSnapshot } from '../../src/activities/snapshot.ts';
import { createTeardown } from '../../src/activities/teardown.ts';
import { removeCampaignFolder } from '../../src/adapters/host/ledger.ts';
import { STAGE_DESCRIPTORS } from '../../src/core/plan/stages/registry.ts';
import { GREEN, stateAfter } from '../adapters/evidence/fixture.ts';
import { testHome, type TestHome } from '../adapters/substrates/local-campaign.ts';
import { derived, enteredBy, SHAPES, SLUG, specOf, systemOf } from './campaign-shapes.ts';
import {
  clustersUp,
  scriptedInstall,
  scriptedJudge,
  scriptedProvision,
  scriptedSnapshot,
  scriptedTeardown,
} from './scripted-adapters.ts';
import { storedInput } from './stored-input.ts';

let home: TestHome;

beforeEach(() => {
  home = testHome();
});
afterEach(() => {
  removeCampaignFolder(SLUG);
  home.close();
});

describe.for(SHAPES)('with %s', ([, shape]) => {
  const spec = specOf(shape);
  const system = systemOf(shape);

  test('provision enters every step that it derives, and no other', async () => {
    const input = storedInput(spec, 'provision');
    const entered = await enteredBy((log) => createProvision(log, scriptedProvision()), input);
    expect(entered.toSorted()).toEqual(derived(spec, 'provision').toSorted());
  });

  test('install enters every step that it derives, and no other', async () => {
    clustersUp(spec);
    const input = storedInput(spec, 'install');
    const entered = await enteredBy((log) => createInstall(log, scriptedInstall(system)), input);
    expect(entered.toSorted()).toEqual(derived(spec, 'install').toSorted());
  });

  test('snapshot enters every step that it derives, and no other', async () => {
    clustersUp(spec);
    const input = storedInput(spec, 'snapshot');
    const entered = await enteredBy((log) => createSnapshot(log, scriptedSnapshot()), input);
    expect(entered.toSorted()).toEqual(derived(spec, 'snapshot').toSorted());
  });

  test('judge enters every step that it derives, and no other', async () => {
    const input = { state: stateAfter(GREEN), evidence: [], facts: {}, earlierSpecHashes: [] };
    const entered = await enteredBy((log) => createJudge(log, scriptedJudge(shape.storesEvidence)), {
      ...storedInput(spec, 'judge'),
      ...input,
    });
    expect(entered.toSorted()).toEqual(derived(spec, 'judge').toSorted());
  });

  test('teardown enters every step that it derives, and no other', async () => {
    clustersUp(spec);
    const input = storedInput(spec, 'teardown');
    const entered = await enteredBy((log) => createTeardown(log, scriptedTeardown(system)), input);
    expect(entered.toSorted()).toEqual(derived(spec, 'teardown').toSorted());
  });
});

test('the shapes have every step of these stages between them', () => {
  const stages = ['provision', 'install', 'snapshot', 'judge', 'teardown'] as const;
  for (const stage of stages) {
    const shapes = SHAPES.flatMap(([, shape]) => [shape, { ...shape, placed: true }]);
    const seen = new Set(shapes.flatMap((shape) => derived(specOf(shape), stage)));
    expect([...seen].toSorted()).toEqual(Object.keys(STAGE_DESCRIPTORS[stage].steps).toSorted());
  }
});
