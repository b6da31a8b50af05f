import { expect, test } from 'vitest';
import { stageSteps, type StageSteps } from '../../src/activities/stage-steps.ts';
import { deriveDeadlines } from '../../src/core/plan/deadlines.ts';
import type { CampaignSpec } from '../../src/core/plan/spec.ts';
import { stepsOf } from '../../src/core/plan/stages/derive-steps.ts';
import { aPlan, aProfile, aSubstrate } from '../core/plan/make.ts';
import { aSpec } from '../workflows/make-spec.ts';
import { anAttempt } from './an-attempt.ts';

const SILENT = { debug: (): void => undefined };

/** A campaign on six local clusters, with the deadlines that were derived for it. */
function aCampaign(charts = 0): CampaignSpec {
  const parts = { profile: aProfile(), plan: aPlan({ clusterCount: 6 }), substrate: aSubstrate() };
  const derived = deriveDeadlines({ ...parts, system: { chartsPerCluster: charts } });
  if (!derived.ok) throw new Error(JSON.stringify(derived.errors));
  return aSpec({ ...parts, deadlines: derived.deadlines });
}

/** Runs a part of an activity. */
async function inActivity<T>(body: () => Promise<T>): Promise<T> {
  const env = anAttempt();
  return (await env.run(body)) as T;
}

const ITEMS = Array.from({ length: 10 }, (_, index) => ({ name: `c${index}` }));

test('a step has the time that the derivation has for it', async () => {
  const steps = stageSteps(aCampaign(), 'provision', SILENT);
  const found = await inActivity(() =>
    steps.step(['clustersAsked', 'clustersReady'], ({ budgetMs, eachMs, msOf }) =>
      Promise.resolve({ budgetMs, eachMs, ready: msOf('clustersReady'), other: msOf('toolsFound') }),
    ),
  );
  // Six clusters: one batch of 16 that are asked, two batches of 4 that get ready.
  expect(found).toEqual({ budgetMs: 10_000 + 2 * 120_000, eachMs: 120_000, ready: 240_000, other: 0 });
});

test('an item has the time of one item, and as many run at once as the derivation counts with', async () => {
  const steps = stageSteps(aCampaign(), 'teardown', SILENT);
  let running = 0;
  let most = 0;
  const budgets = await inActivity(() =>
    steps.stepEach(['clustersDeleted', 'clusterProcessesStopped'], ITEMS, async (item, { budgetMs }) => {
      running += 1;
      most = Math.max(most, running);
      await new Promise((resolve) => setImmediate(resolve));
      running -= 1;
      return `${item.name} ${budgetMs}`;
    }),
  );
  expect(budgets).toEqual(ITEMS.map(({ name }) => `${name} ${120_000 + 10_000}`));
  expect(most).toBe(4);
});

test('a failed item ends a step, unless every item is to be tried', async () => {
  const steps = stageSteps(aCampaign(), 'provision', SILENT);
  const tried: string[] = [];
  const ask = ({ name }: { name: string }): Promise<string> => {
    tried.push(name);
    return name === 'c1' ? Promise.reject(new Error('no answer')) : Promise.resolve(name);
  };
  await expect(inActivity(() => steps.stepEach('clustersScraped', ITEMS, ask))).rejects.toThrow('no answer');
  expect(tried).toEqual(['c0', 'c1']);
  const results = await inActivity(() => steps.stepEachSettled('clustersScraped', ITEMS, ask));
  expect(results.filter(({ ok }) => ok)).toHaveLength(9);
  expect(results[1]).toMatchObject({ item: { name: 'c1' }, ok: false, error: { message: 'no answer' } });
});

test('a step that is late names what it waited for, and the item', async () => {
  const short = aCampaign();
  const { provision } = short.deadlines.stages;
  const derivation = provision.derivation.map((step) => ({ ...step, eachMs: 5 }));
  const deadlines = {
    ...short.deadlines,
    stages: { ...short.deadlines.stages, provision: { ...provision, derivation } },
  };
  const steps = stageSteps({ ...short, deadlines }, 'provision', SILENT);
  const late = inActivity(() => steps.stepEach('clustersScraped', ITEMS, () => new Promise(() => undefined)));
  await expect(late).rejects.toThrow('targets found and written, in turn: c0 did not end within its budget of 10 ms');
});

test('a step is named by what is expected of it, not by the wait for a server that does not answer', async () => {
  const steps = stageSteps(aCampaign(), 'ramp', SILENT);
  const env = anAttempt();
  const shown: unknown[] = [];
  env.on('heartbeat', (details: { readonly step: string }) => shown.push(details.step));
  await env.run(() => steps.step(['watchesOpened', 'watchesAnswered'], () => Promise.resolve()));
  await env.run(() => steps.step('watchesAnswered', () => Promise.resolve()));
  expect(shown).toEqual(['watches opened', 'watches of a server that does not answer']);
});

test('a step that this campaign does not have cannot be entered', async () => {
  const install = stageSteps(aCampaign(0), 'install', SILENT);
  const entered = inActivity(() => install.stepEach('chartsInstalled', ITEMS, () => Promise.resolve()));
  await expect(entered).rejects.toThrow('install: the deadlines of this campaign have no step chartsInstalled');
  await inActivity(() =>
    stageSteps(aCampaign(1), 'install', SILENT).stepEach('chartsInstalled', ITEMS, () => Promise.resolve()),
  );
});

test('a campaign that an earlier version resolved has every step', () => {
  const spec = aCampaign();
  const { install } = spec.deadlines.stages;
  // As it was written before steps had ids.
  const derivation = install.derivation.map(({ what, count, eachMs }) => ({ what, count, eachMs }));
  const recorded: unknown = {
    ...spec.deadlines,
    stages: { ...spec.deadlines.stages, install: { ...install, derivation } },
  };
  const old = { ...spec, deadlines: recorded as CampaignSpec['deadlines'] };
  expect(stepsOf(old, 'install').map(({ id }) => id)).toEqual([
    'toolsFound',
    'chartsFound',
    'chartsInstalled',
    'manifestsApplied',
    'strayProcessesStopped',
    'systemReady',
    'targetsFound',
    'targetsWritten',
    'programsIdentified',
    'systemIdentified',
  ]);
});

const call = (): Promise<void> => Promise.resolve();

/** Checked by the compiler: every line below the directive must not compile. */
export function typesOfSteps(provision: StageSteps<'provision'>, seed: StageSteps<'seed'>): void {
  void provision.step('clustersReady', call);
  void seed.stepEach('nodesReady', ITEMS, call);
  // @ts-expect-error a step of another stage
  void provision.step('nodesReady', call);
  // @ts-expect-error no stage derives it
  void provision.step('coffeeMade', call);
  // @ts-expect-error one of several ids is not derived
  void provision.step(['clustersReady', 'nodesReady'], call);
  // @ts-expect-error items must have names
  void provision.stepEach('clustersScraped', [{ index: 1 }], call);
}
