import { MockActivityEnvironment } from '@temporalio/testing';
import { DefaultLogger } from '@temporalio/worker';
import { pino, type Logger } from 'pino';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createInstall } from '../../src/activities/install.ts';
import { createJudge } from '../../src/activities/judge.ts';
import { createProvision } from '../../src/activities/provision.ts';
import { createSnapshot } from '../../src/activities/snapshot.ts';
import { createTeardown } from '../../src/activities/teardown.ts';
import { removeCampaignFolder } from '../../src/adapters/host/ledger.ts';
import type { StageInput } from '../../src/core/campaign/stage-io.ts';
import type { Profile } from '../../src/core/model/profile.ts';
import type { Stage } from '../../src/core/model/stages.ts';
import type { Substrate } from '../../src/core/model/substrate.ts';
import type { System } from '../../src/core/model/system.ts';
import { deriveDeadlines } from '../../src/core/plan/deadlines.ts';
import type { CampaignSpec } from '../../src/core/plan/spec.ts';
import { stepsOf } from '../../src/core/plan/stages/derive-steps.ts';
import { STAGE_DESCRIPTORS } from '../../src/core/plan/stages/registry.ts';
import { systemShape } from '../../src/core/plan/stages/shape.ts';
import { GREEN, stateAfter } from '../adapters/evidence/fixture.ts';
import { testHome, type TestHome } from '../adapters/substrates/local-campaign.ts';
import { aPlan, aProfile, aSubstrate } from '../core/plan/make.ts';
import { aSpec } from '../workflows/make-spec.ts';
import {
  clustersUp,
  scriptedInstall,
  scriptedJudge,
  scriptedProvision,
  scriptedSnapshot,
  scriptedTeardown,
} from './scripted-adapters.ts';
import { storedInput } from './stored-input.ts';

/** A campaign of a certain shape. */
interface Shape {
  readonly clusters: number;
  readonly substrate?: Partial<Substrate>;
  readonly system?: Partial<System['install']> & { readonly capacity?: System['capacity'] };
  readonly profile?: Partial<Profile>;
  readonly gates?: CampaignSpec['gates'];
}

const CHART = { chart: 'chart', release: 'r', namespace: 'n', values: {} };
const PROCESS = { name: 'controller', tool: 'karpenter', args: [], env: {}, ports: [], restart: true } as const;

const SHAPES: readonly (readonly [string, Shape])[] = [
  ['one local cluster, a system that is part of it', { clusters: 1 }],
  ['many local clusters', { clusters: 21 }],
  ['a local cluster with a chart', { clusters: 1, system: { helm: CHART } }],
  [
    'local clusters with manifests and processes, whose system makes the Nodes',
    { clusters: 2, system: { manifests: [{ path: 'a.yaml' }], processes: [PROCESS], capacity: 'system' } },
  ],
  ['a borrowed cluster', { clusters: 1, substrate: { type: 'kubeconfig' } }],
  ['borrowed clusters with a chart', { clusters: 5, substrate: { type: 'kubeconfig' }, system: { helm: CHART } }],
  ['no gates', { clusters: 1, gates: [] }],
  ['faults', { clusters: 2, profile: { runnerActions: [{ atSeconds: 5, action: 'fail-node' }] } }],
  [
    'settling, bursts and a ramp budget',
    {
      clusters: 2,
      profile: { rampBudgetMs: 600_000, loadProfile: { ...aProfile().loadProfile, settleSeconds: 5 } },
    },
  ],
];

const SLUG = 'bsteps';

let home: TestHome;

beforeEach(() => {
  home = testHome();
});
afterEach(() => {
  removeCampaignFolder(SLUG);
  home.close();
});

function systemOf({ system: { capacity = 'belay', ...install } = {} }: Shape): System {
  return {
    metadata: { name: 'some', description: '' },
    capacity,
    install: { manifests: [], processes: [], ...install },
    ready: { crds: [], http: [], timeoutMs: 60_000 },
    scrape: [],
    gates: {},
  };
}

/** The specification of a campaign of this shape, with the deadlines that are derived for it. */
function specOf(shape: Shape): CampaignSpec {
  const parts = {
    profile: aProfile(shape.profile),
    plan: aPlan({ clusterCount: shape.clusters }),
    substrate: aSubstrate(shape.substrate),
  };
  const system = systemOf(shape);
  const derived = deriveDeadlines({ ...parts, system: systemShape(system) });
  if (!derived.ok) throw new Error(JSON.stringify(derived.errors));
  return aSpec({
    ...parts,
    slug: SLUG,
    campaign: 'steps',
    capacityFromSystem: system.capacity === 'system',
    deadlines: derived.deadlines,
    ...(shape.gates === undefined ? {} : { gates: shape.gates }),
  });
}

/** Runs one attempt of a stage. @returns the steps that it entered */
async function enteredBy<Input extends StageInput>(
  create: (log: Logger) => (input: Input) => Promise<unknown>,
  input: Input,
): Promise<readonly string[]> {
  const entered: string[] = [];
  const log = pino({ level: 'debug' }, { write: (line) => entered.push(...stepsIn(line)) });
  const env = new MockActivityEnvironment({ attempt: 1 }, { logger: new DefaultLogger('ERROR') });
  await env.run(create(log), input);
  return entered;
}

function stepsIn(line: string): readonly string[] {
  const { msg, steps } = JSON.parse(line) as { readonly msg: string; readonly steps?: readonly string[] };
  return msg === 'step entered' ? (steps ?? []) : [];
}

/** Every step that the deadlines of the stage are derived from. */
function derived(spec: CampaignSpec, stage: Stage): readonly string[] {
  return stepsOf(spec, stage).map(({ id }) => id);
}

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
    const entered = await enteredBy((log) => createJudge(log, scriptedJudge()), {
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
    const seen = new Set(SHAPES.flatMap(([, shape]) => derived(specOf(shape), stage)));
    expect([...seen].toSorted()).toEqual(Object.keys(STAGE_DESCRIPTORS[stage].steps).toSorted());
  }
});
